"""ENVELOPE and BODYSTRUCTURE (:rfc:`9051#section-9`)."""

from __future__ import annotations

from collections.abc import Sequence

from aimap._model.body import BodyStructure, Disposition
from aimap._model.envelope import Address, Addresses, Envelope, Group
from aimap._model.text import decode_parameters, decode_raw, decode_words
from aimap._wire.scanner import ScanError, Value

_ENVELOPE_FIELDS = 10
_MESSAGE_TYPES = {("message", "rfc822"), ("message", "global")}


def nstring(value: Value) -> bytes | None:
    """Return octets or ``None``; an atom counts as a string."""
    if isinstance(value, list):
        raise ScanError("a list where a string belongs")
    return None if value is None else bytes(value)


def _number(value: Value) -> int | None:
    if isinstance(value, bytes) and value.isdigit() and len(value) <= 19:
        return int(value)
    return None


# envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
#            env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
def parse_envelope(value: Value) -> Envelope:
    """Return the envelope; fields left out at the end are none.

    Raises:
        ScanError: if it is not an envelope.
    """
    if not isinstance(value, list) or len(value) > _ENVELOPE_FIELDS:
        raise ScanError("an envelope is a list of ten fields")
    fields = [*value, *[None] * (_ENVELOPE_FIELDS - len(value))]
    return Envelope(
        nstring(fields[0]),
        nstring(fields[1]),
        _addresses(fields[2]),
        _addresses(fields[3]),
        _addresses(fields[4]),
        _addresses(fields[5]),
        _addresses(fields[6]),
        _addresses(fields[7]),
        nstring(fields[8]),
        nstring(fields[9]),
    )


# address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
def _addresses(value: Value) -> Addresses:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ScanError("addresses are a list or NIL")
    result: list[Address | Group] = []
    group: bytes | None = None
    members: list[Address] = []
    for each in value:
        if each is None:
            continue
        if not isinstance(each, list) or len(each) != 4:
            raise ScanError("an address is a list of four strings")
        name, route, mailbox, host = (nstring(part) for part in each)
        if host is None and name is None and (mailbox is None or group is None):
            # RFC 9051 7.5.2: no host begins a group, named by the mailbox; no mailbox ends it.
            if group is not None:
                result.append(Group(group, tuple(members)))
                group, members = None, []
            if mailbox is not None:
                group = mailbox
            continue
        address = Address(name, route, mailbox, host)
        if group is None:
            result.append(address)
        else:
            members.append(address)
    if group is not None:
        if members or len(value) > 1:
            result.append(Group(group, tuple(members)))
        else:
            # No end of a group follows: an address without a host.
            result.append(Address(None, None, group, None))
    return tuple(result)


def parse_body_structure(value: Value) -> BodyStructure:
    """Return the tree of parts, each with its section number.

    The tree is walked with a stack of our own, children first.

    Raises:
        ScanError: if it is not a body structure.
    """
    done: dict[int, BodyStructure] = {}
    waiting: list[tuple[list[Value], str, str, bool]] = [(_list(value), "", "1", False)]
    while waiting:
        body, section, single, ready = waiting.pop()
        children = _children(body, section, single)
        if not ready and children:
            waiting.append((body, section, single, True))
            waiting += [(child, inner, alone, False) for child, inner, alone in children]
            continue
        parts = tuple(done.pop(id(child)) for child, _, _ in children)
        done[id(body)] = _part(body, section, single, parts)
    return done[id(value)]


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise ScanError("a body structure is a list")
    return value


def _is_multipart(body: Sequence[Value]) -> bool:
    return bool(body) and isinstance(body[0], list)


def _is_message(body: Sequence[Value]) -> bool:
    return (
        len(body) >= 9
        and (_word(body[0]), _word(body[1])) in _MESSAGE_TYPES
        and isinstance(body[7], list)
        and isinstance(body[8], list)
    )


def _children(body: list[Value], section: str, single: str) -> list[tuple[list[Value], str, str]]:
    """Return what is inside: each with its section as a multipart, and as anything else."""
    if _is_multipart(body):
        prefix = f"{section}." if section else ""
        found: list[tuple[list[Value], str, str]] = []
        for number, child in enumerate(body, 1):
            if not isinstance(child, list):
                break
            at = f"{prefix}{number}"
            found.append((_list(child), at, at))
        return found
    if _is_message(body):
        # A message's own parts are numbered below it; if it has just one, that is .1.
        return [(_list(body[8]), single, f"{single}.1")]
    return []


def _part(
    body: list[Value], section: str, single: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    if _is_multipart(body):
        return _multipart(body[len(parts) :], section, parts)
    return _leaf(body, single, parts)


# body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
def _multipart(
    fields: list[Value], section: str, parts: tuple[BodyStructure, ...]
) -> BodyStructure:
    if not fields:
        raise ScanError("a multipart without a subtype")
    padded = [*fields, *[None] * 5]
    return BodyStructure(
        section=section,
        maintype="multipart",
        subtype=_word(padded[0]) or "mixed",
        parameters=_parameters(padded[1]),
        disposition=_disposition(padded[2]),
        language=_language(padded[3]),
        location=_text(padded[4]),
        parts=parts,
        extensions=tuple(fields[5:]),
    )


# body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
def _leaf(body: list[Value], section: str, parts: tuple[BodyStructure, ...]) -> BodyStructure:
    if len(body) < 7:
        raise ScanError("a body part has at least seven fields")
    maintype, subtype = _word(body[0]), _word(body[1])
    at, lines, envelope = 7, None, None
    if parts:
        envelope = parse_envelope(body[7])
        lines = _number(body[9]) if len(body) > 9 else None
        at = 10
    elif maintype == "text" and len(body) > 7 and _number(body[7]) is not None:
        lines = _number(body[7])
        at = 8
    padded = [*body[at:], *[None] * 4]
    return BodyStructure(
        section=section,
        maintype=maintype or "application",
        subtype=subtype or "octet-stream",
        parameters=_parameters(body[2]),
        content_id=_text(body[3]),
        description=_words(body[4]),
        encoding=_word(body[5]).strip() or "7bit",
        size=_number(body[6]),
        lines=lines,
        md5=_text(padded[0]),
        disposition=_disposition(padded[1]),
        language=_language(padded[2]),
        location=_text(padded[3]),
        envelope=envelope,
        parts=parts,
        extensions=tuple(body[at + 4 :]),
    )


def _word(value: Value) -> str:
    return decode_raw(value).lower() if isinstance(value, bytes) else ""


def _text(value: Value) -> str | None:
    data = nstring(value)
    return None if data is None else decode_raw(data)


def _words(value: Value) -> str | None:
    data = nstring(value)
    return None if data is None else decode_words(data)


# body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
def _parameters(value: Value) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, list) or len(value) % 2:
        raise ScanError("parameters are a list of pairs")
    return decode_parameters(
        [
            (nstring(name) or b"", nstring(content) or b"")
            for name, content in zip(value[::2], value[1::2], strict=True)
        ]
    )


# body-fld-dsp = "(" string SP body-fld-param ")" / nil
def _disposition(value: Value) -> Disposition | None:
    if value is None:
        return None
    if not isinstance(value, list):
        return Disposition(_word(value))
    if not value:
        return None
    kind = _word(value[0]) or "attachment"
    return Disposition(kind, _parameters(value[1]) if len(value) > 1 else {})


# body-fld-lang = nstring / "(" string *(SP string) ")"
def _language(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    tags = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, tags) if text)
