"""What scanned values mean: numbers, strings, names, pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, UID
from aimap._model.raw import RawValue
from aimap._model.text import decode_raw
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name

_MAX_DIGITS = 19

# seq-range without "*", which a server has no use for
_RANGE = re.compile(rb"([1-9][0-9]{0,9})(?::([1-9][0-9]{0,9}))?", re.ASCII)


def number(value: RawValue, *, lowest: int = 0, highest: int = MAX_NUMBER) -> int:
    """Return a number.

    Raises:
        ScanError: if it is not one, or out of bounds.
    """
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > _MAX_DIGITS:
        raise ScanError("a number was expected")
    found = int(value)
    if not lowest <= found <= highest:
        raise ScanError(f"a number from {lowest} to {highest} was expected, not {found}")
    return found


def number64(value: RawValue) -> int:
    """Return a number of 63 bits at most (:rfc:`9051#section-9`, ``number64``)."""
    return number(value, highest=MAX_MODSEQ)


def uid(value: RawValue) -> UID:
    """Return a UID, which is not 0."""
    return UID(number(value, lowest=1))


def nstring(value: RawValue) -> bytes | None:
    """Return octets, or ``None`` for NIL; an atom counts as a string.

    Raises:
        ScanError: if it is a list.
    """
    if value is None:
        return None
    if isinstance(value, tuple):
        raise ScanError("a list where a string belongs")
    return bytes(value)


def string(value: RawValue) -> bytes:
    """Return octets; the bare word NIL is a string like any other here.

    Raises:
        ScanError: if it is a list.
    """
    found = nstring(value)
    return b"NIL" if found is None else found


def text(value: RawValue) -> str:
    """Return text: UTF-8, or else latin-1."""
    return decode_raw(string(value))


def name(value: RawValue) -> str:
    """Return a keyword in upper case."""
    return text(value).upper()


def members(value: RawValue, what: str) -> tuple[RawValue, ...]:
    """Return a list's members.

    Raises:
        ScanError: if it is not a list.
    """
    if not isinstance(value, tuple):
        raise ScanError(f"{what} stand in parentheses")
    return value


def pairs(values: tuple[RawValue, ...], what: str) -> Iterator[tuple[RawValue, RawValue]]:
    """Iterate over names and values.

    Raises:
        ScanError: if a value is missing.
    """
    if len(values) % 2:
        raise ScanError(f"{what} are pairs of a name and a value")
    return zip(values[::2], values[1::2], strict=True)


def ranges(value: RawValue, reading: Reading) -> tuple[tuple[int, int], ...]:
    """Return a set of numbers as ranges in the order sent; none is ever expanded.

    Raises:
        ScanError: if it is not a ``sequence-set``, or has too many ranges.
    """
    octets = string(value)
    if octets.count(b",") >= reading.limits.max_items:
        raise ScanError(f"more than {reading.limits.max_items} ranges in a set")
    found: list[tuple[int, int]] = []
    for part in octets.split(b","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ScanError("a set of message numbers was expected")
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if first > MAX_NUMBER or last > MAX_NUMBER:
            raise ScanError(f"a message number is at most {MAX_NUMBER}")
        found.append((first, last))
    return tuple(found)


def mailbox(octets: bytes, reading: Reading) -> str:
    """Return a mailbox name (:rfc:`9051#section-5.1`; modified UTF-7 in :rfc:`3501`)."""
    if len(octets) == 5 and octets.upper() == b"INBOX":
        return "INBOX"
    if not reading.utf8:
        return decode_mailbox_name(octets)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return UndecodedName(octets)


_SHOWN = 200


def octets_of(value: RawValue) -> bytes:
    """Return the start of a scanned value as a server would write it, for a report."""
    out = bytearray()
    waiting: list[RawValue | Atom] = [value]
    glue = True
    while waiting and len(out) < _SHOWN:
        each = waiting.pop()
        if isinstance(each, Atom):
            token, closing = bytes(each), each is _CLOSE
        elif each is None:
            token, closing = b"NIL", False
        elif isinstance(each, bytes):
            token = b'"' + each[:_SHOWN].replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            closing = False
        else:
            waiting += [_CLOSE, *reversed(each)]
            token, closing = b"(", False
        out += token if glue or closing else b" " + token
        glue = token == b"(" and not isinstance(each, bytes)
    return bytes(out[:_SHOWN])


_CLOSE = Atom(b")")
