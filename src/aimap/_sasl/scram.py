"""SCRAM-SHA-1 and SCRAM-SHA-256, with and without channel binding (:rfc:`5802`, :rfc:`7677`).

::

    C: n,,n=user,r=<ours>                     client-first
    S: r=<ours><theirs>,s=<salt>,i=<count>    server-first
    C: c=biws,r=<both>,p=<our proof>          client-final
    S: v=<its proof>                          server-final

The password is never sent, and the server proves that it knows it as well (or rather,
what it keeps of it). So an OK before a right server-final is worth nothing
(:meth:`Scram.verify`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import final

from aimap._errors import InvalidArgumentError, LimitExceededError
from aimap._sasl.mechanism import Channel, Mechanism, misled, octets
from aimap._sasl.saslprep import saslprep

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}

_PLUS = "-PLUS"
# Above this, hashing is left to a thread: 10,000 iterations take 10 ms or less. (Not
# everything is: under a test's autojump clock, time runs away while a thread works.)
_QUICK = 10_000
_MAX_SALT = 1024

# nonce = "r=" c-nonce [s-nonce], salt = "s=" base64, iteration-count = "i=" posit-number
_SERVER_FIRST = re.compile(
    rb"r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,18})(?:,.*)?", re.DOTALL
)
_SERVER_FINAL = re.compile(rb"v=([A-Za-z0-9+/=]+)(?:,.*)?", re.DOTALL)
_SERVER_ERROR = re.compile(rb"e=([^,]{1,200})(?:,.*)?", re.DOTALL)


@final
class Scram(Mechanism):
    """One run of SCRAM.

    Args:
        name: ``"SCRAM-SHA-256"`` and the like; with ``-PLUS`` the first of the channel's
            bindings is used.
        username: the user's name.
        password: the user's password.
        channel: the connection.
        authzid: whom to act for, if it is another.
        prepare: whether to apply SASLprep: ``None`` as far as it can be done.
        nonce: the client's nonce; random if not given.
    """

    def __init__(
        self,
        name: str,
        username: str,
        password: str,
        channel: Channel,
        *,
        authzid: str = "",
        prepare: bool | None = None,
        nonce: str | None = None,
    ) -> None:
        self._name = name
        self._hash = HASHES[name.removesuffix(_PLUS)]
        self._secrets = (password,)
        user = _prepared("user name", username, prepare)
        self._password = _prepared("password", password, prepare)
        self._limits = channel.min_scram_iterations, channel.max_scram_iterations
        header, data = _channel_binding(name, channel)
        if authzid:
            header += b"a=" + _escaped(octets("authorization identity", authzid))
        self._gs2_header = header + b","
        self._binding = b64encode(self._gs2_header + data)
        self._nonce = (nonce or secrets.token_urlsafe(24)).encode("ascii")
        self._first = b"n=" + _escaped(user) + b",r=" + self._nonce
        self._signature = b""
        self._verified = False
        self._complaint: Mapping[str, str] = {}
        self._step = self._on_server_first

    def start(self) -> bytes:
        return self._gs2_header + self._first

    def respond(self, challenge: bytes) -> bytes:
        error = _SERVER_ERROR.fullmatch(challenge)
        if error is not None:
            # The tagged NO comes behind it.
            self._complaint = {"error": error[1].decode("utf-8", "replace")}
            self._step = self._on_more
            return b""
        return self._step(challenge)

    def verify(self) -> None:
        if not self._verified:
            raise misled(self._name, "the server says OK without having proved who it is")

    def complaint(self) -> Mapping[str, str]:
        return self._complaint

    def secrets(self) -> tuple[str, ...]:
        return self._secrets

    def is_slow(self, challenge: bytes | None) -> bool:
        match = _SERVER_FIRST.fullmatch(challenge) if challenge is not None else None
        return match is not None and int(match[3]) > _QUICK

    def _on_server_first(self, challenge: bytes) -> bytes:
        if challenge.startswith(b"m="):
            # RFC 5802 section 5.1: an extension that must be understood is refused.
            raise misled(self._name, "the server demands an extension that is not known")
        match = _SERVER_FIRST.fullmatch(challenge)
        if match is None:
            raise misled(self._name, "the server's first message is not r=,s=,i=")
        nonce, salt, iterations = match[1], _decode(match[2]), int(match[3])
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise misled(self._name, "the server's nonce does not begin with ours and add to it")
        if not salt or len(salt) > _MAX_SALT:
            raise misled(self._name, "the server's salt is not base64, empty or too long")
        fewest, most = self._limits
        if iterations > most:
            raise LimitExceededError("max_scram_iterations", most, iterations)
        if iterations < fewest:
            # So few protect nothing: whoever sent them tries passwords against our proof.
            raise LimitExceededError("min_scram_iterations", fewest, iterations)
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, salt, iterations)
        final = b"c=" + self._binding + b",r=" + nonce
        message = b",".join((self._first, challenge, final))
        client_key = self._hmac(salted, b"Client Key")
        stored_key = hashlib.new(self._hash, client_key).digest()
        client_signature = self._hmac(stored_key, message)
        self._signature = self._hmac(self._hmac(salted, b"Server Key"), message)
        proof = bytes(a ^ b for a, b in zip(client_key, client_signature, strict=True))
        self._step = self._on_server_final
        return final + b",p=" + b64encode(proof)

    def _on_server_final(self, challenge: bytes) -> bytes:
        self._step = self._on_more
        match = _SERVER_FINAL.fullmatch(challenge)
        if match is None:
            raise misled(self._name, "the server's last message is not v=")
        if not hmac.compare_digest(_decode(match[1]), self._signature):
            raise misled(self._name, "the server does not know the password: it is another one")
        self._verified = True
        return b""

    def _on_more(self, challenge: bytes) -> bytes:
        del challenge
        raise misled(self._name, "the server goes on behind its last message")

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._hash)


def _channel_binding(name: str, channel: Channel) -> tuple[bytes, bytes]:
    """Return the flag of the GS2 header (:rfc:`5802#section-6`), and the data to bind."""
    if name.endswith(_PLUS):
        for kind, data in channel.bindings.items():
            return b"p=%s," % kind.encode("ascii"), data
        raise InvalidArgumentError(f"{name} needs a TLS connection that can be bound to")
    if channel.bindings and not any(each.endswith(_PLUS) for each in channel.offered):
        # "We could, and believe that you cannot": a server that can knows then that
        # somebody took -PLUS out of what it offered.
        return b"y,", b""
    return b"n,", b""


def _escaped(name: bytes) -> bytes:
    return name.replace(b"=", b"=3D").replace(b",", b"=2C")


def _prepared(what: str, value: str, prepare: bool | None) -> bytes:
    plain = octets(what, value)
    if prepare is False:
        return plain
    try:
        return saslprep(value, what=what).encode("utf-8")
    except InvalidArgumentError:
        if prepare:
            raise
        # As PostgreSQL does: Unicode 3.2 knows no emoji, and servers have passwords
        # with them, kept as they were typed.
        return plain


def _decode(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        return b""
