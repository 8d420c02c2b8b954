"""What an account makes of what goes wrong."""

from __future__ import annotations

import socket
import ssl

import pytest

from aimap import (
    AuthenticationError,
    BadError,
    ByeError,
    CapabilityError,
    ConnectionLostError,
    FailureKind,
    InvalidArgumentError,
    LimitExceededError,
    LoginFailure,
    NoError,
    RemoteProtocolError,
    ResponseCode,
)
from aimap._account.failures import classify

NETWORK, SERVER, THROTTLED = FailureKind.NETWORK, FailureKind.SERVER, FailureKind.THROTTLED
CREDENTIALS, CONFIGURATION = FailureKind.CREDENTIALS, FailureKind.CONFIGURATION
REFUSED = FailureKind.REFUSED


def login(reason: LoginFailure, text: str = "no", wait: float | None = None) -> Exception:
    return AuthenticationError("LOGIN", None, text, reason=reason, retry_after=wait)


def no(code: str, text: str = "no") -> Exception:
    return NoError("SELECT", ResponseCode(code, b"") if code else None, text)


def bye(code: str, text: str = "bye") -> Exception:
    return ByeError(ResponseCode(code, b"") if code else None, text)


def lost(*causes: Exception) -> Exception:
    error: Exception = ConnectionLostError("lost")
    last = error
    for cause in causes:
        last.__cause__ = cause
        last = cause
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] x")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError("all attempts to connect failed"), NETWORK),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), NETWORK),
        (socket.gaierror(socket.EAI_NONAME, "no such name"), CONFIGURATION),
        (lost(), NETWORK),
        (lost(OSError("reset")), NETWORK),
        (lost(RuntimeError(), ssl.SSLCertVerificationError(1, "x")), CONFIGURATION),
        (lost(RuntimeError(), tls("WRONG_VERSION_NUMBER")), CONFIGURATION),
        (lost(RuntimeError(), tls("DECRYPTION_FAILED_OR_BAD_RECORD_MAC")), NETWORK),
        (lost(NoError("STARTTLS", None, "not now")), SERVER),
        (RemoteProtocolError("x"), SERVER),
        (LimitExceededError("max_line", 1), SERVER),
        (bye("", "shutting down"), SERVER),
        (bye("UNAVAILABLE"), SERVER),
        (bye("", "Too many connections from your IP"), THROTTLED),
        (bye("LIMIT", "Rate limit hit"), THROTTLED),
        (bye("", "Session expired, please login again."), SERVER),
        (CapabilityError("AUTH=PLAIN", "x"), CONFIGURATION),
        (InvalidArgumentError("x"), CONFIGURATION),
        *((login(reason), CREDENTIALS) for reason in list(LoginFailure)[:4]),
        (login(LoginFailure.PRIVACY_REQUIRED), CONFIGURATION),
        (login(LoginFailure.UNAVAILABLE), SERVER),
        (login(LoginFailure.THROTTLED), THROTTLED),
        (login(LoginFailure.CONTACT_ADMIN), CREDENTIALS),
        (login(LoginFailure.WEB_LOGIN), CREDENTIALS),
        (login(LoginFailure.REFERRED), CONFIGURATION),
        (login(LoginFailure.SERVER_NOT_TRUSTED), CONFIGURATION),
        (no("NONEXISTENT"), REFUSED),
        (no("NOPERM"), REFUSED),
        (no("OVERQUOTA", "no room"), REFUSED),
        (no("OVERQUOTA", "Account exceeded command or bandwidth limits."), THROTTLED),
        (no("UNAVAILABLE"), SERVER),
        (no("SERVERBUG"), SERVER),
        (no("INUSE"), SERVER),
        (no("EXPIRED"), CREDENTIALS),
        (no(""), REFUSED),
        (BadError("SELECT", None, "User is authenticated but not connected."), THROTTLED),
        (BadError("SELECT", None, "Command Error. 12"), REFUSED),
    ],
)
def test_kinds(error: Exception, kind: FailureKind) -> None:
    failure = classify(error)
    assert failure.kind is kind
    assert failure.retry == (kind in (NETWORK, SERVER, THROTTLED))
    assert failure.error is error
    assert kind.value in str(failure)


def test_every_reason_of_a_refused_login_has_a_kind() -> None:
    assert all(classify(login(reason)).kind is not REFUSED for reason in LoginFailure)


@pytest.mark.parametrize(
    "text",
    [
        "Too many simultaneous connections. (Failure)",
        "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
        "User is authenticated but not connected.",
    ],
)
def test_too_many_connections(text: str) -> None:
    assert classify(login(LoginFailure.UNAVAILABLE, text)).too_many_connections
    assert not classify(login(LoginFailure.THROTTLED, "Rate limit hit")).too_many_connections


def test_a_wait_that_the_server_asks_for() -> None:
    text = "Request is throttled. Suggested Backoff Time: 299961 milliseconds"
    for error in (
        login(LoginFailure.THROTTLED, text, 299.961),
        NoError("SELECT", None, text),
        BadError("SELECT", None, text),
        ByeError(None, text),
    ):
        failure = classify(error)
        assert (failure.kind, failure.retry_after) == (THROTTLED, 299.961)
        assert failure.retry
