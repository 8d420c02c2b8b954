"""BODYSTRUCTURE, walked part by part.

One pattern reads a part that has no parts, one the end of a multipart, and two what stands
before and behind the body of a message within. What none of them matches is left to the
general reader, the whole of it. When a response comes, the patterns only find that all is
well and where it ends; the tree is built from the same matches when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from aimap._model.body import NO_PARAMETERS, BodyStructure, Disposition, Parameters, make_part
from aimap._model.text import decode_raw, decode_words
from aimap._model.undecoded import Undecoded
from aimap._wire import fast_envelope
from aimap._wire.fast_strings import NSTRING, QUOTED, unquoted

_DEEPEST = 16
_OPENS_MULTIPART = b"(("
_ENVELOPE_AT = 2
# Longer ones are for the general reader, since some of what is read here is kept.
_LONGEST = 4096

_PARAMETERS = rb"NIL|\(" + QUOTED + rb" " + QUOTED + rb"(?: " + QUOTED + rb" " + QUOTED + rb")*+\)"
_DISPOSITION = rb"NIL|\(" + QUOTED + rb" (?:" + _PARAMETERS + rb")\)"
_LANGUAGE = NSTRING + rb"|\(" + QUOTED + rb"(?: " + QUOTED + rb")*+\)"
# body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
# body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
_FROM_DISPOSITION = rb"(?: (?:%s)(?: (?:%s)(?: %s)?+)?+)?+" % (_DISPOSITION, _LANGUAGE, NSTRING)
_EXTENSION = rb"((?: %s%s)?+)" % (NSTRING, _FROM_DISPOSITION)
# body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
_FIELDS = rb"(?:%s) %s %s %s) ([0-9]{1,18})" % (_PARAMETERS, NSTRING, NSTRING, QUOTED)
# body-type-text has lines, body-type-basic has none, and is neither of the others.
_TEXT = rb'("(?i:TEXT)" %s %s ([0-9]{1,10})' % (QUOTED, _FIELDS)
_BASIC = rb'(%s(?!"(?i:TEXT|MULTIPART)")%s %s %s' % (
    rb'(?!"(?i:MESSAGE)" "(?i:RFC822|GLOBAL)")',
    QUOTED,
    QUOTED,
    _FIELDS,
)
_LEAF = re.compile(rb"\((?:%s|%s)%s\)" % (_TEXT, _BASIC, _EXTENSION))
# body-type-msg
_MESSAGE = re.compile(
    rb'\(("(?i:MESSAGE)" "(?i:RFC822|GLOBAL)" %s %s ' % (_FIELDS, fast_envelope.PATTERN)
)
_MESSAGE_END = re.compile(rb" ([0-9]{1,10})%s\)" % _EXTENSION)
_MULTIPART_END = re.compile(rb" (%s)(?: (%s)(%s))?+\)" % (QUOTED, _PARAMETERS, _FROM_DISPOSITION))

# The same, to be taken apart.
_HEAD_FIELDS = re.compile(
    rb"(%s) (%s) (%s) (%s) (%s) (%s)" % (QUOTED, QUOTED, _PARAMETERS, NSTRING, NSTRING, QUOTED)
)
_EXTENSION_FIELDS = re.compile(
    rb"(?: (%s)(?: (%s)(?: (%s)(?: (%s))?+)?+)?+)?+" % (NSTRING, _DISPOSITION, _LANGUAGE, NSTRING)
)
_PAIR = re.compile(rb"(" + QUOTED + rb") (" + QUOTED + rb")")
_STRING = re.compile(QUOTED)


def end_of_body(buffer: bytes | bytearray, start: int) -> int | None:
    """Return where the body structure at *start* ends; ``None`` leaves it to the general reader."""
    # Of each multipart and message that is open, the pattern of its end.
    stack: list[re.Pattern[bytes]] = []
    pos = start
    while True:
        if buffer.startswith(_OPENS_MULTIPART, pos):
            stack.append(_MULTIPART_END)
            pos += 1
        elif (match := _LEAF.match(buffer, pos)) is not None:
            if match.end() - pos > _LONGEST:
                return None
            pos = match.end()
            while stack and not (stack[-1] is _MULTIPART_END and buffer.startswith(b"(", pos)):
                match = stack.pop().match(buffer, pos)
                if match is None or match.end() - pos > _LONGEST:
                    return None
                pos = match.end()
            if not stack:
                return pos
        elif (match := _MESSAGE.match(buffer, pos)) is not None:
            if fast_envelope.has_groups(match.groups()[_ENVELOPE_AT:]):
                return None
            if match.end(_ENVELOPE_AT) - pos > _LONGEST:
                return None
            stack.append(_MESSAGE_END)
            pos = match.end()
        else:
            return None
        if len(stack) > _DEEPEST:
            return None


def read_body(octets: bytes) -> BodyStructure:
    """Return a body structure whose end :func:`end_of_body` has found."""
    # Open multiparts and messages: their section, their match if messages, their parts.
    stack: list[tuple[str, re.Match[bytes] | None, list[BodyStructure]]] = []
    pos, section, single = 0, "", "1"
    while True:
        if octets.startswith(_OPENS_MULTIPART, pos):
            stack.append((section, None, []))
            pos += 1
            section = single = f"{section}.1" if section else "1"
            continue
        match = _LEAF.match(octets, pos)
        if match is None:
            match = _found(_MESSAGE, octets, pos)
            stack.append((single, match, []))
            pos = match.end()
            section, single = single, f"{single}.1"
            continue
        part = _leaf(match.groups(), single)
        pos = match.end()
        # Attach the part to what is around it, as long as that ends here.
        while stack:
            outer, message, parts = stack[-1]
            parts.append(part)
            if message is None and octets.startswith(b"(", pos):
                number = len(parts) + 1
                section = single = f"{outer}.{number}" if outer else str(number)
                break
            stack.pop()
            match = _found(_MULTIPART_END if message is None else _MESSAGE_END, octets, pos)
            pos = match.end()
            if message is None:
                part = _multipart(match.groups(), outer, tuple(parts))
            else:
                part = _message(message.groups(), match.groups(), outer, tuple(parts))
        else:
            return part


def _found(pattern: re.Pattern[bytes], octets: bytes, pos: int) -> re.Match[bytes]:
    match = pattern.match(octets, pos)
    assert match is not None, "its end was found before"
    return match


def _leaf(groups: tuple[Any, ...], section: str) -> BodyStructure:
    text_head, text_size, lines, head, size, extension = groups
    if text_head is None:
        return make_part(section, *_head(head), int(size), None, *_extension(extension))
    return make_part(section, *_head(text_head), int(text_size), int(lines), *_extension(extension))


def _message(
    groups: tuple[Any, ...], end: tuple[Any, ...], section: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    head, size, *envelope = groups
    lines, extension = end
    return make_part(
        section,
        *_head(head),
        int(size),
        int(lines),
        *_extension(extension),
        fast_envelope.read_envelope(tuple(envelope)),
        parts,
    )


def _multipart(
    groups: tuple[Any, ...], section: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    subtype, parameters, extension = groups
    return make_part(
        section,
        "multipart",
        _word(subtype),
        _parameters(parameters or b"NIL"),
        None,
        None,
        "7bit",
        None,
        None,
        # It has no MD5.
        *_extension(b" NIL" + (extension or b"")),
        None,
        parts,
    )


# Most heads and extensions are like others; those that name a file are not.


@lru_cache(maxsize=2048)
def _head(
    matched: bytes,
) -> tuple[str, str, Mapping[str, str], str | None, str | None, str]:
    """Return the fields of a part up to its transfer encoding."""
    match = _HEAD_FIELDS.fullmatch(matched)
    assert match is not None
    maintype, subtype, parameters, content_id, description, encoding = match.groups()
    return (
        _word(maintype),
        _word(subtype),
        _parameters(parameters),
        _text(content_id),
        None if description == b"NIL" else decode_words(unquoted(description)),
        _word(encoding).strip() or "7bit",
    )


@lru_cache(maxsize=2048)
def _extension(
    matched: bytes,
) -> tuple[str | None, Disposition | None, tuple[str, ...], str | None]:
    """Return the fields of a part from its MD5 on."""
    match = _EXTENSION_FIELDS.fullmatch(matched)
    assert match is not None
    md5, disposition, language, location = match.groups(b"NIL")
    return _text(md5), _disposition(disposition), _language(language), _text(location)


@lru_cache(maxsize=1024)
def _word(matched: bytes) -> str:
    return decode_raw(unquoted(matched)).lower()


def _parameters(matched: bytes) -> Parameters:
    return NO_PARAMETERS if matched == b"NIL" else Parameters(Undecoded(_pairs, matched))


def _pairs(matched: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((unquoted(name), unquoted(value)) for name, value in _PAIR.findall(matched))


def _disposition(matched: bytes) -> Disposition | None:
    kind = _STRING.match(matched, 1)
    if kind is None:
        return None
    return Disposition(_word(kind[0]), _parameters(matched[kind.end() + 1 : -1]))


def _language(matched: bytes) -> tuple[str, ...]:
    if matched == b"NIL":
        return ()
    return tuple(text for each in _STRING.findall(matched) if (text := decode_raw(unquoted(each))))


def _text(matched: bytes) -> str | None:
    return None if matched == b"NIL" else decode_raw(unquoted(matched))
