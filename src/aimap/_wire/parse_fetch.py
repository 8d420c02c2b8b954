"""FETCH responses (:rfc:`9051#section-7.5.2`): the general reader.

:mod:`aimap._wire.fast_fetch` reads the common shapes; this reads everything, and what
both read they read alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from aimap._model.body import BodyStructure
from aimap._model.dates import parse_date_time
from aimap._model.envelope import Envelope
from aimap._model.invalid import Invalid
from aimap._model.limits import Limits
from aimap._model.message import Message
from aimap._model.numbers import MAX_MODSEQ, UID, ModSeq, SeqNum
from aimap._model.raw import RawValue
from aimap._wire import quirks
from aimap._wire.parse_body import parse_body_structure
from aimap._wire.parse_envelope import parse_envelope, scan_envelope
from aimap._wire.parse_flags import parse_flags
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Scanner
from aimap._wire.utf7 import decode_mailbox_name
from aimap._wire.values import members, nstring, number, number64, pairs, string, text, uid

_INVALID_RAW = 200
_LONGEST_KEPT = 1000
_RESTARTS = 8
_MAX_UNSIGNED64 = 0xFFFFFFFFFFFFFFFF

# section = "[" [section-spec] "]"; a list of header fields stands inside.
_NAME = re.compile(rb"( *+)([^\s()\[\]]++(?:\[[^\]]*+\])?(?:<[0-9.]{1,41}>)?)")
_PARTS = re.compile(
    rb"(BODY|BINARY(?:\.SIZE)?|BODYPARTSTRUCTURE|AVAILABLECONVERSIONS)"
    rb"\[([^\]]*)\](?:<([0-9]{1,20})((?:\.[0-9]{1,20})?)>)?",
    re.IGNORECASE,
)
_LITERAL_HEADER = re.compile(rb"\{[0-9]+\}\r?\n")

# Where reading can go on behind an item whose end cannot be told.
_NEXT_ITEM = re.compile(
    rb"(?<=[ )\]])(?=(?:UID|FLAGS|INTERNALDATE|RFC822(?:\.SIZE|\.HEADER|\.TEXT)?|ENVELOPE"
    rb"|BODY(?:STRUCTURE)?|MODSEQ|EMAILID|THREADID|PREVIEW|SAVEDATE|X-GM-[A-Z]+) "
    rb"|(?:BODY|BINARY)\[)",
    re.IGNORECASE,
)

_Parser = Callable[[RawValue, Reading], object]


def _uid(value: RawValue, reading: Reading) -> UID:
    return uid(value)


# fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")"
def _modseq(value: RawValue, reading: Reading) -> ModSeq:
    fields = members(value, "a mod-sequence")
    if len(fields) != 1:
        raise ScanError("a message has one mod-sequence")
    if isinstance(fields[0], bytes) and (fields[0] == b"0" or fields[0].startswith(b"-")):
        reading.tolerate(quirks.MODSEQ_ZERO)
        raise ScanError("a mod-sequence is above 0")
    return ModSeq(number(fields[0], lowest=1, highest=MAX_MODSEQ))


def _date_time(value: RawValue, reading: Reading) -> bytes:
    octets = string(value)
    if parse_date_time(octets) is None:
        raise ScanError("a date-time was expected")
    if octets[1:2] == b"-":
        reading.tolerate(quirks.INTERNALDATE_ONE_DIGIT)
    return octets


def _date_time_or_nil(value: RawValue, reading: Reading) -> bytes | None:
    return None if value is None else _date_time(value, reading)


def _size(value: RawValue, reading: Reading) -> int:
    return number64(value)


def _octets(value: RawValue, reading: Reading) -> bytes:
    return nstring(value) or b""


def _binary(value: RawValue, reading: Reading) -> bytes | None:
    return nstring(value)


# "EMAILID" SP "(" objectid ")", "THREADID" SP ("(" objectid ")" / nil)
def _object_id(value: RawValue, reading: Reading) -> str | None:
    if value is None:
        return None
    fields = members(value, "an object identifier")
    if len(fields) != 1:
        raise ScanError("there is one object identifier")
    return text(fields[0])


# "PREVIEW" SP nstring; an older form, still Dovecot's SNIPPET, is (FUZZY "text").
def _preview(value: RawValue, reading: Reading) -> str | None:
    if isinstance(value, tuple):
        value = value[-1] if value else None
    return None if value is None else text(value)


def _gmail_number(value: RawValue, reading: Reading) -> int:
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 20:
        raise ScanError("a number was expected")
    found = int(value)
    if found > _MAX_UNSIGNED64:
        raise ScanError("a number of 64 bits was expected")
    return found


def _gmail_labels(value: RawValue, reading: Reading) -> tuple[str, ...]:
    labels: list[str] = []
    for label in members(value, "labels"):
        if label is None:
            reading.tolerate(quirks.NIL_IN_LIST)
        else:
            labels.append(decode_mailbox_name(string(label)))
    return tuple(labels)


# "ANNOTATION" SP ("(" entry-att *(SP entry-att) ")" / "(" entry *(SP entry) ")")
# entry-att = entry SP "(" att-value *(SP att-value) ")"
def _annotations(value: RawValue, reading: Reading) -> dict[str, dict[str, bytes | None]]:
    found: dict[str, dict[str, bytes | None]] = {}
    entry = ""
    for each in members(value, "annotations"):
        if isinstance(each, tuple):
            if not found:
                raise ScanError("an entry's name comes before its values")
            found[entry] = {
                text(attribute): nstring(content) for attribute, content in pairs(each, "values")
            }
        else:
            entry = text(each)
            found[entry] = {}
    return found


def _keep(value: RawValue, reading: Reading) -> RawValue:
    return value


_PARSERS: dict[str, _Parser] = {
    "FLAGS": parse_flags,
    "UID": _uid,
    "INTERNALDATE": _date_time,
    "RFC822.SIZE": _size,
    "ENVELOPE": parse_envelope,
    "BODYSTRUCTURE": parse_body_structure,
    "BODY": parse_body_structure,
    "MODSEQ": _modseq,
    "RFC822": _octets,
    "RFC822.HEADER": _octets,
    "RFC822.TEXT": _octets,
    "SAVEDATE": _date_time_or_nil,
    "EMAILID": _object_id,
    "THREADID": _object_id,
    "PREVIEW": _preview,
    "SNIPPET": _preview,
    "X-GM-MSGID": _gmail_number,
    "X-GM-THRID": _gmail_number,
    "X-GM-LABELS": _gmail_labels,
    "ANNOTATION": _annotations,
}

_SECTION_PARSERS: dict[str, _Parser] = {
    "BODY": _octets,
    "BINARY": _binary,
    "BINARY.SIZE": _size,
}

KNOWN_ITEMS = frozenset({*_PARSERS, *_SECTION_PARSERS, "BODYPARTSTRUCTURE", "AVAILABLECONVERSIONS"})
"""Data items that aimap reads."""

# What the old names mean (RFC 3501 section 6.4.5).
_ALIASES = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}


def _read_key(octets: bytes) -> tuple[str, _Parser, bool]:
    """Return the name that an item is filed under, what reads it, and whether its origin is odd."""
    match = _PARTS.fullmatch(octets)
    if match is None:
        key = octets.decode("ascii", "replace").upper()
        return _ALIASES.get(key, key), _PARSERS.get(key, _keep), False
    word = match[1].decode("ascii").upper()
    inside = _LITERAL_HEADER.sub(b"", match[2]).decode("utf-8", "replace")
    section = " ".join(inside.replace('"', "").upper().split())
    origin = f"<{match[3].decode('ascii')}>" if match[3] else ""
    return f"{word}[{section}]{origin}", _SECTION_PARSERS.get(word, _keep), bool(match[4])


_kept_key = lru_cache(maxsize=1024)(_read_key)


def _key(octets: bytes) -> tuple[str, _Parser, bool]:
    # What is kept is bounded in octets too, whatever a server calls its items.
    return _kept_key(octets) if len(octets) <= _LONGEST_KEPT else _read_key(octets)


def item_name(scanner: Scanner) -> str:
    """Read an item's name, and return it as it is filed.

    Raises:
        ScanError: if there is none.
    """
    return _item(scanner)[0]


def _item(scanner: Scanner) -> tuple[str, _Parser]:
    match = _NAME.match(scanner.data, scanner.pos)
    if match is None:
        raise ScanError(f"no item's name at octet {scanner.pos}")
    if len(match[1]) > 1:
        scanner.reading.tolerate(quirks.DOUBLE_SPACE)
    key, parse, odd_origin = _key(match[2])
    if odd_origin:
        scanner.reading.tolerate(quirks.FETCH_ORIGIN_ECHO)
    scanner.pos = match.end()
    if parse is _keep:
        parse = _by_extension(key, scanner.reading)
    return key, parse


def _by_extension(key: str, reading: Reading) -> _Parser:
    """Return what reads an item that is not known here: an extension, if there is one for it."""
    read = reading.extension.items.get(key.partition("[")[0])
    if read is None:
        return _keep

    def parse(value: RawValue, reading: Reading) -> object:
        try:
            return read(value)
        except Exception as error:
            raise ScanError(f"{key} could not be read: {error!r}") from error

    return parse


# message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
# msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
def parse_message(scanner: Scanner, seq: int, *, by_uid: bool = False) -> Message:
    """Read the items of a FETCH (or, *by_uid*, a UIDFETCH) response.

    An item that cannot be read becomes :class:`Invalid`, and the others stand.

    Raises:
        ScanError: if it is not a list of items.
    """
    if not scanner.opens():
        raise ScanError("a FETCH response is a list of items")
    items: dict[str, object] = {}
    _read_items(scanner, items, recover=not scanner.reading.strict)
    scanner.end()
    if not items:
        scanner.reading.tolerate(quirks.FETCH_EMPTY)
    if not seq:
        if by_uid:
            raise ScanError("a UID is above 0")
        scanner.reading.tolerate(quirks.FETCH_SEQ_ZERO)
    _hint_charset(items)
    message_uid = items.get("UID")
    octets = len(scanner.data)
    if by_uid:
        return Message(None, UID(seq), items, octets)
    return Message(
        SeqNum(seq) if seq else None,
        UID(message_uid) if isinstance(message_uid, int) else None,
        items,
        octets,
    )


def _read_items(scanner: Scanner, items: dict[str, object], *, recover: bool) -> None:
    reading = scanner.reading
    depth = 1
    while True:
        if scanner.closes():
            depth -= 1
            if not depth:
                return
        elif scanner.opens():
            reading.tolerate(quirks.FETCH_EXTRA_PARENS)
            depth += 1
            if depth > reading.limits.max_depth:
                raise ScanError(f"nested deeper than {reading.limits.max_depth}")
        else:
            key, parse = _item(scanner)
            at = scanner.pos
            if scanner.closes():
                scanner.pos = at
                reading.tolerate(quirks.FETCH_BODY_CUT)
                continue
            _read_item(scanner, key, parse, items, recover=recover)
            if len(items) > reading.limits.max_items:
                raise ScanError(f"more than {reading.limits.max_items} items")


def _read_item(
    scanner: Scanner, key: str, parse: _Parser, items: dict[str, object], *, recover: bool
) -> None:
    start = scanner.pos
    try:
        value = scan_envelope(scanner) if key == "ENVELOPE" else scanner.value()
    except ScanError as error:
        if not recover:
            raise
        restart = _restart(scanner, start)
        if restart is None:
            raise
        scanner.pos = restart
        items[key] = _invalid(scanner, start, error)
        return
    try:
        items[key] = parse(value, scanner.reading)
    except ScanError as error:
        if scanner.reading.strict:
            raise
        items[key] = _invalid(scanner, start, error)


def _invalid(scanner: Scanner, start: int, error: ScanError) -> Invalid:
    scanner.reading.note(str(error))
    raw = scanner.data[start : min(scanner.pos, start + _INVALID_RAW)].strip(b" ")
    return Invalid(raw, str(error))


def _restart(scanner: Scanner, start: int) -> int | None:
    """Find where to go on behind an item whose end cannot be told.

    That is the first item's name from which on everything can be read, or else the end;
    ``None`` if the response does not even end as it should.
    """
    data, reading = scanner.data, scanner.reading
    for tries, match in enumerate(_NEXT_ITEM.finditer(data, start + 1)):
        if tries == _RESTARTS:
            break
        trial = Scanner(data, Reading(reading.limits, utf8=reading.utf8), match.start())
        try:
            _read_items(trial, {}, recover=False)
            trial.end()
        except ScanError:
            continue
        return match.start()
    return len(data) - 1 if data.endswith(b")") else None


def _hint_charset(items: dict[str, object]) -> None:
    """Let 8-bit octets in the header be read in the charset that the message names."""
    envelope, structure = items.get("ENVELOPE"), items.get("BODYSTRUCTURE")
    if not isinstance(envelope, Envelope) or not isinstance(structure, BodyStructure):
        return
    if envelope.needs_charset:
        charset = next((part.charset for part in structure.walk() if part.charset), None)
        if charset is not None:
            items["ENVELOPE"] = envelope.in_charset(charset)


def item_names(frame: bytes) -> list[tuple[str, bytes]]:
    """Return the items of a FETCH response: how each is filed, and how it was written.

    None if it is not a response that can be read to its end without any tolerance.
    """
    reading = Reading(Limits(), strict=True)
    scanner = Scanner(frame, reading, frame.find(b"("))
    names: list[tuple[str, bytes]] = []
    try:
        scanner.opens()
        while not scanner.closes():
            start = scanner.pos
            key = item_name(scanner)
            names.append((key, frame[start : scanner.pos].strip(b" ")))
            scanner.value()
        scanner.end()
    except ScanError:
        return []
    return names


def reads_octets(key: str) -> bool:
    """Tell whether an item is filed as the octets that its literal holds."""
    return key.startswith("BODY[")
