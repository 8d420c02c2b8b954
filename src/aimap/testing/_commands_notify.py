"""NOTIFY: what happens anywhere in the account, as it happens (:rfc:`5465`)."""

from __future__ import annotations

from typing import final

import attrs

from aimap.testing._commands_listing import list_line
from aimap.testing._commands_mailboxes import send_status, wire_name
from aimap.testing._commands_messages import read_items
from aimap.testing._connection import Connection
from aimap.testing._describe import nstring
from aimap.testing._fetch_items import Item
from aimap.testing._filters import OF_SELECTED, MailboxFilter, read_filter
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._selected import Selected
from aimap.testing._store import DELIMITER, Change, StoredMailbox

_TOGETHER = frozenset({"MESSAGENEW", "MESSAGEEXPUNGE"})
_MESSAGE_EVENTS = frozenset({*_TOGETHER, "FLAGCHANGE", "ANNOTATIONCHANGE"})
_NAMES = (
    "MessageNew", "MessageExpunge", "FlagChange", "AnnotationChange", "MailboxName",
    "SubscriptionChange", "MailboxMetadataChange", "ServerMetadataChange",
)  # fmt: skip
_EVENTS = frozenset(name.upper() for name in _NAMES)


@attrs.frozen
class _Group:
    mailboxes: MailboxFilter
    events: frozenset[str]
    items: tuple[Item, ...] | None = None


@final
class Notifications:
    """What one client wants to be told of."""

    def __init__(self, groups: list[_Group]) -> None:
        self._groups = [each for each in groups if each.mailboxes.word not in OF_SELECTED]
        self._selected = next(
            (each for each in groups if each.mailboxes.word in OF_SELECTED),
            _Group(MailboxFilter("SELECTED"), frozenset()),
        )
        self._pending: dict[Change, None] = {}

    def note(self, client: Connection, change: Change) -> None:
        """Take a change in the account, to be told if it is wanted."""
        if self._wants(client, change):
            self._pending[change] = None

    def _wants(self, client: Connection, change: Change) -> bool:
        selected = "" if client.view is None else client.view.mailbox.name
        if change.event in _MESSAGE_EVENTS and change.name == selected:
            # Of the selected mailbox the view knows.
            return False
        if change.event == "SERVERMETADATACHANGE":
            return any(change.event in group.events for group in self._groups)
        assert client.account is not None
        mailbox = client.account.mailbox(change.name)
        subscribed = mailbox is not None and mailbox.subscribed
        return any(
            change.event in group.events
            and any(
                group.mailboxes.matches_name(name, subscribed=subscribed)
                for name in (change.name, change.old_name)
                if name
            )
            for group in self._groups
        )

    def tell(self, client: Connection, *, expunges: bool) -> None:
        """Queue what has happened."""
        if client.view is not None:
            self._tell_selected(client, client.view, expunges=expunges)
        pending, self._pending = self._pending, {}
        told: set[str] = set()
        for change in pending:
            if change.event in _MESSAGE_EVENTS:
                # One STATUS tells of all that happened in a mailbox.
                if change.name not in told:
                    told.add(change.name)
                    self._tell_status(client, change)
            else:
                _tell_other(client, change)

    def _tell_selected(self, client: Connection, view: Selected, *, expunges: bool) -> None:
        events = self._selected.events
        at_once = self._selected.mailboxes.word == "SELECTED"
        arrived = view.arrived if "MESSAGENEW" in events else []
        client.tell_selected(
            view,
            expunges=(expunges or at_once) and "MESSAGEEXPUNGE" in events,
            arrivals="MESSAGENEW" in events,
            flags="FLAGCHANGE" in events,
        )
        for message in arrived:
            if self._selected.items is not None and view.seq(message) is not None:
                items = [item.render(message) for item in self._selected.items]
                client.tell_message(message, b" ".join(items))
        if "ANNOTATIONCHANGE" in events:
            for message, entries in view.annotated():
                names = b" ".join(nstring(entry.encode("latin-1")) for entry in entries)
                client.tell_message(message, b"UID %d ANNOTATION (%s)" % (message.uid, names))

    @staticmethod
    def _tell_status(client: Connection, change: Change) -> None:
        assert client.account is not None
        mailbox = client.account.mailbox(change.name)
        if mailbox is None:
            return
        items = ["UIDNEXT", "MESSAGES"]
        if change.event in ("FLAGCHANGE", "ANNOTATIONCHANGE"):
            items = ["UIDVALIDITY", "UNSEEN"]
        if client.enabled & {"CONDSTORE", "QRESYNC"}:
            items.append("HIGHESTMODSEQ")
        send_status(client, mailbox, items)

    def snapshot(self, client: Connection) -> None:
        """Queue STATUS of all mailboxes of which messages are told (:rfc:`5465#section-3.1`)."""
        assert client.account is not None
        for _, mailbox in sorted(client.account.mailboxes.items()):
            events = {
                event
                for group in self._groups
                if group.mailboxes.matches(mailbox)
                for event in group.events & _MESSAGE_EVENTS
            }
            is_selected = client.view is not None and client.view.mailbox is mailbox
            if events and not is_selected:
                items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"]
                if client.offers("CONDSTORE") and events - _TOGETHER:
                    items.append("HIGHESTMODSEQ")
                send_status(client, mailbox, items)


def _tell_other(client: Connection, change: Change) -> None:
    if change.entries:
        name = wire_name(client, change.name) if change.name else '""'
        client.untagged(f"METADATA {name} {' '.join(change.entries)}")
        return
    assert client.account is not None
    mailbox = client.account.mailbox(change.name)
    if mailbox is None:
        gone = StoredMailbox(change.name, subscribed=False)
        client.untagged(f'LIST (\\NonExistent) "{DELIMITER}" {wire_name(client, gone.name)}')
        return
    line = list_line(client, "LIST", mailbox, subscribed=True)
    if change.old_name:
        line += f' ("OLDNAME" ({wire_name(client, change.old_name)}))'
    client.untagged(line)


async def notify(client: Connection, arguments: Arguments) -> None:
    word = arguments.atom()
    assert client.account is not None
    if word == "NONE":
        arguments.end()
        _register(client, Notifications([]))
        return
    if word != "SET":
        raise _broken(f"NOTIFY takes SET or NONE, not {word} (RFC 5465 section 8)")
    arguments.space()
    with_status = arguments.step_word(b"STATUS")
    groups = [_group(client, arguments)]
    while arguments.step(b" "):
        groups.append(_group(client, arguments))
    arguments.end()
    if sum(group.mailboxes.word in OF_SELECTED for group in groups) > 1:
        raise _broken("two filters of the selected mailbox (RFC 5465 section 6.1)")
    for group in groups:
        _check(group)
    notifications = Notifications(groups)
    _register(client, notifications)
    if with_status:
        notifications.snapshot(client)


def _register(client: Connection, notifications: Notifications) -> None:
    assert client.account is not None
    client.notifications = notifications
    if client.on_change not in client.account.observers:
        client.account.observers.append(client.on_change)


def _broken(text: str) -> ViolationError:
    return ViolationError(text, Rule.NOTIFY)


def _group(client: Connection, arguments: Arguments) -> _Group:
    arguments.expect(b"(")
    mailboxes = read_filter(arguments, Rule.NOTIFY, without="SUBTREE-ONE")
    arguments.space()
    events: list[str] = []
    items: list[Item] | None = None
    if arguments.peek() == b"(":
        for _ in arguments.listed():
            events.append(arguments.atom())
            if arguments.peek(2) == b" (":
                arguments.space()
                items = read_items(client, arguments)
    elif arguments.atom() != "NONE":
        raise _broken("events stand in parentheses (RFC 5465 section 8)")
    arguments.expect(b")")
    return _Group(mailboxes, frozenset(events), None if items is None else tuple(items))


def _check(group: _Group) -> None:
    """Check what goes together (:rfc:`5465#section-5`)."""
    unknown = group.events - _EVENTS
    if unknown:
        raise RefusalError(f"no event {min(unknown)}", f"BADEVENT ({' '.join(_NAMES)})")
    if group.events & _MESSAGE_EVENTS and not group.events >= _TOGETHER:
        raise _broken("MessageNew and MessageExpunge go together (RFC 5465 section 5)")
    is_selected = group.mailboxes.word in OF_SELECTED
    if is_selected and group.events - _MESSAGE_EVENTS:
        raise _broken("the selected mailbox has message events only (RFC 5465 section 8)")
    if group.items is not None and not is_selected:
        raise _broken("fetch items are for the selected mailbox (RFC 5465 section 8)")
