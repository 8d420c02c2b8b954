"""What an account is, and how patiently it is tried."""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterable
from typing import Any, final

import attrs

from aimap._client.connect import TLSMode
from aimap._client.timeouts import Timeouts
from aimap._errors import InvalidArgumentError
from aimap._model.extension import Extension
from aimap._model.limits import Limits
from aimap._model.profile import Profile
from aimap._sasl.auth import Auth
from aimap._wire.parse_response import as_one


def _seconds(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 < value < math.inf:
        raise InvalidArgumentError(f"Retry.{attribute.name} is above 0 seconds, not {value!r}")


def _at_least_one(_: object, attribute: attrs.Attribute[Any], value: int | None) -> None:
    if value is not None and value < 1:
        raise InvalidArgumentError(f"{attribute.name!r} is at least 1, not {value!r}")


@final
@attrs.frozen
class Retry:
    """How long to wait before a connection is tried again.

    The first wait is up to *first* seconds; each one after a failure is drawn from the upper
    half of a span that doubles, up to *longest*. So accounts that lost their server together
    do not come back together. What the server asks for comes on top.

    Attributes:
        first: seconds of the first span.
        longest: seconds of the longest span.
        attempts: failures in a row after which an account gives up; ``None`` never does.
    """

    first: float = attrs.field(default=1.0, validator=_seconds)
    longest: float = attrs.field(default=300.0, validator=_seconds)
    attempts: int | None = attrs.field(default=None, validator=_at_least_one)


def _auth(_: object, __: object, value: Auth) -> None:
    if not isinstance(value, Auth):
        raise InvalidArgumentError(
            f"auth is a Password, an OAuth or the like, not a {type(value).__name__}"
        )


def _extensions(extensions: Iterable[Extension]) -> tuple[Extension, ...]:
    found = tuple(extensions)
    as_one(found)
    return found


@final
@attrs.frozen
class AccountConfig:
    """An account: where it is, who logs in, and how much of the server it may use.

    Attributes:
        host: the server's name, which its certificate must bear.
        auth: who logs in. A password is asked for once; an :class:`OAuth` callable at each login.
        port: as for :func:`aimap.connect`.
        tls: as for :func:`aimap.connect`.
        ssl_context: as for :func:`aimap.connect`.
        limits: bounds on what the server may do.
        timeouts: how long silence is borne.
        proxy: as for :func:`aimap.connect`.
        compress: compress what is not only watched, where the server offers it.
        profile: what is peculiar about the server; recognised if not given.
        max_connections: connections at once, over all that the account does. Fewer are used
            while the server says that they are too many.
        retry: how patiently a connection is tried again.
        name: what logs call the account; user and host if empty.
        extensions: as for :func:`aimap.connect`.
    """

    host: str
    auth: Auth = attrs.field(validator=_auth)
    port: int | None = attrs.field(default=None, kw_only=True)
    tls: TLSMode = attrs.field(default="implicit", kw_only=True)
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, kw_only=True, repr=False)
    limits: Limits | None = attrs.field(default=None, kw_only=True)
    timeouts: Timeouts | None = attrs.field(default=None, kw_only=True)
    proxy: str | None = attrs.field(default=None, kw_only=True, repr=False)
    compress: bool = attrs.field(default=True, kw_only=True)
    profile: Profile | None = attrs.field(default=None, kw_only=True)
    max_connections: int = attrs.field(default=4, kw_only=True, validator=_at_least_one)
    retry: Retry = attrs.field(factory=Retry, kw_only=True)
    name: str = attrs.field(default="", kw_only=True)
    extensions: tuple[Extension, ...] = attrs.field(default=(), kw_only=True, converter=_extensions)

    @property
    def label(self) -> str:
        """What logs and errors call the account."""
        user = getattr(self.auth, "username", "")
        return self.name or (f"{user}@{self.host}" if user else self.host)
