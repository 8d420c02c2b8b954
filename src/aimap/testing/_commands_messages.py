"""Commands on the selected mailbox (:rfc:`9051#section-6.4`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import attrs

from aimap._model.flag import Flag
from aimap._model.numbers import UIDSet
from aimap.testing import _gmail
from aimap.testing._annotations import annotate, values_to_store
from aimap.testing._connection import Connection
from aimap.testing._fetch_items import MODSEQ, SIMPLE, Item, read_item
from aimap.testing._grammar import Arguments
from aimap.testing._limits import check_room, target, within_limit
from aimap.testing._results import read_window, within
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import StoredMailbox, StoredMessage

_Change: TypeAlias = Callable[[StoredMessage], None]


@attrs.define
class _Modifiers:
    """What stands behind the items of FETCH."""

    since: int = 0
    vanished: bool = False
    window: tuple[int, int] | None = None


async def fetch(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    items = read_items(client, arguments)
    modifiers = _Modifiers()
    if arguments.step(b" "):
        modifiers = _modifiers(client, arguments, by_uid=by_uid)
    arguments.end()
    if by_uid and SIMPLE["UID"] not in items and "UIDONLY" not in client.enabled:
        items.insert(0, SIMPLE["UID"])
    if modifiers.since and MODSEQ not in items:
        items.append(MODSEQ)
    if modifiers.vanished:
        gone = UIDSet(uid for at, uid in view.mailbox.vanished if at > modifiers.since) & numbers
        if gone:
            client.untagged(f"VANISHED (EARLIER) {gone}")
    sees = any(item.sees for item in items) and not view.read_only
    chosen = [m for _, m in view.chosen(numbers) if m.modseq > modifiers.since]
    if modifiers.window is not None:
        uids = set(within(modifiers.window, [message.uid for message in chosen]))
        chosen = [message for message in chosen if message.uid in uids]
    for message in within_limit(client, chosen, uid=_uid):
        if sees and Flag.SEEN not in message.flags:
            view.mailbox.set_flags(message, {*message.flags, Flag.SEEN})
        client.tell_message(message, b" ".join([item.render(message) for item in items]))
        await client.flush_some()


def read_items(client: Connection, arguments: Arguments) -> list[Item]:
    """Read one data item or macro, or several items in parentheses."""
    if arguments.peek() != b"(":
        return read_item(client, arguments)
    return [item for _ in arguments.listed() for item in read_item(client, arguments)]


def _uid(message: StoredMessage) -> int:
    return message.uid


def _modifiers(client: Connection, arguments: Arguments, *, by_uid: bool) -> _Modifiers:
    """Read CHANGEDSINCE, VANISHED (:rfc:`7162#section-3.2.6`) and PARTIAL (:rfc:`9394`)."""
    found = _Modifiers()
    for _ in arguments.listed():
        word = arguments.atom()
        if word == "CHANGEDSINCE" and client.offers("CONDSTORE"):
            arguments.space()
            found.since = arguments.modseq()
            client.enabled.add("CONDSTORE")
        elif word == "VANISHED" and client.offers("QRESYNC"):
            found.vanished = True
        elif word == "PARTIAL" and client.offers("PARTIAL") and by_uid:
            arguments.space()
            found.window = read_window(arguments)
        else:
            raise ViolationError(f"no modifier {word} of FETCH (RFC 4466 section 2.4)")
    if found.vanished and "QRESYNC" not in client.enabled:
        raise ViolationError(
            "VANISHED without ENABLE QRESYNC (RFC 7162 section 3.2.6)", Rule.QRESYNC
        )
    if found.vanished and not (found.since and by_uid):
        raise ViolationError(
            "VANISHED without CHANGEDSINCE, or without UID (RFC 7162 section 3.2.6)", Rule.QRESYNC
        )
    return found


async def store(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    unchanged: int | None = None
    if arguments.peek() == b"(":
        unchanged = _unchanged_since(client, arguments)
        arguments.space()
    item = arguments.atom()
    arguments.space()
    silent = item.endswith(".SILENT")
    change = _change(client, arguments, item.removesuffix(".SILENT"), silent=silent)
    arguments.end()
    view.writable()
    modified: list[int] = []
    chosen = within_limit(client, view.chosen(numbers), uid=lambda each: each[1].uid)
    for seq, message in chosen:
        if unchanged is not None and message.modseq > unchanged:
            modified.append(message.uid if by_uid else seq)
            continue
        change(message)
        if silent and unchanged is not None:
            client.tell_message(message, b"UID %d MODSEQ (%d)" % (message.uid, message.modseq))
    if modified:
        client.done_code = f"MODIFIED {UIDSet(modified)}"


def _change(client: Connection, arguments: Arguments, item: str, *, silent: bool) -> _Change:
    """Read what STORE is to change, and return what does it."""
    view = client.selected
    sign, word = (item[0], item[1:]) if item[0] in "+-" else ("", item)
    if word == "FLAGS":
        flags = set(_flags_to_store(arguments))

        def change_flags(message: StoredMessage) -> None:
            new = _changed(sign, set(message.flags), flags)
            view.mailbox.set_flags(message, new, source=view if silent else None)
            if not silent:
                view.tell_flags(message)

        return change_flags
    if word == "X-GM-LABELS" and client.offers("X-GM-EXT-1"):
        labels = _gmail.read_labels(arguments)

        def change_labels(message: StoredMessage) -> None:
            new = _changed(sign, set(message.labels), labels)
            # All copies share the set.
            message.labels.clear()
            message.labels.update(new)
            if not silent:
                client.tell_message(
                    message, b"UID %d " % message.uid + _gmail.fetched("X-GM-LABELS")(message)
                )

        return change_labels
    if item == "ANNOTATION" and client.offers("ANNOTATE-EXPERIMENT-1"):
        values = values_to_store(arguments)

        def change_annotations(message: StoredMessage) -> None:
            annotate(message, values)
            view.mailbox.note_annotations(message, values)
            # RFC 5257 section 4.4: they are told to others, and to this client not.
            view.annotated()

        return change_annotations
    raise ViolationError(f"no data item {item} of STORE (RFC 9051 section 6.4.6)")


def _changed(sign: str, old: set[Flag] | set[str], change: Iterable[str]) -> set[str]:
    return {"": set(change), "+": {*old, *change}, "-": {*old} - {*change}}[sign]


def _flags_to_store(arguments: Arguments) -> list[Flag]:
    if arguments.peek() == b"(":
        flags = arguments.flags()
    else:
        flags = [arguments.flag()]
        while arguments.peek(2)[:1] == b" " and arguments.peek(2) != b" (":
            arguments.space()
            flags.append(arguments.flag())
    if re.match(rb" \(UNCHANGEDSINCE ", arguments.peek(17), re.IGNORECASE):
        raise ViolationError(
            "UNCHANGEDSINCE behind the flags, not before them (RFC 7162 section 3.1.3)",
            Rule.CONDSTORE,
        )
    return flags


def _unchanged_since(client: Connection, arguments: Arguments) -> int:
    found = 0
    for _ in arguments.listed():
        word = arguments.atom()
        if word != "UNCHANGEDSINCE" or not client.offers("CONDSTORE"):
            raise ViolationError(f"no modifier {word} of STORE (RFC 4466 section 2.5)")
        arguments.space()
        # It may be 0: then nothing is changed that was ever changed before.
        found = arguments.modseq(zero=True)
    client.enabled.add("CONDSTORE")
    return found


async def copy(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    await _transfer(client, arguments, by_uid=by_uid, moving=False)


async def move(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    await _transfer(client, arguments, by_uid=by_uid, moving=True)


async def _transfer(
    client: Connection, arguments: Arguments, *, by_uid: bool, moving: bool
) -> None:
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    source = view.writable() if moving else view.mailbox
    destination = target(client, name)
    messages = [message for _, message in view.chosen(numbers)]
    chosen = within_limit(client, messages, uid=_uid, saving=True)
    if not moving:
        check_room(client, chosen)
    copies = [destination.add_copy(message) for message in chosen]
    if copies and client.offers("UIDPLUS"):
        origin = UIDSet(message.uid for message in chosen)
        new = UIDSet(message.uid for message in copies)
        code = f"COPYUID {destination.uid_validity} {origin} {new}"
        # A tagged line has one code, and the limit's is needed there.
        if moving or client.done_code:
            client.untagged(f"OK [{code}] done")
        else:
            client.done_code = code
    if moving:
        source.expunge(chosen)


async def expunge(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    _expunge(client, client.selected.writable().messages)


async def uid_expunge(client: Connection, arguments: Arguments) -> None:
    uids = client.selected.numbers(arguments, by_uid=True)
    arguments.end()
    _expunge(client, [m for m in client.selected.writable().messages if m.uid in uids])


def _expunge(client: Connection, messages: Sequence[StoredMessage]) -> None:
    marked = [message for message in messages if Flag.DELETED in message.flags]
    client.selected.mailbox.expunge(within_limit(client, marked, uid=_uid))


async def check(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    if arguments.rev2:
        raise ViolationError("CHECK in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)


async def close(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    mailbox, read_only = client.selected.mailbox, client.selected.read_only
    client.deselect()
    if not read_only:
        _remove_marked(mailbox)


def _remove_marked(mailbox: StoredMailbox) -> None:
    mailbox.expunge([m for m in mailbox.messages if Flag.DELETED in m.flags])


async def unselect(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.deselect()
