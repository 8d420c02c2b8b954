"""What the embedded server keeps: accounts, mailboxes, messages, all in memory."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap.testing._mime import Part, parse_message

DELIMITER = "/"


@attrs.define(eq=False)
class StoredMessage:
    """One message in one mailbox."""

    uid: int
    octets: bytes
    flags: set[Flag]
    date: datetime
    modseq: int = 1
    _part: Part | None = None

    @property
    def part(self) -> Part:
        """The message taken apart, which happens once."""
        if self._part is None:
            self._part = parse_message(self.octets)
        return self._part


class Listener(Protocol):
    """A connection that has the mailbox selected."""

    def on_arrival(self, message: StoredMessage) -> None:
        """Take a new message."""

    def on_expunge(self, message: StoredMessage) -> None:
        """Take the end of a message."""

    def on_flags(self, message: StoredMessage, source: object) -> None:
        """Take new flags, set by *source*."""


_validities = itertools.count(1_700_000_001)


@attrs.define(eq=False)
class StoredMailbox:
    """A mailbox: messages by ascending UID, and who has it selected.

    Attributes:
        rights: its access control list: letters by identifier (:rfc:`4314`).
        entries: its METADATA (:rfc:`5464`).
    """

    name: str
    special_use: str | None = None
    uid_validity: int = attrs.field(factory=lambda: next(_validities))
    uid_next: int = 1
    subscribed: bool = True
    messages: list[StoredMessage] = attrs.field(factory=list[StoredMessage])
    keywords: set[Flag] = attrs.field(factory=set[Flag])
    listeners: dict[Listener, None] = attrs.field(factory=dict[Listener, None])
    highest_modseq: int = 1
    vanished: list[tuple[int, int]] = attrs.field(factory=list[tuple[int, int]])
    """The UIDs of messages that are gone, each behind the mod-sequence of its end."""
    rights: dict[str, str] = attrs.field(factory=dict[str, str])
    entries: dict[str, bytes] = attrs.field(factory=dict[str, bytes])

    def _next_modseq(self) -> int:
        self.highest_modseq += 1
        return self.highest_modseq

    def add(
        self, octets: bytes, flags: Iterable[str] = (), date: datetime | None = None
    ) -> StoredMessage:
        """Store a message under the next UID."""
        kept = {Flag(flag) for flag in flags}
        message = StoredMessage(
            self.uid_next, octets, kept, date or datetime.now(UTC), self._next_modseq()
        )
        self.uid_next += 1
        self.messages.append(message)
        self.keywords |= {flag for flag in kept if not flag.is_system}
        for listener in self.listeners:
            listener.on_arrival(message)
        return message

    def find(self, uid: int) -> StoredMessage | None:
        """Return the message with that UID."""
        at = bisect_left(self.messages, uid, key=lambda message: message.uid)
        if at < len(self.messages) and self.messages[at].uid == uid:
            return self.messages[at]
        return None

    def set_flags(
        self, message: StoredMessage, flags: Iterable[str], *, source: object = None
    ) -> None:
        """Give a message just those flags."""
        message.flags = {Flag(flag) for flag in flags}
        message.modseq = self._next_modseq()
        self.keywords |= {flag for flag in message.flags if not flag.is_system}
        for listener in self.listeners:
            listener.on_flags(message, source)

    def expunge(self, messages: Iterable[StoredMessage]) -> None:
        """Remove messages for good."""
        gone = {message.uid: message for message in messages}
        self.messages = [message for message in self.messages if message.uid not in gone]
        for message in gone.values():
            self.vanished.append((self._next_modseq(), message.uid))
            for listener in self.listeners:
                listener.on_expunge(message)


class Account:
    """One user's mailboxes."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.mailboxes: dict[str, StoredMailbox] = {}
        self.entries: dict[str, bytes] = {}
        self.create("INBOX")

    def mailbox(self, name: str) -> StoredMailbox | None:
        """Return a mailbox; INBOX in any case of letters."""
        return self.mailboxes.get("INBOX" if name.upper() == "INBOX" else name)

    def require(self, name: str) -> StoredMailbox:
        """Return a mailbox.

        Raises:
            InvalidArgumentError: if there is none of that name.
        """
        found = self.mailbox(name)
        if found is None:
            raise InvalidArgumentError(f"there is no mailbox {name!r} on the embedded server")
        return found

    def create(self, name: str, special_use: str | None = None) -> StoredMailbox:
        """Create a mailbox, and those above it."""
        parts = name.split(DELIMITER)
        for depth in range(1, len(parts)):
            above = DELIMITER.join(parts[:depth])
            self.mailboxes.setdefault(above, StoredMailbox(above))
        return self.mailboxes.setdefault(name, StoredMailbox(name, special_use))
