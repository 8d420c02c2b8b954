"""Mechanisms that send a credential as it is: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER."""

from __future__ import annotations

import json
from typing import Protocol, cast, final

from aimap._errors import InvalidArgumentError

_MAX_ERROR = 4096


class Mechanism(Protocol):
    """One run of a SASL mechanism, as the client."""

    @property
    def initial(self) -> bytes | None:
        """What the client sends first, or ``None`` where the server begins."""
        ...

    @property
    def name(self) -> str:
        """As the server offers it behind ``AUTH=``."""
        ...

    def respond(self, challenge: bytes) -> bytes:
        """Return the answer to a challenge."""
        ...

    def complaint(self) -> str | None:
        """Return what the server said was wrong, inside the exchange."""
        ...


def _without_nul(what: str, value: str) -> bytes:
    if "\0" in value:
        raise InvalidArgumentError(f"a {what} cannot hold NUL")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"the {what} is not a Unicode text") from None


@final
class Plain:
    """PLAIN (:rfc:`4616`): one message, the octets as the user gave them."""

    name = "PLAIN"

    def __init__(self, username: str, password: str) -> None:
        user, secret = _without_nul("user name", username), _without_nul("password", password)
        self.initial: bytes | None = b"\0" + user + b"\0" + secret

    def respond(self, challenge: bytes) -> bytes:
        """Answer anything more by nothing; the server then says what it makes of that."""
        del challenge
        return b""

    def complaint(self) -> str | None:
        """Return ``None``: PLAIN has no message for that."""
        return None


@final
class LoginMechanism:
    """LOGIN: two prompts, whatever their text. Older than SASL, and widely offered."""

    name = "LOGIN"
    initial: bytes | None = None

    def __init__(self, username: str, password: str) -> None:
        self._answers = [
            _without_nul("password", password),
            _without_nul("user name", username),
        ]

    def respond(self, challenge: bytes) -> bytes:
        """Answer the first prompt by the user name, the second by the password."""
        del challenge
        return self._answers.pop() if self._answers else b""

    def complaint(self) -> str | None:
        """Return ``None``: LOGIN has no message for that."""
        return None


class _Bearer:
    name = ""
    _acknowledgement = b""

    def __init__(self) -> None:
        self.initial: bytes | None = None
        self._complaint: str | None = None

    def respond(self, challenge: bytes) -> bytes:
        """Keep the server's error, and acknowledge it: the tagged NO comes only then."""
        self._complaint = _describe(challenge)
        return self._acknowledgement

    def complaint(self) -> str | None:
        """Return the server's error, if it sent one."""
        return self._complaint


@final
class XOAuth2(_Bearer):
    """XOAUTH2, the form that Google and Microsoft take."""

    name = "XOAUTH2"

    def __init__(self, username: str, token: str) -> None:
        super().__init__()
        user, secret = _bearer_parts(username, token)
        self.initial = b"user=%s\x01auth=Bearer %s\x01\x01" % (user, secret)


@final
class OAuthBearer(_Bearer):
    """OAUTHBEARER (:rfc:`7628`)."""

    name = "OAUTHBEARER"
    # RFC 7628 section 3.2.3: a dummy response of one %x01.
    _acknowledgement = b"\x01"

    def __init__(self, username: str, token: str, host: str | None, port: int | None) -> None:
        super().__init__()
        user, secret = _bearer_parts(username, token)
        # RFC 5801 section 4: "=" and "," in a name are escaped.
        user = user.replace(b"=", b"=3D").replace(b",", b"=2C")
        pairs = [b"n,a=%s," % user]
        if host is not None:
            pairs.append(b"host=%s" % host.encode("idna" if not host.isascii() else "ascii"))
        if port is not None:
            pairs.append(b"port=%d" % port)
        pairs.append(b"auth=Bearer %s" % secret)
        self.initial = b"\x01".join(pairs) + b"\x01\x01"


def _bearer_parts(username: str, token: str) -> tuple[bytes, bytes]:
    for what, value in (("user name", username), ("token", token)):
        if any(c < " " for c in value):
            raise InvalidArgumentError(f"a {what} cannot hold control characters")
    return _without_nul("user name", username), _without_nul("token", token)


def _describe(challenge: bytes) -> str:
    """Return the server's error JSON in words, whatever it sent."""
    text = challenge[:_MAX_ERROR].decode("utf-8", "replace")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(fields, dict):
        return text
    return ", ".join(
        f"{name}: {value}" for name, value in cast("dict[str, object]", fields).items()
    )
