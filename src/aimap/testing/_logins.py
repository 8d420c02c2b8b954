"""How one can log in to the embedded server: the server's side of each SASL mechanism.

A mechanism is a generator: it yields challenges, gets the client's responses, and returns
the user's name. What the client may not do is a violation; wrong credentials are a
refusal. Written apart from the client's side, so that the two can disagree.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Collection, Generator, Mapping
from typing import Protocol, TypeAlias, cast, final

import attrs
import trio

from aimap._errors import InvalidArgumentError
from aimap._sasl.binding import SERVER_END_POINT, server_end_point
from aimap._sasl.gssapi import SecurityContext
from aimap._sasl.saslprep import saslprep
from aimap.testing._connection import Connection
from aimap.testing._rules import RefusalError, Rule, ViolationError

Exchange: TypeAlias = Generator[bytes, bytes, str]
"""Challenges out, responses in, and at last the name of who has logged in."""

MECHANISMS = (
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
    "OAUTHBEARER",
    "XOAUTH2",
    "EXTERNAL",
    "ANONYMOUS",
    "GSSAPI",
)
"""The SASL mechanisms that the embedded server can offer."""


class AcceptingContext(SecurityContext, Protocol):
    """The server's side of a ``gssapi.SecurityContext``, or a stand-in for one."""

    @property
    def initiator_name(self) -> object:
        """Whose credentials the client has; ``str`` of it is ``user@REALM``."""
        ...


def _known(_: object, __: object, value: Collection[str]) -> None:
    unknown = sorted(set(value) - set(MECHANISMS))
    if isinstance(value, str) or unknown:
        raise InvalidArgumentError(f"the embedded server has no mechanism {unknown or value!r}")


@final
@attrs.frozen(kw_only=True)
class Logins:
    """How clients can log in to the embedded server.

    Attributes:
        mechanisms: what is offered, out of ``aimap.testing.MECHANISMS``. Those with
            ``-PLUS`` and ``EXTERNAL`` are offered over TLS only.
        command: whether the LOGIN command is taken; else there is ``LOGINDISABLED``.
        tokens: the OAuth token that is valid, by user name; changes are seen at once.
        impersonators: users who may act for any other by an authorization identity.
        scram_iterations: what SCRAM asks for.
        certificate: the server's certificate in DER, for ``-PLUS``; needed only if you
            bring ``ssl_contexts`` of your own.
        accept: makes the server's side of a GSSAPI security context; needed for GSSAPI.
    """

    mechanisms: Collection[str] = attrs.field(default=("PLAIN",), validator=_known)
    command: bool = True
    tokens: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    impersonators: Collection[str] = ()
    scram_iterations: int = 4096
    certificate: bytes | None = attrs.field(default=None, repr=False)
    accept: Callable[[], AcceptingContext] | None = attrs.field(default=None, repr=False)

    def offered(self, *, secure: bool) -> tuple[str, ...]:
        """Return the mechanisms offered with or without TLS, best first."""
        return tuple(
            name
            for name in MECHANISMS
            if name in self.mechanisms
            and (secure or not (name.endswith("-PLUS") or name == "EXTERNAL"))
        )


def exchange(client: Connection, mechanism: str, *, initial: bool) -> Exchange:
    """Begin a mechanism's exchange; its first challenge is empty where the client begins.

    Raises:
        ViolationError: if the client began where the server does.
    """
    if mechanism in ("LOGIN", "CRAM-MD5"):
        if initial:
            raise _broken(f"an initial response to {mechanism} (RFC 4959 section 3)")
        return _login(client) if mechanism == "LOGIN" else _cram_md5(client)
    if mechanism.startswith("SCRAM"):
        return _scram(client, mechanism)
    simple: dict[str, Callable[[Connection], Exchange]] = {
        "PLAIN": _plain,
        "OAUTHBEARER": _oauthbearer,
        "XOAUTH2": _xoauth2,
        "EXTERNAL": _external,
        "ANONYMOUS": _anonymous,
        "GSSAPI": _gssapi,
    }
    return simple[mechanism](client)


def check_password(client: Connection, user: str, password: str) -> str:
    """Return *user* if that is the password.

    Raises:
        RefusalError: if not.
    """
    account = client.server.accounts.get(user)
    if account is None or account.password != password:
        raise _wrong()
    return user


def _broken(text: str) -> ViolationError:
    return ViolationError(text, Rule.SASL)


def _wrong(text: str = "wrong user name or password") -> RefusalError:
    return RefusalError(text, "AUTHENTICATIONFAILED")


def _text(data: bytes, mechanism: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _broken(f"{mechanism} with octets that are not UTF-8") from None


def _acting(client: Connection, user: str, authzid: str) -> str:
    if not authzid or authzid == user:
        return user
    if user not in client.server.logins.impersonators or authzid not in client.server.accounts:
        raise RefusalError("you may not act for others", "AUTHORIZATIONFAILED")
    return authzid


def _plain(client: Connection) -> Exchange:
    parts = _text((yield b""), "PLAIN").split("\0")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise _broken("not a message of PLAIN (RFC 4616 section 2)")
    authzid, user, password = parts
    return _acting(client, check_password(client, user, password), authzid)


def _login(client: Connection) -> Exchange:
    user = _text((yield b"User Name\0"), "LOGIN")
    password = _text((yield b"Password\0"), "LOGIN")
    return check_password(client, user, password)


def _cram_md5(client: Connection) -> Exchange:
    challenge = f"<{secrets.randbelow(10**12)}.1@{client.server.host}>".encode()
    user, _, digest = _text((yield challenge), "CRAM-MD5").rpartition(" ")
    if not re.fullmatch("[0-9a-f]{32}", digest):
        raise _broken("not a response of CRAM-MD5, in lower case (RFC 2195 section 2)")
    account = client.server.accounts.get(user)
    key = account.password.encode("utf-8") if account else b""
    if account is None or hmac.new(key, challenge, "md5").hexdigest() != digest:
        raise _wrong()
    return user


def _external(client: Connection) -> Exchange:
    authzid = _text((yield b""), "EXTERNAL")
    names = _certificate_names(client)
    user = next((name for name in names if name in client.server.accounts), None)
    if user is None:
        raise _wrong("no client certificate of a user")
    return _acting(client, user, authzid)


def _anonymous(client: Connection) -> Exchange:
    trace = _text((yield b""), "ANONYMOUS")
    if len(trace) > 255 or any(c < " " for c in trace):
        raise _broken("not a trace (RFC 4505 section 2)")
    if "anonymous" not in client.server.accounts:
        raise _wrong("there is no account 'anonymous'")
    return "anonymous"


_OAUTHBEARER = re.compile(
    r"n,(?:a=([^,\x00-\x1f]*))?,\x01((?:[a-z]+=[^\x00-\x1f]*\x01)*)auth=Bearer ([!-~]+)\x01"
    r"((?:[a-z]+=[^\x00-\x1f]*\x01)*)\x01",
    re.IGNORECASE,
)
_XOAUTH2 = re.compile(r"user=([^\x00-\x1f]+)\x01auth=Bearer ([!-~]+)\x01\x01")


def _oauthbearer(client: Connection) -> Exchange:
    match = _OAUTHBEARER.fullmatch(_text((yield b""), "OAUTHBEARER"))
    if match is None:
        raise _broken("not a message of OAUTHBEARER (RFC 7628 section 3.1)")
    user = _unescaped(match[1] or "")
    if not _token_is_valid(client, user, match[3]):
        answer = yield b'{"status":"invalid_token","scope":"mail"}'
        if answer != b"\x01":
            raise _broken("an error is answered by %x01 (RFC 7628 section 3.2.3)")
        raise _wrong("the token is not valid")
    return user


def _xoauth2(client: Connection) -> Exchange:
    match = _XOAUTH2.fullmatch(_text((yield b""), "XOAUTH2"))
    if match is None:
        raise _broken("not a message of XOAUTH2")
    if not _token_is_valid(client, match[1], match[2]):
        answer = yield b'{"status":"401","schemes":"Bearer","scope":"mail"}'
        if answer:
            raise _broken("an error is answered by an empty line (XOAUTH2)")
        raise _wrong("the token is not valid")
    return match[1]


def _token_is_valid(client: Connection, user: str, token: str) -> bool:
    return user in client.server.accounts and client.server.logins.tokens.get(user) == token


def _unescaped(name: str) -> str:
    if re.search("=(?!2C|3D)", name):
        raise _broken("a name with '=' that is not =2C or =3D (RFC 5802 section 5.1)")
    return name.replace("=2C", ",").replace("=3D", "=")


_CLIENT_FIRST = re.compile(
    r"((n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,\0]+))?,)(n=([^,\0]+),r=([!-+\--~]+))"
)
_CLIENT_FINAL = re.compile(rb"(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)),p=([A-Za-z0-9+/=]+)")


def _scram(client: Connection, mechanism: str) -> Exchange:
    """Serve SCRAM (:rfc:`5802#section-3`)."""
    plus = mechanism.endswith("-PLUS")
    digest = "sha256" if "256" in mechanism else "sha1"
    first = _CLIENT_FIRST.fullmatch(_text((yield b""), mechanism))
    if first is None:
        raise _broken("not a client-first-message (RFC 5802 section 7)")
    header, flag, binding, authzid, bare, name, nonce = first.groups()
    if plus != flag.startswith("p"):
        raise _broken("channel binding is in -PLUS, and only there (RFC 5802 section 6)")
    offered = client.server.logins.offered(secure=client.secure)
    if flag == "y" and any(each.endswith("-PLUS") for each in offered):
        # RFC 5802 section 6: somebody took it out of what was offered.
        yield b"e=server-does-support-channel-binding"
        raise _wrong("channel binding is supported")
    bound = b""
    if plus:
        if binding != SERVER_END_POINT:
            yield b"e=unsupported-channel-binding-type"
            raise _wrong("no such channel binding")
        bound = server_end_point(client.server.certificate or b"") or b""
    user = _unescaped(name)
    account = client.server.accounts.get(user)
    iterations = client.server.logins.scram_iterations
    salt, both = secrets.token_bytes(16), nonce + secrets.token_urlsafe(18)
    answer = f"r={both},s={b64encode(salt).decode()},i={iterations}"
    final = _CLIENT_FINAL.fullmatch((yield answer.encode()))
    if final is None:
        raise _broken("not a client-final-message (RFC 5802 section 7)")
    without_proof, channel, repeated, proof = final.groups()
    if repeated.decode() != both:
        raise _broken("another nonce than the server's (RFC 5802 section 5.1)")
    if b64decode(channel) != header.encode() + bound:
        yield b"e=channel-bindings-dont-match"
        raise _wrong("the channel is another one")
    password = _stored(account.password) if account else secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac(digest, password, salt, iterations)
    message = b",".join((bare.encode(), answer.encode(), without_proof))
    client_key = hmac.digest(salted, b"Client Key", digest)
    stored_key = hashlib.new(digest, client_key).digest()
    signature = hmac.digest(stored_key, message, digest)
    expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    if account is None or not hmac.compare_digest(_decode(proof), expected):
        yield b"e=invalid-proof"
        raise _wrong()
    server_key = hmac.digest(salted, b"Server Key", digest)
    if (yield b"v=" + b64encode(hmac.digest(server_key, message, digest))):
        raise _broken("the last message is answered by an empty line (RFC 9051 6.2.2)")
    return _acting(client, user, _unescaped(authzid or ""))


def _stored(password: str) -> bytes:
    try:
        return saslprep(password).encode("utf-8")
    except InvalidArgumentError:
        return password.encode("utf-8")


def _gssapi(client: Connection) -> Exchange:
    accept = client.server.logins.accept
    if accept is None:
        raise RefusalError("no security context: give one by Logins.accept", "UNAVAILABLE")
    context = accept()
    token = yield b""
    while not context.complete:
        answer = context.step(token)
        if answer or not context.complete:
            token = yield answer or b""
            if token and context.complete:
                raise _broken("a token where none is due (RFC 4752 section 3.1)")
    offer = context.wrap(b"\x01\x00\x00\x00", False).message
    chosen = context.unwrap((yield offer)).message
    if len(chosen) < 4 or chosen[0] != 1 or chosen[1:4] != b"\0\0\0":
        raise _broken("not the security layer that was offered (RFC 4752 section 3.3)")
    user = str(context.initiator_name).partition("@")[0]
    if user not in client.server.accounts:
        raise _wrong()
    return _acting(client, user, _text(chosen[4:], "GSSAPI"))


def _decode(data: bytes) -> bytes:
    try:
        return b64decode(data, validate=True)
    except Base64Error:
        raise _broken("not base64 (RFC 4648)") from None


def decode_response(line: bytes) -> bytes:
    """Return what a response in base64 says; a ``=`` alone is empty (:rfc:`4959`).

    Raises:
        ViolationError: if it is not base64.
    """
    return b"" if line == b"=" else _decode(line)


def _certificate_names(client: Connection) -> list[str]:
    if not client.secure:
        return []
    stream = cast("trio.SSLStream[trio.abc.Stream]", client.stream)
    certificate = cast("Mapping[str, object]", stream.getpeercert() or {})
    names = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    return [value for _, value in names]
