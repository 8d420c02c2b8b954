"""The data items of FETCH (:rfc:`9051#section-6.4.5`, and what extensions add)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import attrs

from aimap._model.dates import MONTHS
from aimap.testing import _gmail
from aimap.testing._annotations import fetched as annotation
from aimap.testing._connection import Connection
from aimap.testing._describe import (
    body_structure,
    decoded,
    envelope,
    literal,
    nstring,
    preview,
    section,
)
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import StoredMessage

_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}


@attrs.frozen
class Item:
    """A data item: what it gives of a message, and whether that marks it as seen."""

    render: Callable[[StoredMessage], bytes]
    sees: bool = False


def _date_time(date: datetime) -> bytes:
    return (f'"{date.day:2}-{MONTHS[date.month - 1]}-{date.year:04} {date:%H:%M:%S %z}"').encode(
        "ascii"
    )


def _flags(message: StoredMessage) -> bytes:
    return f"FLAGS ({' '.join(sorted(message.flags))})".encode("ascii")


SIMPLE: dict[str, Item] = {
    "FLAGS": Item(_flags),
    "UID": Item(lambda m: b"UID %d" % m.uid),
    "INTERNALDATE": Item(lambda m: b"INTERNALDATE " + _date_time(m.date)),
    "RFC822.SIZE": Item(lambda m: b"RFC822.SIZE %d" % len(m.octets)),
    "ENVELOPE": Item(lambda m: b"ENVELOPE " + envelope(m.part)),
    "BODY": Item(lambda m: b"BODY " + body_structure(m.part, extended=False)),
    "BODYSTRUCTURE": Item(lambda m: b"BODYSTRUCTURE " + body_structure(m.part, extended=True)),
    "RFC822": Item(lambda m: b"RFC822 " + literal(m.octets), sees=True),
    "RFC822.HEADER": Item(lambda m: b"RFC822.HEADER " + literal(m.part.header)),
    "RFC822.TEXT": Item(lambda m: b"RFC822.TEXT " + literal(m.part.body), sees=True),
}


MODSEQ = Item(lambda m: b"MODSEQ (%d)" % m.modseq)


_OF_EXTENSIONS: dict[str, tuple[str, Item]] = {
    "SAVEDATE": ("SAVEDATE", Item(lambda m: b"SAVEDATE " + _date_time(m.saved))),
    "EMAILID": ("OBJECTID", Item(lambda m: b"EMAILID (%s)" % m.email_id.encode())),
    "THREADID": ("OBJECTID", Item(lambda m: b"THREADID (%s)" % m.thread_id.encode())),
    "PREVIEW": (
        "PREVIEW",
        Item(lambda m: b"PREVIEW " + nstring(preview(m.part).encode("utf-8"))),
    ),
    **{name: ("X-GM-EXT-1", Item(_gmail.fetched(name))) for name in _gmail.ITEMS},
}
"""Data items, and the capability that they need."""


def read_item(client: Connection, arguments: Arguments) -> list[Item]:
    """Read a data item, or a macro.

    Raises:
        ViolationError: if there is none of that name, or it is not offered.
    """
    match = arguments.fetch_att()
    if match[1] is None:
        return _named(client, arguments, match[0].decode("ascii").upper())
    if match[1].upper().startswith(b"BINARY"):
        return [_binary(client, match)]
    return [_section(match)]


def _named(client: Connection, arguments: Arguments, word: str) -> list[Item]:
    if word == "MODSEQ" and client.offers("CONDSTORE"):
        client.enabled.add("CONDSTORE")
        return [MODSEQ]
    if word == "ANNOTATION" and client.offers("ANNOTATE-EXPERIMENT-1"):
        arguments.space()
        return [Item(annotation(arguments))]
    if word in _OF_EXTENSIONS and client.offers(_OF_EXTENSIONS[word][0]):
        if word == "PREVIEW":
            # What is at hand is no trouble: LAZY changes nothing (RFC 8970 section 4.1).
            arguments.step_lazy()
        return [_OF_EXTENSIONS[word][1]]
    names = _MACROS.get(word, (word,))
    if any(name not in SIMPLE for name in names):
        raise ViolationError(f"no data item {word} (RFC 9051 section 6.4.5)")
    if arguments.rev2 and word in ("RFC822", "RFC822.HEADER", "RFC822.TEXT"):
        raise ViolationError(f"data item {word} in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
    return [SIMPLE[name] for name in names]


def _section(match: re.Match[bytes]) -> Item:
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

    return Item(render, sees=match[1].upper() == b"BODY")


def _binary(client: Connection, match: re.Match[bytes]) -> Item:
    """Return BINARY or BINARY.SIZE of a part (:rfc:`9051#section-6.4.5`)."""
    word = match[1].upper().decode("ascii")
    shown = match[2].decode("ascii", "replace")
    if not client.offers("BINARY"):
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

    return Item(render, sees=word == "BINARY")
