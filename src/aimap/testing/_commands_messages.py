"""Commands on the selected mailbox (:rfc:`9051#section-6.4`)."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from aimap._model.dates import MONTHS
from aimap._model.flag import Flag
from aimap._model.numbers import UIDSet
from aimap.testing._connection import Connection
from aimap.testing._describe import body_structure, decoded, envelope, literal, section
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import StoredMessage

_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}


@attrs.frozen
class _Item:
    render: Callable[[StoredMessage], bytes]
    sees: bool = False


def _internal_date(message: StoredMessage) -> bytes:
    date = message.date
    return (
        f'INTERNALDATE "{date.day:2}-{MONTHS[date.month - 1]}-{date.year:04} {date:%H:%M:%S %z}"'
    ).encode("ascii")


def _flags(message: StoredMessage) -> bytes:
    return f"FLAGS ({' '.join(sorted(message.flags))})".encode("ascii")


_SIMPLE: dict[str, _Item] = {
    "FLAGS": _Item(_flags),
    "UID": _Item(lambda m: b"UID %d" % m.uid),
    "INTERNALDATE": _Item(_internal_date),
    "RFC822.SIZE": _Item(lambda m: b"RFC822.SIZE %d" % len(m.octets)),
    "ENVELOPE": _Item(lambda m: b"ENVELOPE " + envelope(m.part)),
    "BODY": _Item(lambda m: b"BODY " + body_structure(m.part, extended=False)),
    "BODYSTRUCTURE": _Item(lambda m: b"BODYSTRUCTURE " + body_structure(m.part, extended=True)),
    "RFC822": _Item(lambda m: b"RFC822 " + literal(m.octets), sees=True),
    "RFC822.HEADER": _Item(lambda m: b"RFC822.HEADER " + literal(m.part.header)),
    "RFC822.TEXT": _Item(lambda m: b"RFC822.TEXT " + literal(m.part.body), sees=True),
}


_MODSEQ = _Item(lambda m: b"MODSEQ (%d)" % m.modseq)


def _item(client: Connection, arguments: Arguments) -> list[_Item]:
    match = arguments.fetch_att()
    if match[1] is None:
        return _named(client, arguments, match[0].decode("ascii").upper())
    if match[1].upper().startswith(b"BINARY"):
        return [_binary(client, match)]
    return [_section(match)]


def _named(client: Connection, arguments: Arguments, word: str) -> list[_Item]:
    if word == "MODSEQ" and client.offers("CONDSTORE"):
        client.enabled.add("CONDSTORE")
        return [_MODSEQ]
    names = _MACROS.get(word, (word,))
    if any(name not in _SIMPLE for name in names):
        raise ViolationError(f"no data item {word} (RFC 9051 section 6.4.5)")
    if arguments.rev2 and word in ("RFC822", "RFC822.HEADER", "RFC822.TEXT"):
        raise ViolationError(f"data item {word} in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
    return [_SIMPLE[name] for name in names]


def _section(match: re.Match[bytes]) -> _Item:
    spec = match[2]
    partial = None if match[3] is None else (int(match[4]), int(match[5]))
    if partial is not None and not partial[1]:
        raise ViolationError("a window of no octets (RFC 9051 section 9, partial)")
    name = b"BODY[%s]" % spec
    if partial is not None:
        name += b"<%d>" % partial[0]

    def render(message: StoredMessage) -> bytes:
        if not spec:
            data: bytes | None = message.octets
        else:
            data = section(message.part, spec)
        if data is None:
            raise ViolationError(f"no section {spec.decode('ascii', 'replace')}")
        if partial is not None:
            data = data[partial[0] : partial[0] + partial[1]]
        return name + b" " + literal(data)

    return _Item(render, sees=match[1].upper() == b"BODY")


def _binary(client: Connection, match: re.Match[bytes]) -> _Item:
    """Return BINARY or BINARY.SIZE of a part (:rfc:`9051#section-6.4.5`)."""
    word = match[1].upper().decode("ascii")
    shown = match[2].decode("ascii", "replace")
    if not (client.offers("BINARY") or client.offers("IMAP4REV2")):
        raise ViolationError(f"{word} without BINARY (RFC 3516)", Rule.BINARY)
    if not re.fullmatch(r"[1-9][0-9]*(?:\.[1-9][0-9]*)*", shown):
        raise ViolationError(
            f"{word}[{shown}] is not of a part (RFC 3516 section 4.2)", Rule.BINARY
        )
    if word == "BINARY.SIZE" and match[3] is not None:
        raise ViolationError(
            f"BINARY.SIZE[{shown}] with a range (RFC 3516 section 4.2)", Rule.BINARY
        )
    numbers = [int(number) for number in shown.split(".")]

    def render(message: StoredMessage) -> bytes:
        part = message.part.find(numbers)
        if part is not None and part.is_multipart:
            raise ViolationError(
                f"{word}[{shown}] of a multipart (RFC 3516 section 4.2)", Rule.BINARY
            )
        data = b"" if part is None else decoded(part)
        if data is None:
            raise RefusalError("that encoding cannot be undone", "UNKNOWN-CTE")
        if word == "BINARY.SIZE":
            return b"BINARY.SIZE[%s] %d" % (match[2], len(data))
        name = b"BINARY[%s]" % match[2]
        if match[3] is not None:
            first, count = int(match[4]), int(match[5])
            name += b"<%d>" % first
            data = data[first : first + count]
        return name + b" " + (b"~" if b"\0" in data else b"") + literal(data)

    return _Item(render, sees=word == "BINARY")


async def fetch(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    items: list[_Item] = []
    if arguments.peek() == b"(":
        for _ in arguments.listed():
            items += _item(client, arguments)
    else:
        items = _item(client, arguments)
    since, vanished = 0, False
    if arguments.step(b" "):
        since, vanished = _modifiers(client, arguments, by_uid=by_uid)
    arguments.end()
    if by_uid and _SIMPLE["UID"] not in items and "UIDONLY" not in client.enabled:
        items.insert(0, _SIMPLE["UID"])
    if since and _MODSEQ not in items:
        items.append(_MODSEQ)
    if vanished:
        gone = UIDSet(uid for at, uid in view.mailbox.vanished if at > since) & numbers
        if gone:
            client.untagged(f"VANISHED (EARLIER) {gone}")
    sees = any(item.sees for item in items) and not view.read_only
    for _, message in view.chosen(numbers):
        if message.modseq <= since:
            continue
        if sees and Flag.SEEN not in message.flags:
            view.mailbox.set_flags(message, {*message.flags, Flag.SEEN})
        client.tell_message(message, b" ".join([item.render(message) for item in items]))
        await client.flush_some()


def _modifiers(client: Connection, arguments: Arguments, *, by_uid: bool) -> tuple[int, bool]:
    """Read CHANGEDSINCE and VANISHED (:rfc:`7162#section-3.2.6`)."""
    since, vanished = 0, False
    for _ in arguments.listed():
        word = arguments.atom()
        if word == "CHANGEDSINCE" and client.offers("CONDSTORE"):
            arguments.space()
            since = arguments.modseq()
            client.enabled.add("CONDSTORE")
        elif word == "VANISHED" and client.offers("QRESYNC"):
            vanished = True
        else:
            raise ViolationError(f"no modifier {word} of FETCH (RFC 4466 section 2.4)")
    if vanished and "QRESYNC" not in client.enabled:
        raise ViolationError(
            "VANISHED without ENABLE QRESYNC (RFC 7162 section 3.2.6)", Rule.QRESYNC
        )
    if vanished and not (since and by_uid):
        raise ViolationError(
            "VANISHED without CHANGEDSINCE, or without UID (RFC 7162 section 3.2.6)", Rule.QRESYNC
        )
    return since, vanished


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
    flags = set(_flags_to_store(arguments))
    arguments.end()
    silent = item.endswith(".SILENT")
    change = item.removesuffix(".SILENT")
    if change not in ("FLAGS", "+FLAGS", "-FLAGS"):
        raise ViolationError(f"no data item {item} of STORE (RFC 9051 section 6.4.6)")
    mailbox = view.writable()
    modified: list[int] = []
    for seq, message in view.chosen(numbers):
        if unchanged is not None and message.modseq > unchanged:
            modified.append(message.uid if by_uid else seq)
            continue
        new = {"F": flags, "+": message.flags | flags, "-": message.flags - flags}[change[0]]
        mailbox.set_flags(message, new, source=view if silent else None)
        if not silent:
            view.tell_flags(message)
        elif unchanged is not None:
            client.tell_message(message, b"UID %d MODSEQ (%d)" % (message.uid, message.modseq))
    if modified:
        client.done_code = f"MODIFIED {UIDSet(modified)}"


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
    assert client.account is not None
    target = client.account.mailbox(name)
    if target is None:
        raise RefusalError("there is no such mailbox", "TRYCREATE")
    chosen = [message for _, message in view.chosen(numbers)]
    copies = [target.add(m.octets, m.flags, m.date) for m in chosen]
    if copies and client.offers("UIDPLUS"):
        origin = UIDSet(message.uid for message in chosen)
        destination = UIDSet(message.uid for message in copies)
        code = f"COPYUID {target.uid_validity} {origin} {destination}"
        if moving:
            client.untagged(f"OK [{code}] moved")
        else:
            client.done_code = code
    if moving:
        source.expunge(chosen)


async def expunge(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    mailbox = client.selected.writable()
    mailbox.expunge([m for m in mailbox.messages if Flag.DELETED in m.flags])


async def uid_expunge(client: Connection, arguments: Arguments) -> None:
    uids = client.selected.numbers(arguments, by_uid=True)
    arguments.end()
    mailbox = client.selected.writable()
    mailbox.expunge([m for m in mailbox.messages if m.uid in uids and Flag.DELETED in m.flags])


async def check(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    if arguments.rev2:
        raise ViolationError("CHECK in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)


async def close(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    mailbox, read_only = client.selected.mailbox, client.selected.read_only
    client.deselect()
    if not read_only:
        mailbox.expunge([m for m in mailbox.messages if Flag.DELETED in m.flags])


async def unselect(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.deselect()
