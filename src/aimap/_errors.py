"""The exception tree. Its branch says whether the connection lives.

::

    ImapError
    ├ LocalProtocolError          you asked what IMAP forbids; nothing was sent
    │  ├ StateError               not in this connection state
    │  ├ CapabilityError          the server does not offer it
    │  ├ InvalidArgumentError     (also a ValueError)
    │  └ NotFetchedError          (also an AttributeError) not part of this FETCH
    ├ CommandError                the server refused; the connection is still good
    │  ├ NoError
    │  │  ├ AuthenticationError
    │  │  └ PartlyStoredError     of several messages, some were stored
    │  └ BadError
    ├ DiscoveryError              no server was found for an address
    ├ AccountError                an account has given up: nothing is retried any more
    └ ConnectionLostError         every pending command gets one
       ├ ByeError                 the server said why
       ├ RemoteProtocolError      the server broke the protocol beyond repair
       └ LimitExceededError       the server broke a bound of ``Limits``

Trio's own ``Cancelled`` and ``TooSlowError``, and the ``OSError`` of a connection
that could not be opened, are never renamed.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from aimap._model.code import AppendUIDCode, ResponseCode

_SHORTEST_INNER = 4

EXCERPT_LENGTH = 80
"""Octets of server data that an error message shows at most."""


def excerpt(data: bytes | bytearray | memoryview) -> str:
    """Return the start of *data*, escaped and bounded, for an error message."""
    head = bytes(data[:EXCERPT_LENGTH])
    return repr(head)[1:] + ("..." if len(data) > EXCERPT_LENGTH else "")


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return *text* without any of *secrets*, in whatever form servers repeat them.

    They were seen to repeat the password in their complaints, as it is, as a quoted
    string, and in base64, alone or as part of what was sent.
    """
    forms: set[str] = set()
    for secret in filter(None, secrets):
        octets = secret.encode("utf-8", "surrogatepass")
        forms |= {secret, secret.replace("\\", "\\\\").replace('"', '\\"')}
        forms.add(b64encode(octets).decode("ascii"))
        for offset in range(3):
            # Where it stands in the middle of what was encoded: all but the ends.
            inner = b64encode(bytes(offset) + octets)[(offset * 8 + 5) // 6 :]
            inner = inner[: (offset + len(octets)) * 8 // 6 - (offset * 8 + 5) // 6]
            if len(inner) >= _SHORTEST_INNER:
                forms.add(inner.decode("ascii"))
    if not forms:
        return text
    longest_first = sorted(forms, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "***", text, flags=re.IGNORECASE)


class ImapError(Exception):
    """Base of everything that aimap raises on its own behalf."""


class LocalProtocolError(ImapError):
    """You asked for what IMAP forbids. Nothing was sent."""


@final
class StateError(LocalProtocolError):
    """The connection, or the mailbox, is not in a state that allows this."""


@final
class CapabilityError(LocalProtocolError):
    """The server does not offer the capability that this needs.

    Attributes:
        capability: the missing capability, as the RFC writes it.
    """

    def __init__(self, capability: str, reason: str) -> None:
        self.capability = capability
        super().__init__(f"the server does not offer {capability}: {reason}")


@final
class InvalidArgumentError(LocalProtocolError, ValueError):
    """A value that cannot be sent. The message names it and what would be right."""


@final
class NotFetchedError(LocalProtocolError, AttributeError):
    """The attribute was not asked for, or the server left it out of its answer.

    Attributes:
        item: the FETCH data item that would bring it, as the RFC writes it.
    """

    def __init__(self, item: str) -> None:
        self.item = item
        super().__init__(f"{item} is not part of this FETCH answer; ask for it when fetching")


class CommandError(ImapError):
    """The server refused a command. The connection, and all else on it, goes on.

    Attributes:
        command: the command's name, for example ``"SELECT"``; with the messages that it was
            about, as in ``"UID FETCH 1:50"``.
        code: the response code as a typed value, or ``None``.
        text: the server's human-readable text.
    """

    def __init__(self, command: str, code: ResponseCode | None, text: str) -> None:
        self.command = command
        self.code = code
        self.text = text
        shown = f" [{code.name}]" if code is not None else ""
        super().__init__(f"{command} failed:{shown} {text}".rstrip())


class NoError(CommandError):
    """The server answered NO: it understood, and did not do it (:rfc:`9051#section-7.1.2`)."""


@final
class PartlyStoredError(NoError):
    """Of several messages, some were stored, and others refused.

    Command, code and text are those of the first refusal.

    Attributes:
        stored: by its place among the messages, the new UID of each that was stored; ``None``
            where the server does not tell it.
        refused: by its place, why a message was refused.
    """

    def __init__(
        self,
        first: CommandError,
        stored: Mapping[int, AppendUIDCode | None],
        refused: Mapping[int, CommandError],
    ) -> None:
        self.stored = stored
        self.refused = refused
        told = f"{len(stored)} messages were stored, and {len(refused)} refused: {first.text}"
        super().__init__(first.command, first.code, told)


class LoginFailure(Enum):
    """Why a login failed, as far as the server says."""

    REFUSED = "refused"
    """It said no more than that."""
    WRONG_CREDENTIALS = "wrong credentials"
    """User name or password is wrong, or the token no good (``AUTHENTICATIONFAILED``)."""
    EXPIRED = "expired"
    """The credentials are no longer valid (``EXPIRED``)."""
    NOT_AUTHORIZED = "not authorized"
    """They are right, and may not be used for this (``AUTHORIZATIONFAILED``)."""
    PRIVACY_REQUIRED = "privacy required"
    """Not without TLS (``PRIVACYREQUIRED``)."""
    UNAVAILABLE = "unavailable"
    """The server cannot tell at the moment (``UNAVAILABLE``)."""
    THROTTLED = "throttled"
    """Too many logins, connections or octets: try again later."""
    CONTACT_ADMIN = "contact admin"
    """An administrator has to do something (``CONTACTADMIN``)."""
    WEB_LOGIN = "web login"
    """The user has to log in by a web browser first, as Gmail demands now and then."""
    REFERRED = "referred"
    """Another server has this user (:rfc:`2221`). It is not asked."""
    SERVER_NOT_TRUSTED = "server not trusted"
    """It is the server that failed: to prove itself, or to follow the mechanism."""


@final
class AuthenticationError(NoError):
    """The login failed.

    Attributes:
        reason: why, as far as the server says.
        url: where it wants the user to log in by a web browser, or ``None``. Nothing
            opens it.
        referrals: URLs of servers that it refers to. Nothing follows them.
        details: what it said inside the exchange, by name: the error JSON of OAUTHBEARER
            and XOAUTH2, the error of SCRAM. Bounded, and without secrets.
        retry_after: seconds that it asks to wait, or ``None``.
    """

    def __init__(
        self,
        command: str,
        code: ResponseCode | None,
        text: str,
        *,
        reason: LoginFailure = LoginFailure.REFUSED,
        url: str | None = None,
        referrals: tuple[str, ...] = (),
        details: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason
        self.url = url
        self.referrals = referrals
        self.details: MappingProxyType[str, str] = MappingProxyType(dict(details or {}))
        self.retry_after = retry_after
        super().__init__(command, code, text)


@final
class BadError(CommandError):
    """The server answered BAD: it did not understand (:rfc:`9051#section-7.1.3`)."""


class Delivery(Enum):
    """How much of a command was sent before its connection was lost."""

    NOT_SENT = "not sent"
    """Nothing of it: it was not carried out."""
    IN_PART = "in part"
    """Not all of it, as with a literal that the server had not asked for yet: it was not
    carried out."""
    WHOLE = "whole"
    """All of it. Whether the server got it, and carried it out, is not known."""


class ConnectionLostError(ImapError):
    """The connection is gone. Each command that was pending gets one of its own.

    The transport's error, where there is one, is the ``__cause__``.

    Attributes:
        delivery: how much of the command was sent, which says whether the server can have
            carried it out; ``None`` in an error that is about no command.
        may_repeat: whether it is safe to send the command again on another connection: it was
            not carried out, or doing it twice comes to the same (under the same UIDVALIDITY).
    """

    delivery: Delivery | None = None
    may_repeat: bool = False

    def fresh(self) -> ConnectionLostError:
        """Return a copy that was never raised, for one more waiter."""
        made = type(self).__new__(type(self))
        made.args = self.args
        made.__dict__.update(self.__dict__)
        made.__cause__ = self.__cause__
        return made


@final
class ByeError(ConnectionLostError):
    """The server ended the connection with BYE (:rfc:`9051#section-7.1.5`).

    Attributes:
        code: the response code as a typed value, or ``None``.
        text: the server's human-readable text.
    """

    def __init__(self, code: ResponseCode | None, text: str) -> None:
        self.code = code
        self.text = text
        shown = f" [{code.name}]" if code is not None else ""
        super().__init__(f"the server said BYE:{shown} {text}".rstrip())


@final
class RemoteProtocolError(ConnectionLostError):
    """The server broke a rule in a way after which nothing it says can be trusted.

    Attributes:
        rule: what must hold and did not.
        offset: how many octets of the response stream came before, or ``None``.
        excerpt: the start of what was received, escaped and bounded.
    """

    def __init__(
        self, rule: str, received: bytes | bytearray | memoryview = b"", offset: int | None = None
    ) -> None:
        self.rule = rule
        self.offset = offset
        self.excerpt: str = excerpt(received)
        place = "" if offset is None else f" at octet {offset}"
        shown = f": {self.excerpt}" if received else ""
        super().__init__(f"{rule}{place}{shown}")


@final
class LimitExceededError(ConnectionLostError):
    """The server sent more than a bound of :class:`aimap.Limits` allows.

    Attributes:
        limit: the name of the bound.
        allowed: its value.
        value: what the server sent or announced, or ``None`` where only "more" is known.
    """

    def __init__(self, limit: str, allowed: int, value: int | None = None) -> None:
        self.limit = limit
        self.allowed = allowed
        self.value = value
        seen = "more" if value is None else str(value)
        bound = "demands" if value is not None and value < allowed else "allows"
        super().__init__(f"the server sent {seen} where Limits.{limit} {bound} {allowed}")
