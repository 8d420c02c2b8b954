"""What the embedded server keeps: accounts, mailboxes, messages, all in memory."""

from __future__ import annotations

import hashlib
import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap.testing._mime import Part, parse_message

DELIMITER = "/"

_MESSAGE_ID = re.compile(rb"<[^<>]+>")


@attrs.define(eq=False)
class StoredMessage:
    """One message in one mailbox.

    Attributes:
        uid: its UID.
        octets: all of it.
        flags: its flags.
        date: its internal date.
        modseq: its mod-sequence.
        saved: when it came into this mailbox (:rfc:`8514`).
        annotations: values by attribute (``value.priv``), by entry (:rfc:`5257`).
        labels: Gmail's labels, which all copies share.
    """

    uid: int
    octets: bytes
    flags: set[Flag]
    date: datetime
    modseq: int = 1
    saved: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    annotations: dict[str, dict[str, bytes]] = attrs.field(factory=dict[str, dict[str, bytes]])
    labels: set[str] = attrs.field(factory=set[str])
    _part: Part | None = None
    _email_id: str = ""

    @property
    def part(self) -> Part:
        """The message taken apart, which happens once."""
        if self._part is None:
            self._part = parse_message(self.octets)
        return self._part

    @property
    def email_id(self) -> str:
        """The same for all copies of a message, and for no other (:rfc:`8474#section-5.1`)."""
        if not self._email_id:
            self._email_id = "M" + hashlib.sha256(self.octets).hexdigest()[:24]
        return self._email_id

    @property
    def thread_id(self) -> str:
        """The same for all that answer one message (:rfc:`8474#section-5.2`)."""
        for field in ("references", "in-reply-to", "message-id"):
            ids = _MESSAGE_ID.findall(self.part.field(field) or b"")
            if ids:
                return "T" + hashlib.sha256(ids[0]).hexdigest()[:24]
        return "T" + self.email_id[1:]


class Listener(Protocol):
    """A connection that has the mailbox selected."""

    def on_arrival(self, message: StoredMessage) -> None:
        """Take a new message."""

    def on_expunge(self, message: StoredMessage) -> None:
        """Take the end of a message."""

    def on_flags(self, message: StoredMessage, source: object) -> None:
        """Take new flags, set by *source*."""

    def on_annotations(self, message: StoredMessage, entries: Iterable[str]) -> None:
        """Take new values of these annotations."""


@final
@attrs.frozen
class Change:
    """Something that happened in an account.

    Attributes:
        event: what, as NOTIFY calls it (:rfc:`5465#section-5`), in upper case.
        name: in which mailbox, or an empty string for the account itself.
        old_name: what it was called before.
        entries: the metadata that changed.
    """

    event: str
    name: str = ""
    old_name: str = ""
    entries: tuple[str, ...] = ()


Observer: TypeAlias = Callable[[Change], None]

_validities = itertools.count(1_700_000_001)


@attrs.define(eq=False)
class StoredMailbox:
    r"""A mailbox: messages by ascending UID, and who has it selected.

    Attributes:
        name: its full name.
        special_use: what it is for, such as ``"\\Sent"`` (:rfc:`6154`).
        uid_validity: the epoch of its UIDs.
        uid_next: the UID of the next message.
        subscribed: whether the user is subscribed to it.
        messages: those that are in it.
        size: octets of all messages.
        keywords: those that any message here had.
        listeners: the connections that have it selected.
        highest_modseq: the mod-sequence of the last change (:rfc:`7162`).
        vanished: the UIDs of messages that are gone, each behind the mod-sequence of its end.
        rights: its access control list: letters by identifier (:rfc:`4314`).
        entries: its METADATA (:rfc:`5464`).
        mailbox_id: stays when it is renamed (:rfc:`8474#section-4`).
        append_limit: octets that a message may have (:rfc:`7889`).
        referral: the URL of where it is in truth (:rfc:`2193`).
        access_key: what signs URLs into it (:rfc:`4467`); empty until it is needed.
        observers: who wants to know of changes.
    """

    name: str
    special_use: str | None = None
    uid_validity: int = attrs.field(factory=lambda: next(_validities))
    uid_next: int = 1
    subscribed: bool = True
    messages: list[StoredMessage] = attrs.field(factory=list[StoredMessage])
    size: int = 0
    keywords: set[Flag] = attrs.field(factory=set[Flag])
    listeners: dict[Listener, None] = attrs.field(factory=dict[Listener, None])
    highest_modseq: int = 1
    vanished: list[tuple[int, int]] = attrs.field(factory=list[tuple[int, int]])
    rights: dict[str, str] = attrs.field(factory=dict[str, str])
    entries: dict[str, bytes] = attrs.field(factory=dict[str, bytes])
    mailbox_id: str = attrs.field(
        default=attrs.Factory(lambda self: f"F{self.uid_validity:08x}", takes_self=True)
    )
    append_limit: int | None = None
    referral: str = ""
    access_key: str = ""
    observers: list[Observer] = attrs.field(factory=list[Observer])

    def _next_modseq(self) -> int:
        self.highest_modseq += 1
        return self.highest_modseq

    def _announce(self, event: str) -> None:
        for observer in self.observers:
            observer(Change(event, self.name))

    def add(
        self, octets: bytes, flags: Iterable[str] = (), date: datetime | None = None
    ) -> StoredMessage:
        """Store a message under the next UID."""
        kept = {Flag(flag) for flag in flags}
        message = StoredMessage(self.uid_next, octets, kept, date or datetime.now(UTC))
        return self._take(message)

    def add_copy(self, original: StoredMessage) -> StoredMessage:
        """Store what is in another mailbox, with all that belongs to it."""
        message = StoredMessage(
            self.uid_next,
            original.octets,
            set(original.flags),
            original.date,
            annotations={entry: dict(kept) for entry, kept in original.annotations.items()},
            labels=original.labels,
        )
        return self._take(message)

    def _take(self, message: StoredMessage) -> StoredMessage:
        message.modseq = self._next_modseq()
        self.uid_next += 1
        self.messages.append(message)
        self.size += len(message.octets)
        self.keywords |= {flag for flag in message.flags if not flag.is_system}
        for listener in self.listeners:
            listener.on_arrival(message)
        self._announce("MESSAGENEW")
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
        self._announce("FLAGCHANGE")

    def note_annotations(self, message: StoredMessage, entries: Iterable[str]) -> None:
        """Tell that annotations of a message have changed."""
        message.modseq = self._next_modseq()
        for listener in self.listeners:
            listener.on_annotations(message, entries)
        self._announce("ANNOTATIONCHANGE")

    def expunge(self, messages: Iterable[StoredMessage]) -> None:
        """Remove messages for good."""
        gone = {message.uid: message for message in messages}
        self.messages = [message for message in self.messages if message.uid not in gone]
        for message in gone.values():
            self.size -= len(message.octets)
            self.vanished.append((self._next_modseq(), message.uid))
            for listener in self.listeners:
                listener.on_expunge(message)
        if gone:
            self._announce("MESSAGEEXPUNGE")

    def renew_uid_validity(self) -> None:
        """Take another UIDVALIDITY, and give the messages UIDs from 1 on."""
        self.uid_validity = next(_validities)
        for uid, message in enumerate(self.messages, 1):
            message.uid = uid
        self.uid_next = len(self.messages) + 1
        self.vanished.clear()
        self._announce("FLAGCHANGE")

    def set_entries(self, values: Mapping[str, bytes | None]) -> None:
        """Set metadata; ``None`` takes an entry away."""
        _set_entries(self.entries, values)
        for observer in self.observers:
            observer(Change("MAILBOXMETADATACHANGE", self.name, entries=tuple(values)))


def _set_entries(entries: dict[str, bytes], values: Mapping[str, bytes | None]) -> None:
    for entry, value in values.items():
        if value is None:
            entries.pop(entry, None)
        else:
            entries[entry] = value


_KIB = 1024


class Account:
    """One user's mailboxes.

    Attributes:
        password: the user's password.
        mailboxes: by name.
        entries: the METADATA of the server, as this user sees it (:rfc:`5464`).
        limits: the quota: limits by resource, ``STORAGE`` in units of 1,024 octets
            (:rfc:`9208#section-5`).
        referral: the URL of the server where the account is in truth (:rfc:`2221`).
        observers: who wants to know of changes.
    """

    def __init__(self, password: str) -> None:
        self.password = password
        self.mailboxes: dict[str, StoredMailbox] = {}
        self.entries: dict[str, bytes] = {}
        self.limits: dict[str, int] = {"STORAGE": 4 * _KIB * _KIB, "MESSAGE": 1_000_000}
        self.referral = ""
        self.observers: list[Observer] = []
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
        for depth in range(1, len(parts) + 1):
            each = DELIMITER.join(parts[:depth])
            if each not in self.mailboxes:
                use = special_use if depth == len(parts) else None
                self.mailboxes[each] = StoredMailbox(each, use, observers=self.observers)
                self.announce(Change("MAILBOXNAME", each))
        return self.mailboxes[name]

    def delete(self, name: str) -> None:
        """Delete a mailbox; what is below it stays."""
        del self.mailboxes[self.require(name).name]
        self.announce(Change("MAILBOXNAME", name))

    def rename(self, old: str, new: str) -> None:
        """Rename a mailbox, and all that is below it."""
        for name, each in list(self.mailboxes.items()):
            if name == old or name.startswith(old + DELIMITER):
                del self.mailboxes[name]
                each.name = new + name[len(old) :]
                self.mailboxes[each.name] = each
        self.announce(Change("MAILBOXNAME", new, old_name=old))

    def subscribe(self, name: str, *, subscribed: bool) -> None:
        """Subscribe to a mailbox, or end that."""
        self.require(name).subscribed = subscribed
        self.announce(Change("SUBSCRIPTIONCHANGE", name))

    def set_entries(self, values: Mapping[str, bytes | None]) -> None:
        """Set metadata of the server; ``None`` takes an entry away."""
        _set_entries(self.entries, values)
        self.announce(Change("SERVERMETADATACHANGE", entries=tuple(values)))

    def announce(self, change: Change) -> None:
        """Tell of a change."""
        for observer in self.observers:
            observer(change)

    def usage(self, resource: str) -> int:
        """Return how much of a resource is used (:rfc:`9208#section-5`)."""
        mailboxes = self.mailboxes.values()
        match resource:
            case "STORAGE":
                return -(-sum(mailbox.size for mailbox in mailboxes) // _KIB)
            case "MESSAGE":
                return sum(len(mailbox.messages) for mailbox in mailboxes)
            case "MAILBOX":
                return len(self.mailboxes)
            case _:
                values = (
                    len(value)
                    for mailbox in mailboxes
                    for message in mailbox.messages
                    for kept in message.annotations.values()
                    for value in kept.values()
                )
                return -(-sum(values) // _KIB)

    def has_room(self, **more: int) -> bool:
        """Tell whether so much more of resources fits, ``STORAGE`` in octets."""
        for resource, amount in more.items():
            if resource in self.limits:
                units = -(-amount // _KIB) if resource == "STORAGE" else amount
                if self.usage(resource) + units > self.limits[resource]:
                    return False
        return True
