"""BODYSTRUCTURE, walked part by part where it stands in the buffer.

One pattern reads a part that has no parts, one the end of a multipart, and two what stands
before and behind the body of a message within. What none of them matches is left to the
general reader, the whole of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from aimap._model.body import NO_PARAMETERS, BodyStructure, Disposition, Parameters, make_part
from aimap._model.text import decode_raw, decode_words
from aimap._model.undecoded import Undecoded
from aimap._wire import fast_envelope
from aimap._wire.fast_strings import NSTRING, QUOTED, unquoted
from aimap._wire.parse_body import MESSAGE_TYPES
from aimap._wire.reading import Reading

_DEEPEST = 16
_MULTIPARTS = b"(("

_PARAMETERS = rb"NIL|\(" + QUOTED + rb" " + QUOTED + rb"(?: " + QUOTED + rb" " + QUOTED + rb")*+\)"
_DISPOSITION = rb"NIL|\(" + QUOTED + rb" (?:" + _PARAMETERS + rb")\)"
_LANGUAGE = NSTRING + rb"|\(" + QUOTED + rb"(?: " + QUOTED + rb")*+\)"
# body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
_EXTENSION_1PART = (
    rb"(?: (" + NSTRING + rb")(?: (" + _DISPOSITION + rb")(?: (" + _LANGUAGE + rb")(?: (" + NSTRING
    + rb"))?+)?+)?+)?+"
)  # fmt: skip
# body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
_FIELDS = (
    rb"(" + _PARAMETERS + rb") (" + NSTRING + rb") (" + NSTRING + rb") (" + QUOTED
    + rb") ([0-9]{1,18})"
)  # fmt: skip

# body-type-text has lines, body-type-basic has none.
_LEAF = re.compile(
    rb"\((" + QUOTED + rb") (" + QUOTED + rb") " + _FIELDS + rb"(?: ([0-9]{1,10}))?+"
    + _EXTENSION_1PART + rb"\)"
)  # fmt: skip
_MESSAGE = re.compile(
    rb'\("(?i:MESSAGE)" ("(?i:RFC822|GLOBAL)") ' + _FIELDS + rb" " + fast_envelope.PATTERN + rb" "
)
_MESSAGE_END = re.compile(rb" ([0-9]{1,10})" + _EXTENSION_1PART + rb"\)")
# body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
_MULTIPART_END = re.compile(
    rb" (" + QUOTED + rb")(?: (" + _PARAMETERS + rb")(?: (" + _DISPOSITION + rb")(?: (" + _LANGUAGE
    + rb")(?: (" + NSTRING + rb"))?+)?+)?+)?+\)"
)  # fmt: skip
_PAIR = re.compile(rb"(" + QUOTED + rb") (" + QUOTED + rb")")
_STRING = re.compile(QUOTED)


def read_body(
    buffer: bytes | bytearray, start: int, reading: Reading
) -> tuple[BodyStructure, int] | None:
    """Read the body structure at *start*.

    Returns:
        The structure, and where it ends; ``None`` if that is for the general reader.
    """
    # Open multiparts and messages: their section, their fields if messages, their parts.
    stack: list[tuple[str, re.Match[bytes] | None, list[BodyStructure]]] = []
    pos, section, single = start, "", "1"
    while True:
        if buffer.startswith(_MULTIPARTS, pos):
            if len(stack) == _DEEPEST:
                return None
            stack.append((section, None, []))
            pos += 1
            section = single = f"{section}.1" if section else "1"
            continue
        match = _LEAF.match(buffer, pos)
        part = None if match is None else _leaf(match.groups(), single)
        if match is None or part is None:
            match = _MESSAGE.match(buffer, pos)
            if match is None or len(stack) == _DEEPEST:
                return None
            stack.append((single, match, []))
            pos = match.end()
            section, single = single, f"{single}.1"
            continue
        pos = match.end()
        # Attach the part to what is around it, as long as that ends here.
        while True:
            if not stack:
                return part, pos
            outer, message, parts = stack[-1]
            parts.append(part)
            if message is None and buffer.startswith(b"(", pos):
                number = len(parts) + 1
                section = single = f"{outer}.{number}" if outer else str(number)
                break
            match = (_MULTIPART_END if message is None else _MESSAGE_END).match(buffer, pos)
            if match is None:
                return None
            pos = match.end()
            stack.pop()
            if message is None:
                part = _multipart(match.groups(), outer, tuple(parts))
            else:
                part = _message(message.groups(), match.groups(), outer, tuple(parts), reading)


def _leaf(groups: tuple[Any, ...], section: str) -> BodyStructure | None:
    maintype, subtype = _word(groups[0]), _word(groups[1])
    lines = groups[7]
    if maintype == "text":
        if lines is None:
            return None
    elif lines is not None or maintype == "multipart" or (maintype, subtype) in MESSAGE_TYPES:
        return None
    return make_part(
        section,
        maintype,
        subtype,
        _parameters(groups[2]),
        _text(groups[3]),
        _words(groups[4]),
        _encoding(groups[5]),
        int(groups[6]),
        None if lines is None else int(lines),
        *_extension(groups[8:]),
    )


def _extension(
    groups: tuple[bytes | None, ...],
) -> tuple[str | None, Disposition | None, tuple[str, ...], str | None]:
    md5, disposition, language, location = groups
    return _text(md5), _disposition(disposition), _language(language), _text(location)


def _message(
    groups: tuple[bytes, ...],
    end: tuple[bytes, ...],
    section: str,
    parts: tuple[BodyStructure, ...],
    reading: Reading,
) -> BodyStructure:
    return make_part(
        section,
        "message",
        _word(groups[0]),
        _parameters(groups[1]),
        _text(groups[2]),
        _words(groups[3]),
        _encoding(groups[4]),
        int(groups[5]),
        int(end[0]),
        *_extension(end[1:]),
        fast_envelope.read_envelope(groups[6:], reading),
        parts,
    )


def _multipart(
    groups: tuple[bytes | None, ...], section: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    subtype, parameters, *extension = groups
    return make_part(
        section,
        "multipart",
        _word(subtype or b""),
        _parameters(parameters),
        None,
        None,
        "7bit",
        None,
        None,
        *_extension((None, *extension)),
        None,
        parts,
    )


# The same few values come again and again; parameters too, but for boundaries and names.


@lru_cache(maxsize=1024)
def _word(matched: bytes) -> str:
    return decode_raw(unquoted(matched)).lower()


@lru_cache(maxsize=64)
def _encoding(matched: bytes) -> str:
    return _word(matched).strip() or "7bit"


@lru_cache(maxsize=1024)
def _parameters(matched: bytes | None) -> Parameters:
    if matched is None or matched == b"NIL":
        return NO_PARAMETERS
    return Parameters(Undecoded(_pairs, matched))


def _pairs(matched: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((unquoted(name), unquoted(value)) for name, value in _PAIR.findall(matched))


@lru_cache(maxsize=1024)
def _disposition(matched: bytes | None) -> Disposition | None:
    kind = None if matched is None or matched == b"NIL" else _STRING.match(matched, 1)
    if matched is None or kind is None:
        return None
    return Disposition(_word(kind[0]), _parameters(matched[kind.end() + 1 : -1]))


@lru_cache(maxsize=256)
def _language(matched: bytes | None) -> tuple[str, ...]:
    if matched is None or matched == b"NIL":
        return ()
    return tuple(text for each in _STRING.findall(matched) if (text := decode_raw(unquoted(each))))


def _text(matched: bytes | None) -> str | None:
    if matched is None or matched == b"NIL":
        return None
    return decode_raw(unquoted(matched))


def _words(matched: bytes) -> str | None:
    return None if matched == b"NIL" else decode_words(unquoted(matched))
