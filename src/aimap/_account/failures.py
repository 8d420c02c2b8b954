"""What went wrong, and what that means for trying again.

The kinds differ in who can do something about it: nobody but time (network, server,
throttled), the user (credentials), whoever wrote the configuration. A refusal of one
command, such as of a mailbox that is not there, says nothing of the account.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from enum import Enum
from typing import final

import attrs

from aimap._commands.login_failures import said_in_words, suggested_wait
from aimap._errors import (
    AuthenticationError,
    BadError,
    ByeError,
    CapabilityError,
    CommandError,
    ConnectionLostError,
    ImapError,
    LimitExceededError,
    LocalProtocolError,
    LoginFailure,
    RemoteProtocolError,
)


class FailureKind(Enum):
    """What kind of thing went wrong."""

    NETWORK = "network"
    """No connection, or a lost one. Time mends it, or the user's network does."""
    SERVER = "server"
    """The server is there, and cannot: it is shutting down, ill, or breaks the protocol."""
    THROTTLED = "throttled"
    """Too many connections, logins or octets: the server wants to be left alone for a while."""
    CREDENTIALS = "credentials"
    """The server does not take them. Trying again would only lock the account."""
    CONFIGURATION = "configuration"
    """Host, port, TLS or mechanisms are wrong, as far as one can tell."""
    REFUSED = "refused"
    """One command was refused. The connection, and the account, go on."""


@final
@attrs.frozen
class Failure:
    """Something that went wrong, and what can be done.

    Attributes:
        kind: what kind of thing.
        error: what was raised.
        retry: whether the same thing may succeed later.
        retry_after: seconds that the server asks to wait, or ``None``.
        too_many_connections: whether it is the number of connections that is too much.
    """

    kind: FailureKind
    error: Exception
    retry: bool
    retry_after: float | None = None
    too_many_connections: bool = False

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.error}"


@final
class NoCredentialsError(ImapError):
    """Whoever gives the credentials has raised something: its ``__cause__``."""


@final
class AccountError(ImapError):
    """The account has given up; its :attr:`failure` says why.

    The error that was the last one is also the ``__cause__``.

    Attributes:
        failure: what went wrong.
    """

    def __init__(self, label: str, failure: Failure) -> None:
        self.failure = failure
        self._label = label
        super().__init__(f"{label} has given up, {failure}")

    def fresh(self) -> AccountError:
        """Return a copy that was never raised, for one more waiter."""
        made = AccountError(self._label, self.failure)
        made.__cause__ = self.failure.error
        return made


_LOGIN = {
    LoginFailure.REFUSED: FailureKind.CREDENTIALS,
    LoginFailure.WRONG_CREDENTIALS: FailureKind.CREDENTIALS,
    LoginFailure.EXPIRED: FailureKind.CREDENTIALS,
    LoginFailure.NOT_AUTHORIZED: FailureKind.CREDENTIALS,
    LoginFailure.WEB_LOGIN: FailureKind.CREDENTIALS,
    LoginFailure.CONTACT_ADMIN: FailureKind.CREDENTIALS,
    LoginFailure.PRIVACY_REQUIRED: FailureKind.CONFIGURATION,
    LoginFailure.REFERRED: FailureKind.CONFIGURATION,
    # It may be somebody else: nothing more is shown to it.
    LoginFailure.SERVER_NOT_TRUSTED: FailureKind.CONFIGURATION,
    LoginFailure.UNAVAILABLE: FailureKind.SERVER,
    LoginFailure.THROTTLED: FailureKind.THROTTLED,
}

# What a code says of the server or the account, in answer to any command or in a BYE (RFC 5530
# section 3). The others are about the one command.
_BY_CODE = {
    "UNAVAILABLE": FailureKind.SERVER,
    "SERVERBUG": FailureKind.SERVER,
    "INUSE": FailureKind.SERVER,
    "LIMIT": FailureKind.THROTTLED,
    "THROTTLED": FailureKind.THROTTLED,
    "AUTHENTICATIONFAILED": FailureKind.CREDENTIALS,
    "EXPIRED": FailureKind.CREDENTIALS,
    "PRIVACYREQUIRED": FailureKind.CONFIGURATION,
}

_LASTING = frozenset(
    {FailureKind.CREDENTIALS, FailureKind.CONFIGURATION, FailureKind.REFUSED},
)

# Gmail, "Too many simultaneous connections"; Dovecot, "Maximum number of connections from
# user+IP exceeded"; Microsoft 365 takes the login of the 21st connection, and then says "User
# is authenticated but not connected".
_TOO_MANY = re.compile(
    r"too many .{0,40}connections|maximum number of connections|authenticated but not connected",
    re.IGNORECASE,
)
# The far end speaks something else than TLS, or no version of it that we do.
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "UNSUPPORTED_PROTOCOL",
        "NO_PROTOCOLS_AVAILABLE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
    }
)
_NO_SUCH_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)


def classify(error: Exception) -> Failure:
    """Say what an error of a connection, a login or a command means.

    Args:
        error: an :class:`aimap.ImapError` or an ``OSError``.
    """
    text = str(error)
    too_many = _TOO_MANY.search(text) is not None
    kind = FailureKind.THROTTLED if too_many else _kind(error)
    wait = error.retry_after if isinstance(error, AuthenticationError) else suggested_wait(text)
    if wait is not None:
        kind = FailureKind.THROTTLED
    # A token that could not be had was not refused.
    retry = kind not in _LASTING or isinstance(error, NoCredentialsError)
    return Failure(kind, error, retry, wait, too_many)


def _kind(error: Exception) -> FailureKind:
    match error:
        case AccountError():
            return error.failure.kind
        case NoCredentialsError():
            return FailureKind.CREDENTIALS
        case AuthenticationError():
            return _LOGIN[error.reason]
        case CommandError():
            return _of_words(error) or FailureKind.REFUSED
        case ByeError():
            return _of_words(error) or FailureKind.SERVER
        case RemoteProtocolError() | LimitExceededError():
            return FailureKind.SERVER
        case CapabilityError() | LocalProtocolError():
            return FailureKind.CONFIGURATION
        case ConnectionLostError():
            return _of_causes(error)
        case socket.gaierror():
            no_such = error.errno in _NO_SUCH_NAME
            return FailureKind.CONFIGURATION if no_such else FailureKind.NETWORK
        case _:
            return FailureKind.NETWORK


def _of_words(error: CommandError | ByeError) -> FailureKind | None:
    """Say what code and text mean; ``None`` if they are about the one command only."""
    if said_in_words(error.text) is LoginFailure.THROTTLED:
        # Gmail says OVERQUOTA where it means the octets of a day.
        return FailureKind.THROTTLED
    kind = _BY_CODE.get(error.code.name) if error.code is not None else None
    if kind is None and isinstance(error, BadError) and "server error" in error.text.lower():
        return FailureKind.SERVER
    return kind


def _of_causes(error: ConnectionLostError) -> FailureKind:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FailureKind.CONFIGURATION
        if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
            return FailureKind.CONFIGURATION
        if isinstance(cause, CommandError):
            return _of_words(cause) or FailureKind.SERVER
    return FailureKind.NETWORK


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__
