"""BODYSTRUCTURE, walked part by part where it stands in the buffer.

One pattern reads a part that has no parts, one the end of a multipart, and two what stands
before and behind the body of a message within. What none of them matches is left to the
general reader, the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from aimap._model.body import BodyStructure, Disposition
from aimap._model.text import decode_parameters, decode_raw, decode_words
from aimap._wire import fast_envelope
from aimap._wire.fast_strings import NSTRING, QUOTED, nstring, unquoted

_DEEPEST = 16
# Longer ones are for the general reader, since some of what is read here is kept.
_LONGEST = 4096
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

# body-type-text has lines, body-type-basic has none; message/rfc822 is none of the two.
_LEAF = re.compile(
    rb"\((?:(" + rb'"(?i:TEXT)"' + rb") (" + QUOTED + rb") " + _FIELDS + rb" ([0-9]{1,10})|("
    + rb'(?!"(?i:TEXT|MULTIPART|MESSAGE)")' + QUOTED + rb") (" + QUOTED + rb") " + _FIELDS
    + rb")" + _EXTENSION_1PART + rb"\)"
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


def read_body(buffer: bytes | bytearray, start: int) -> tuple[BodyStructure, int] | None:
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
        if match is None:
            match = _MESSAGE.match(buffer, pos)
            if match is None or len(stack) == _DEEPEST or match.end(6) - pos > _LONGEST:
                return None
            if fast_envelope.has_groups(match.groups()[6:]):
                return None
            stack.append((single, match, []))
            pos = match.end()
            section, single = single, f"{single}.1"
            continue
        if match.end() - pos > _LONGEST:
            return None
        part = _leaf(match.groups(), single)
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
            if match is None or match.end() - pos > _LONGEST:
                return None
            pos = match.end()
            stack.pop()
            if message is None:
                part = _multipart(match.groups(), outer, tuple(parts))
            else:
                part = _message(message.groups(), match.groups(), outer, tuple(parts))


def _leaf(groups: tuple[bytes | None, ...], section: str) -> BodyStructure:
    if groups[0] is not None:
        maintype, subtype, parameters, content_id, description, encoding, size, lines = groups[:8]
    else:
        maintype, subtype, parameters, content_id, description, encoding, size = groups[8:15]
        lines = None
    md5, disposition, language, location = groups[15:]
    return BodyStructure(
        section=section,
        maintype=_word(maintype),
        subtype=_word(subtype),
        parameters=_parameters(parameters),
        content_id=_text(content_id),
        description=_words(description),
        encoding=_encoding(encoding),
        size=int(size or b""),
        lines=None if lines is None else int(lines),
        md5=_text(md5),
        disposition=_disposition(disposition),
        language=_language(language),
        location=_text(location),
    )


def _message(
    groups: tuple[bytes | None, ...],
    end: tuple[bytes | None, ...],
    section: str,
    parts: tuple[BodyStructure, ...],
) -> BodyStructure:
    subtype, parameters, content_id, description, encoding, size = groups[:6]
    lines, md5, disposition, language, location = end
    return BodyStructure(
        section=section,
        maintype="message",
        subtype=_word(subtype),
        parameters=_parameters(parameters),
        content_id=_text(content_id),
        description=_words(description),
        encoding=_encoding(encoding),
        size=int(size or b""),
        lines=int(lines or b""),
        md5=_text(md5),
        disposition=_disposition(disposition),
        language=_language(language),
        location=_text(location),
        envelope=fast_envelope.read_envelope(groups[6:]),  # type: ignore[arg-type]
        parts=parts,
    )


def _multipart(
    groups: tuple[bytes | None, ...], section: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    subtype, parameters, disposition, language, location = groups
    return BodyStructure(
        section=section,
        maintype="multipart",
        subtype=_word(subtype),
        parameters=_parameters(parameters),
        disposition=_disposition(disposition),
        language=_language(language),
        location=_text(location),
        parts=parts,
    )


# These few values come again and again; so do most parameters, but for boundaries and names.


@lru_cache(maxsize=1024)
def _word(matched: bytes | None) -> str:
    return decode_raw(unquoted(matched or b"")).lower()


@lru_cache(maxsize=64)
def _encoding(matched: bytes | None) -> str:
    return _word(matched) or "7bit"


@lru_cache(maxsize=1024)
def _parameters(matched: bytes | None) -> Mapping[str, str]:
    if matched is None or matched == b"NIL":
        return _NO_PARAMETERS
    return MappingProxyType(
        decode_parameters(
            [(unquoted(name), unquoted(value)) for name, value in _PAIR.findall(matched)]
        )
    )


_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


@lru_cache(maxsize=1024)
def _disposition(matched: bytes | None) -> Disposition | None:
    if matched is None or matched == b"NIL":
        return None
    kind = _STRING.match(matched, 1)
    if kind is None:
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


def _words(matched: bytes | None) -> str | None:
    octets = nstring(matched or b"NIL")
    return None if octets is None else decode_words(octets)
