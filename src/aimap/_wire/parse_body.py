"""BODYSTRUCTURE (:rfc:`9051#section-9`, ``body``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from aimap._model.body import NO_PARAMETERS, BodyStructure, Disposition, Parameters
from aimap._model.invalid import Invalid
from aimap._model.raw import RawValue
from aimap._model.text import decode_raw, decode_words
from aimap._wire import quirks
from aimap._wire.parse_envelope import parse_envelope
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom, Spaced
from aimap._wire.values import members, nstring, octets_of, pairs

_Body: TypeAlias = Sequence[RawValue]

_MESSAGE_TYPES = {("message", "rfc822"), ("message", "global")}
_MULTIPART_SUBTYPES = frozenset(
    {
        "alternative", "appledouble", "byteranges", "digest", "encrypted", "form-data",
        "mixed", "parallel", "related", "report", "signed", "voice-message",
    }
)  # fmt: skip
_MAINTYPES = frozenset(
    {"application", "audio", "font", "image", "message", "model", "text", "video"}
)
_FEWEST_FIELDS = 7


def parse_body_structure(value: RawValue, reading: Reading) -> BodyStructure:
    """Return the tree of parts, each with its section number.

    A part that cannot be read stands in the tree, marked ``invalid``. The tree is walked
    with a stack of our own, children first.

    Raises:
        ScanError: if it is not a body structure at all.
    """
    root = members(value, "the fields of a body")
    if not root:
        raise ScanError("a body structure is not empty")
    done: list[BodyStructure] = []
    # Of each body: what it is, where it is, its children once they are put on the stack.
    waiting: list[tuple[_Body, str, str, int | None]] = [(root, "", "1", None)]
    while waiting:
        body, section, single, count = waiting.pop()
        if count is None:
            children = _children(body, section, single)
            if children:
                waiting.append((body, section, single, len(children)))
                waiting += [(child, at, alone, None) for child, at, alone in reversed(children)]
                continue
            count = 0
        parts = tuple(done[len(done) - count :])
        del done[len(done) - count :]
        done.append(_part(body, section, single, parts, reading, is_root=not waiting))
    return done[0]


def _is_multipart(body: _Body) -> bool:
    return bool(body) and isinstance(body[0], tuple)


def _is_message(body: _Body) -> bool:
    return (
        len(body) >= 9
        and (_word(body[0]), _word(body[1])) in _MESSAGE_TYPES
        and isinstance(body[7], tuple)
        and isinstance(body[8], tuple)
    )


def _children(body: _Body, section: str, single: str) -> list[tuple[_Body, str, str]]:
    """Return what is inside: each with its section as a multipart, and as anything else."""
    if _is_multipart(body):
        prefix = f"{section}." if section else ""
        found: list[tuple[_Body, str, str]] = []
        for number, child in enumerate(body, 1):
            if not isinstance(child, tuple):
                break
            at = f"{prefix}{number}"
            found.append((child, at, at))
        return found
    if _is_message(body) and isinstance(body[8], tuple) and body[8]:
        # A message's own parts are numbered below it; if it has just one, that is .1.
        return [(body[8], single, f"{single}.1")]
    return []


def _part(
    body: _Body,
    section: str,
    single: str,
    parts: tuple[BodyStructure, ...],
    reading: Reading,
    *,
    is_root: bool,
) -> BodyStructure:
    try:
        if _is_multipart(body):
            if isinstance(body, Spaced) and body.second < len(parts):
                reading.tolerate(quirks.SPACE_BETWEEN_GROUPS)
            return _multipart(body[len(parts) :], section, parts, reading)
        if (childless := _childless(body, reading)) is not None:
            return _multipart(childless, section or single, (), reading)
        return _leaf(body, single, parts, reading)
    except ScanError as error:
        if is_root or reading.strict:
            raise
        return BodyStructure(
            section=single,
            maintype="application",
            subtype="octet-stream",
            invalid=Invalid(octets_of(tuple(body)), str(error)),
        )


def _childless(body: _Body, reading: Reading) -> _Body | None:
    """Return the fields of a multipart that a server sent without its parts."""
    if not body:
        return None
    if body[0] is None and len(body) > 1 and _word(body[1]) in _MULTIPART_SUBTYPES:
        reading.tolerate(quirks.BS_NIL_CHILDREN)
        return body[1:]
    if (
        len(body) < 6
        and _word(body[0])
        and not isinstance(body[0], Atom)
        and (len(body) == 1 or body[1] is None or isinstance(body[1], tuple))
    ):
        reading.tolerate(quirks.BS_PART_IS_MULTIPART)
        return body
    return None


# body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
# body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc
#                  *(SP body-extension)]]]
def _multipart(
    fields: _Body, section: str, parts: tuple[BodyStructure, ...], reading: Reading
) -> BodyStructure:
    if not fields:
        raise ScanError("a multipart has a subtype")
    description = None
    disposition = fields[2] if len(fields) > 2 else None
    if isinstance(disposition, bytes) and _word(disposition) not in ("inline", "attachment"):
        reading.tolerate(quirks.BS_MPART_DESCRIPTION)
        description, disposition = _words(disposition), None
    padded = (*fields, None, None, None, None)
    return BodyStructure(
        section=section,
        maintype="multipart",
        subtype=_word(padded[0]) or "mixed",
        parameters=_parameters(padded[1], reading),
        description=description,
        disposition=_disposition(disposition, reading),
        language=_language(padded[3]),
        location=_text(padded[4]),
        parts=parts,
        extensions=tuple(fields[5:]),
    )


# body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
# body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc
#                  *(SP body-extension)]]]
def _leaf(
    body: _Body, section: str, parts: tuple[BodyStructure, ...], reading: Reading
) -> BodyStructure:
    body = _with_both_types(body, reading)
    if len(body) < _FEWEST_FIELDS:
        raise ScanError("a body part has at least seven fields")
    maintype, subtype = _word(body[0]), _word(body[1])
    at, lines, envelope = 7, None, None
    if _is_message(body):
        if not parts:
            reading.tolerate(quirks.BS_RFC822_EMPTY_BODY)
        envelope = parse_envelope(body[7], reading)
        lines = _number(body[9]) if len(body) > 9 else None
        at = 10
    elif maintype == "text":
        if len(body) > 7 and _number(body[7]) is not None:
            lines = _number(body[7])
            at = 8
        else:
            reading.tolerate(quirks.BS_TEXT_NO_LINES)
    elif (maintype, subtype) in _MESSAGE_TYPES:
        reading.tolerate(quirks.BS_RFC822_BASIC)
        if len(body) > 7 and _number(body[7]) is not None:
            lines = _number(body[7])
            at = 8
    elif maintype == "multipart":
        reading.tolerate(quirks.BS_MULTIPART_AS_BASIC)
    padded = (*body[at:], None, None, None, None)
    return BodyStructure(
        section=section,
        maintype=maintype,
        subtype=subtype,
        parameters=_parameters(body[2], reading),
        content_id=_text(body[3]),
        description=_words(body[4]),
        encoding=_encoding(body[5], reading),
        size=_octets(body[6], reading),
        lines=lines,
        md5=_text(padded[0]),
        disposition=_disposition(padded[1], reading),
        language=_language(padded[2]),
        location=_text(padded[3]),
        envelope=envelope,
        parts=parts,
        extensions=tuple(body[at + 4 :]),
    )


def _with_both_types(body: _Body, reading: Reading) -> _Body:
    """Put in the media type or subtype that a server left out: empty, for unknown."""
    if len(body) > 1 and isinstance(body[1], bytes):
        if body[0] is None:
            reading.tolerate(quirks.BS_MISSING_SUBTYPE)
            return (b"", *body[1:])
        return body
    if len(body) > 1 and body[0] is None and body[1] is None:
        reading.tolerate(quirks.BS_ALL_NIL)
        return (b"application", b"octet-stream", *body[2:])
    if len(body) > 5 and isinstance(body[4], bytes) and _number(body[5]) is not None:
        # One field is missing in front of the parameters.
        reading.tolerate(quirks.BS_MISSING_SUBTYPE)
        if _word(body[0]) in _MAINTYPES:
            return (body[0], b"", *body[1:])
        return (b"", *body)
    if len(body) > 1 and body[1] is None:
        reading.tolerate(quirks.BS_MISSING_SUBTYPE)
        return (body[0], b"", *body[2:])
    return body


def _encoding(value: RawValue, reading: Reading) -> str:
    if value is None:
        reading.tolerate(quirks.BS_ENC_NIL)
        return "7bit"
    if isinstance(value, Atom):
        reading.tolerate(quirks.BS_ENC_UNQUOTED)
    word = decode_raw(nstring(value) or b"").lower()
    if word != word.strip():
        reading.tolerate(quirks.BS_ENC_TRAILING_SPACE)
    return word.strip() or "7bit"


def _octets(value: RawValue, reading: Reading) -> int | None:
    found = _number(value)
    if found is None:
        if isinstance(value, bytes) and b"." in value:
            reading.tolerate(quirks.BS_OCTETS_FLOAT)
        elif value is None or value == b"-1":
            reading.tolerate(quirks.BS_OCTETS_MINUS_ONE)
        else:
            raise ScanError("the octets of a part are a number")
    return found


def _number(value: RawValue) -> int | None:
    if isinstance(value, bytes) and value.isdigit() and len(value) <= 19:
        return int(value)
    return None


def _word(value: RawValue) -> str:
    return decode_raw(value).lower() if isinstance(value, bytes) else ""


def _text(value: RawValue) -> str | None:
    data = nstring(value)
    return None if data is None else decode_raw(data)


def _words(value: RawValue) -> str | None:
    data = nstring(value)
    return None if data is None else decode_words(data)


# body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
def _parameters(value: RawValue, reading: Reading) -> Parameters:
    if value is None:
        return NO_PARAMETERS
    fields = members(value, "parameters")
    found: list[tuple[bytes, bytes]] = []
    for name, content in pairs(fields, "parameters"):
        if content is None:
            reading.tolerate(quirks.BS_PARAM_NIL)
        found.append((nstring(name) or b"", nstring(content) or b""))
    return Parameters(found)


# body-fld-dsp = "(" string SP body-fld-param ")" / nil
def _disposition(value: RawValue, reading: Reading) -> Disposition | None:
    if value is None:
        return None
    if not isinstance(value, tuple):
        reading.tolerate(quirks.BS_DSP_STRING)
        return Disposition(_word(value))
    if not value:
        raise ScanError("a disposition is not empty")
    kind = _word(value[0])
    if not kind:
        reading.tolerate(quirks.BS_DSP_NIL_NIL)
        kind = "attachment"
    if len(value) == 1:
        reading.tolerate(quirks.BS_DSP_NO_PARAMS)
    return Disposition(kind, _parameters(value[1], reading) if len(value) > 1 else NO_PARAMETERS)


# body-fld-lang = nstring / "(" string *(SP string) ")"
def _language(value: RawValue) -> tuple[str, ...]:
    if value is None:
        return ()
    tags = value if isinstance(value, tuple) else (value,)
    return tuple(text for text in map(_text, tags) if text)
