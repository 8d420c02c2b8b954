"""Mechanisms that send an OAuth 2.0 token: XOAUTH2 and OAUTHBEARER."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast, final

from aimap._errors import InvalidArgumentError
from aimap._sasl.mechanism import Mechanism, octets

_MAX_ERROR = 4096
_MAX_FIELDS = 16
_MAX_VALUE = 500


class _Bearer(Mechanism):
    _acknowledgement = b""

    def __init__(self, token: str) -> None:
        self._token = token
        self._complaint: Mapping[str, str] = {}
        self._message = b""

    def start(self) -> bytes:
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """Keep the server's error, and acknowledge it: the tagged NO comes only then."""
        self._complaint = _fields(challenge)
        return self._acknowledgement

    def complaint(self) -> Mapping[str, str]:
        return self._complaint

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)


@final
class XOAuth2(_Bearer):
    """XOAUTH2, the form that Google and Microsoft take."""

    def __init__(self, username: str, token: str) -> None:
        super().__init__(token)
        user, secret = _parts(username, token)
        self._message = b"user=%s\x01auth=Bearer %s\x01\x01" % (user, secret)


@final
class OAuthBearer(_Bearer):
    """OAUTHBEARER (:rfc:`7628`)."""

    # RFC 7628 section 3.2.3: a dummy response of one %x01.
    _acknowledgement = b"\x01"

    def __init__(self, username: str, token: str, host: str, port: int) -> None:
        super().__init__(token)
        user, secret = _parts(username, token)
        # RFC 5801 section 4: "=" and "," in a name are escaped; RFC 7628 section 4: the
        # name may be left out, as the token tells whose it is.
        user = user.replace(b"=", b"=3D").replace(b",", b"=2C")
        pairs = [b"n,a=%s," % user if user else b"n,,"]
        if host:
            pairs.append(b"host=%s" % host.encode("ascii" if host.isascii() else "idna"))
        if port:
            pairs.append(b"port=%d" % port)
        pairs.append(b"auth=Bearer %s" % secret)
        self._message = b"\x01".join(pairs) + b"\x01\x01"


def _parts(username: str, token: str) -> tuple[bytes, bytes]:
    for what, value in (("user name", username), ("token", token)):
        if any(c < " " for c in value):
            raise InvalidArgumentError(f"a {what} cannot hold control characters")
    return octets("user name", username), octets("token", token)


def _fields(challenge: bytes) -> Mapping[str, str]:
    """Return the fields of the server's error JSON, whatever it sent, within bounds."""
    text = challenge[:_MAX_ERROR].decode("utf-8", "replace")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return {"error": text[:_MAX_VALUE]} if text.strip() else {}
    found = list(cast("dict[str, object]", fields).items())[:_MAX_FIELDS]
    return {name[:_MAX_VALUE]: str(value)[:_MAX_VALUE] for name, value in found}
