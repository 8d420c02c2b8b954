"""Commands on the selected mailbox (:rfc:`9051#section-6.4`)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from aimap._model.dates import MONTHS
from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap.testing._connection import Connection, RefusalError
from aimap.testing._describe import body_structure, envelope, literal, section
from aimap.testing._grammar import Arguments, ViolationError
from aimap.testing._search import SearchParser
from aimap.testing._store import StoredMailbox, StoredMessage

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


def _item(arguments: Arguments) -> list[_Item]:
    match = arguments.fetch_att()
    if match[1] is None:
        word = match[0].decode("ascii").upper()
        names = _MACROS.get(word, (word,))
        if any(name not in _SIMPLE for name in names):
            raise ViolationError(f"no data item {word}")
        return [_SIMPLE[name] for name in names]
    section_word, spec = match[1].upper(), match[2]
    if section_word not in (b"BODY", b"BODY.PEEK"):
        raise ViolationError(f"{section_word.decode('ascii')} without BINARY (RFC 3516)")
    partial = None if match[3] is None else (int(match[3]), int(match[4]))
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

    return [_Item(render, sees=section_word == b"BODY")]


def _numbers(client: Connection, arguments: Arguments, *, by_uid: bool) -> UIDSet | SeqSet:
    if by_uid:
        return arguments.numbers(UIDSet, client.highest_uid)
    return arguments.numbers(SeqSet, len(client.messages))


def _require_writable(client: Connection) -> StoredMailbox:
    if client.read_only:
        raise RefusalError("the mailbox is open for reading only", "READ-ONLY")
    return client.selected


async def fetch(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    numbers = _numbers(client, arguments, by_uid=by_uid)
    arguments.space()
    items: list[_Item] = []
    if arguments.step(b"("):
        while not arguments.step(b")"):
            if items:
                arguments.space()
            items += _item(arguments)
    else:
        items = _item(arguments)
    arguments.end()
    if by_uid and _SIMPLE["UID"] not in items:
        items.insert(0, _SIMPLE["UID"])
    sees = any(item.sees for item in items) and not client.read_only
    for seq, message in client.chosen(numbers):
        if sees and Flag.SEEN not in message.flags:
            client.selected.set_flags(message, {*message.flags, Flag.SEEN})
        rendered = b" ".join([item.render(message) for item in items])
        client.send(b"* %d FETCH (%s)\r\n" % (seq, rendered))
        await client.flush_some()


async def store(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    numbers = _numbers(client, arguments, by_uid=by_uid)
    arguments.space()
    item = arguments.atom()
    arguments.space()
    if arguments.peek() == b"(":
        flags = set(arguments.flags())
    else:
        flags = {arguments.flag()}
        while arguments.step(b" "):
            flags.add(arguments.flag())
    arguments.end()
    silent = item.endswith(".SILENT")
    change = item.removesuffix(".SILENT")
    if change not in ("FLAGS", "+FLAGS", "-FLAGS"):
        raise ViolationError(f"no data item {item} of STORE")
    mailbox = _require_writable(client)
    for _, message in client.chosen(numbers):
        new = {"F": flags, "+": message.flags | flags, "-": message.flags - flags}[change[0]]
        mailbox.set_flags(message, new, source=client if silent else None)
        if not silent:
            client.tell_flags(message)


async def copy(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    await _transfer(client, arguments, by_uid=by_uid, moving=False)


async def move(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    _require_writable(client)
    await _transfer(client, arguments, by_uid=by_uid, moving=True)


async def _transfer(
    client: Connection, arguments: Arguments, *, by_uid: bool, moving: bool
) -> None:
    numbers = _numbers(client, arguments, by_uid=by_uid)
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    assert client.account is not None
    target = client.account.mailbox(name)
    if target is None:
        raise RefusalError("there is no such mailbox", "TRYCREATE")
    chosen = [message for _, message in client.chosen(numbers)]
    copies = [target.add(m.octets, m.flags, m.date) for m in chosen]
    if copies and "UIDPLUS" in client.server.capabilities:
        source = UIDSet(message.uid for message in chosen)
        destination = UIDSet(message.uid for message in copies)
        code = f"COPYUID {target.uid_validity} {source} {destination}"
        if moving:
            client.untagged(f"OK [{code}] moved")
        else:
            client.done_code = code
    if moving:
        client.selected.expunge(chosen)


async def expunge(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    mailbox = _require_writable(client)
    mailbox.expunge([m for m in mailbox.messages if Flag.DELETED in m.flags])


async def uid_expunge(client: Connection, arguments: Arguments) -> None:
    uids = arguments.numbers(UIDSet, client.highest_uid)
    arguments.end()
    mailbox = _require_writable(client)
    mailbox.expunge([m for m in mailbox.messages if m.uid in uids and Flag.DELETED in m.flags])


async def search(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    wanted = _return_options(client, arguments)
    charset = ""
    if arguments.data[arguments.pos :].upper().startswith(b"CHARSET "):
        arguments.atom()
        arguments.space()
        charset = arguments.astring().decode("ascii", "replace").upper()
        arguments.space()
        if charset not in ("UTF-8", "US-ASCII"):
            raise RefusalError("no such charset", "BADCHARSET (US-ASCII UTF-8)")
    keys = SearchParser(
        arguments,
        exists=len(client.messages),
        highest_uid=client.highest_uid,
        within="WITHIN" in client.server.capabilities,
    )
    test = keys.keys()
    arguments.end()
    if not keys.ascii_only and charset != "UTF-8":
        raise ViolationError("8-bit search text without CHARSET UTF-8 (RFC 3501 section 6.4.4)")
    found = [
        message.uid if by_uid else seq
        for seq, message in enumerate(client.messages, 1)
        if test(seq, message)
    ]
    if wanted is None:
        client.untagged(" ".join(["SEARCH", *map(str, found)]))
        return
    words = [f'ESEARCH (TAG "{client.tag}")', *(["UID"] if by_uid else [])]
    for option in wanted:
        if option == "COUNT":
            words.append(f"COUNT {len(found)}")
        elif found:
            value = {"MIN": found[0], "MAX": found[-1], "ALL": UIDSet(found)}[option]
            words.append(f"{option} {value}")
    client.untagged(" ".join(words))


def _return_options(client: Connection, arguments: Arguments) -> list[str] | None:
    if not arguments.data[arguments.pos :].upper().startswith(b"RETURN "):
        return None
    if "ESEARCH" not in client.server.capabilities:
        raise ViolationError("RETURN without ESEARCH (RFC 4731)")
    arguments.atom()
    arguments.space()
    arguments.expect(b"(")
    options: list[str] = []
    while not arguments.step(b")"):
        if options:
            arguments.space()
        options.append(arguments.atom())
        if options[-1] not in ("MIN", "MAX", "ALL", "COUNT"):
            raise ViolationError(f"no return option {options[-1]} (RFC 4731)")
    arguments.space()
    return options or ["ALL"]


async def close(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    mailbox, read_only = client.selected, client.read_only
    client.deselect()
    if not read_only:
        mailbox.expunge([m for m in mailbox.messages if Flag.DELETED in m.flags])


async def unselect(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.deselect()
