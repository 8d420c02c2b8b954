"""Why a login failed: what the server said, in code, text and error JSON, as one reason.

Most servers say it by a code (:rfc:`5530#section-3`). Some that matter say it in words;
each is listed with who was seen to do so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aimap._errors import AuthenticationError, CommandError, ImapError, LoginFailure, redact
from aimap._model.code import ReferralCode, ResponseCode, WebAlertCode

_LONGEST_WAIT = 3600.0

_BY_CODE = {
    "AUTHENTICATIONFAILED": LoginFailure.WRONG_CREDENTIALS,
    "AUTHORIZATIONFAILED": LoginFailure.NOT_AUTHORIZED,
    "CONTACTADMIN": LoginFailure.CONTACT_ADMIN,
    "EXPIRED": LoginFailure.EXPIRED,
    "INUSE": LoginFailure.THROTTLED,
    "LIMIT": LoginFailure.THROTTLED,
    "PRIVACYREQUIRED": LoginFailure.PRIVACY_REQUIRED,
    "REFERRAL": LoginFailure.REFERRED,
    "THROTTLED": LoginFailure.THROTTLED,
    "UNAVAILABLE": LoginFailure.UNAVAILABLE,
    "WEBALERT": LoginFailure.WEB_LOGIN,
}


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_BY_TEXT = (
    # Gmail, "NO [ALERT] Too many simultaneous connections. (Failure)"; Dovecot, "NO
    # [UNAVAILABLE] Maximum number of connections from user+IP exceeded".
    (
        re.compile(r"too many (simultaneous |concurrent )?connections", re.IGNORECASE),
        LoginFailure.THROTTLED,
    ),
    (_words("maximum number of connections"), LoginFailure.THROTTLED),
    # Gmail, "NO [OVERQUOTA] Account exceeded command or bandwidth limits".
    (_words("exceeded command or bandwidth limits"), LoginFailure.THROTTLED),
    # Microsoft 365, "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds".
    (_words("request is throttled"), LoginFailure.THROTTLED),
    # Gmail, "NO [ALERT] Please log in via your web browser".
    (_words("log in via your web browser"), LoginFailure.WEB_LOGIN),
)
_WAIT = re.compile(r"Suggested Backoff Time: ([0-9]{1,12}) milliseconds", re.IGNORECASE)

# RFC 6750 section 3.1 and RFC 7628 section 3.2.2; Google sends HTTP's numbers.
_NOT_THE_TOKEN = {
    "insufficient_scope": LoginFailure.NOT_AUTHORIZED,
    "403": LoginFailure.NOT_AUTHORIZED,
    "invalid_request": LoginFailure.REFUSED,
    "temporarily_unavailable": LoginFailure.UNAVAILABLE,
}


def explain(
    error: CommandError, details: Mapping[str, str], secrets: Sequence[str]
) -> AuthenticationError | None:
    """Return a refused login's error with all that is known; ``None`` if it is none.

    Args:
        error: what LOGIN or AUTHENTICATE failed with.
        details: what the server said inside the exchange.
        secrets: what must not be shown.
    """
    reason, text = _reason(error, details), redact(error.text, secrets)
    refused = isinstance(error, AuthenticationError)
    if not refused and reason is not LoginFailure.THROTTLED:
        return None
    code = error.code
    url = error.url if isinstance(error, AuthenticationError) else None
    if isinstance(code, WebAlertCode):
        url = code.url
    referrals = error.referrals if isinstance(error, AuthenticationError) else ()
    if isinstance(code, ReferralCode):
        referrals = code.urls
    shown = {redact(k, secrets): redact(v, secrets) for k, v in details.items()}
    if shown:
        said = ", ".join(f"{name}: {value}" for name, value in shown.items())
        text = f"{text} ({said})"
    return AuthenticationError(
        error.command,
        _redacted_code(code, secrets),
        text,
        reason=reason,
        url=None if url is None else redact(url, secrets),
        referrals=tuple(redact(each, secrets) for each in referrals),
        details=shown,
        retry_after=suggested_wait(text),
    )


def said_in_words(text: str) -> LoginFailure | None:
    """Return what a server means that has no code for it, if it is one of those known."""
    for pattern, reason in _BY_TEXT:
        if pattern.search(text):
            return reason
    return None


def suggested_wait(text: str) -> float | None:
    """Return the seconds that a server asks to wait, an hour at most; ``None`` if it does not."""
    wait = _WAIT.search(text)
    return min(int(wait[1]) / 1000, _LONGEST_WAIT) if wait else None


def _reason(error: CommandError, details: Mapping[str, str]) -> LoginFailure:
    if isinstance(error, AuthenticationError) and error.reason is LoginFailure.SERVER_NOT_TRUSTED:
        return error.reason
    if (in_words := said_in_words(error.text)) is not None:
        return in_words
    if isinstance(error, AuthenticationError) and error.url is not None:
        return LoginFailure.WEB_LOGIN
    named = _BY_CODE.get(error.code.name) if error.code is not None else None
    if named is not None and named is not LoginFailure.WRONG_CREDENTIALS:
        return named
    if details:
        status = details.get("status", "")
        return _NOT_THE_TOKEN.get(status, LoginFailure.WRONG_CREDENTIALS)
    return named or LoginFailure.REFUSED


def hide(error: ImapError, secrets: Sequence[str]) -> None:
    """Take secrets out of an error that is about to be raised.

    A server may repeat a password in any of its texts: a BYE, a response that does not
    parse.
    """
    error.args = tuple(redact(a, secrets) if isinstance(a, str) else a for a in error.args)
    for name in ("text", "excerpt"):
        value = getattr(error, name, None)
        if isinstance(value, str):
            setattr(error, name, redact(value, secrets))
    if isinstance(getattr(error, "code", None), ResponseCode):
        error.code = _redacted_code(error.code, secrets)  # type: ignore[attr-defined]


def _redacted_code(code: ResponseCode | None, secrets: Sequence[str]) -> ResponseCode | None:
    if code is None or not code.arguments:
        return code
    said = code.arguments.decode("utf-8", "surrogateescape")
    hidden = redact(said, secrets)
    if hidden == said:
        return code
    # Fields made of the arguments would hold the secret too: only the bare code is kept.
    return ResponseCode(code.name, hidden.encode("utf-8", "surrogateescape"))
