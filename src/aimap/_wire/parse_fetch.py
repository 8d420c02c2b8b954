"""FETCH responses (:rfc:`9051#section-7.5.2`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from aimap._model.flag import Flag, Flags
from aimap._model.message import Invalid, Message
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, UID, SeqNum
from aimap._wire.parse_body import nstring, parse_body_structure, parse_envelope
from aimap._wire.scanner import ScanError, Scanner, Value

_INVALID_RAW = 200

# "BODY[" section "]" ["<" origin ">"]; a list of header fields stands inside.
_SECTION = re.compile(rb"(BODY|BINARY|BINARY\.SIZE)\[([^\]]*)\](<[0-9]+>)?", re.IGNORECASE)
_NAME = re.compile(rb" *([^\s()\[\]]+(?:\[[^\]\r\n]*\])?(?:<[0-9]{1,20}>)?)")


def _flags(value: Value) -> Flags:
    if not isinstance(value, list):
        raise ScanError("flags are a list")
    return flags_of(tuple(bytes(flag) for flag in value if isinstance(flag, bytes)))


@lru_cache(maxsize=4096)
def flags_of(raw: tuple[bytes, ...]) -> Flags:
    """Return a set of flags; the same few come again and again."""
    return Flags(Flag(flag.decode("utf-8", "replace")) for flag in raw if flag)


def _number(value: Value) -> int:
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 19:
        raise ScanError("a number was expected")
    return int(value)


def _uid(value: Value) -> UID:
    uid = _number(value)
    if not 1 <= uid <= MAX_NUMBER:
        raise ScanError(f"a UID is 1 to {MAX_NUMBER}")
    return UID(uid)


def _modseq(value: Value) -> int:
    if not isinstance(value, list) or len(value) != 1:
        raise ScanError("a mod-sequence stands in parentheses")
    modseq = _number(value[0])
    if not 1 <= modseq <= MAX_MODSEQ:
        raise ScanError(f"a mod-sequence is 1 to {MAX_MODSEQ}")
    return modseq


def _octets(value: Value) -> bytes:
    data = nstring(value)
    return b"" if data is None else data


def _keep(value: Value) -> object:
    return value


_PARSERS: dict[str, Callable[[Value], object]] = {
    "FLAGS": _flags,
    "UID": _uid,
    "INTERNALDATE": _octets,
    "RFC822.SIZE": _number,
    "ENVELOPE": parse_envelope,
    "BODYSTRUCTURE": parse_body_structure,
    "BODY": parse_body_structure,
    "MODSEQ": _modseq,
    "RFC822": _octets,
    "RFC822.HEADER": _octets,
    "RFC822.TEXT": _octets,
}

# What the old names mean (RFC 3501 section 6.4.5).
_ALIASES = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}


@lru_cache(maxsize=1024)
def _key(name: bytes) -> tuple[str, Callable[[Value], object]]:
    """Return the name that an item is filed under, and what reads its value."""
    match = _SECTION.fullmatch(name)
    if match is None:
        key = name.decode("ascii", "replace").upper()
        return _ALIASES.get(key, key), _PARSERS.get(key, _keep)
    word = match[1].decode("ascii").upper()
    section = " ".join(match[2].decode("ascii", "replace").replace('"', "").upper().split())
    origin = (match[3] or b"").decode("ascii")
    parser = _number if word == "BINARY.SIZE" else _octets
    return f"{word}[{section}]{origin}", parser


# message-data = nz-number SP ("FETCH" SP msg-att)
def parse_message(scanner: Scanner, number: int, *, by_uid: bool = False) -> Message:
    """Read the items of a FETCH (or, *by_uid*, a UIDFETCH) response.

    An item that cannot be read becomes :class:`Invalid`, and the others stand.

    Raises:
        ScanError: if it cannot even be told where an item ends.
    """
    if not scanner.opens():
        raise ScanError("a FETCH response is a list of items")
    items: dict[str, object] = {}
    while not scanner.closes():
        match = _NAME.match(scanner.data, scanner.pos)
        if match is None:
            raise ScanError(f"no item's name at octet {scanner.pos}")
        scanner.pos = start = match.end()
        key, parse = _key(match[1])
        value = scanner.value()
        try:
            items[key] = parse(value)
        except ScanError as error:
            raw = scanner.data[start : min(scanner.pos, start + _INVALID_RAW)].strip(b" ")
            items[key] = Invalid(raw, str(error))
    if not scanner.at_end:
        raise ScanError("something stands behind the list of items")
    uid = items.get("UID")
    if by_uid:
        return Message(None, UID(number), items, len(scanner.data))
    seq = SeqNum(number) if number else None
    return Message(seq, uid if isinstance(uid, int) else None, items, len(scanner.data))  # type: ignore[arg-type]
