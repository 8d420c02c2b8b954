"""FETCH responses, as a server writes them (:rfc:`9051#section-9`, ``msg-att``)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast
from urllib.parse import quote_from_bytes

from aimap._model.body import BodyStructure, Disposition
from aimap._model.envelope import Address, Addresses, Envelope, Group
from aimap._model.message import Message
from aimap._model.raw import RawValue
from aimap.testing._pen import Pen

# What RFC 2231 lets stand unencoded (attribute-char), as far as quoting goes.
_ATTRIBUTE_CHARS = "!#$&+-.^_`{|}~"
_OLD_NAMES = {"BODY[]": "RFC822", "BODY[HEADER]": "RFC822.HEADER", "BODY[TEXT]": "RFC822.TEXT"}
_SECTION = re.compile(
    r"([A-Z.]+)\[([0-9.]*(?:HEADER\.FIELDS(?:\.NOT)?|[A-Z]*))(?: \((.*)\))?\](.*)"
)

_Writer: TypeAlias = Callable[[Pen, Any], bytes]


def message(pen: Pen, value: Message) -> bytes:
    """Write ``message-data``: FETCH, or UIDFETCH (:rfc:`9586`) where there is no number."""
    items = [item(pen, key, each) for key, each in pen.order(value.items.items())]
    number, word = (value.uid, "UIDFETCH") if value.seq is None else (value.seq, "FETCH")
    return b"* %d %b %b" % (number, pen.keyword(word), pen.parenthesised(items))


def item(pen: Pen, key: str, value: object) -> bytes:
    """Write an item: its name and its value."""
    writer = _ITEMS.get(key)
    if writer is not None:
        return pen.keyword(key) + b" " + writer(pen, value)
    match = _SECTION.fullmatch(key)
    if match is None:
        return pen.keyword(key) + b" " + pen.raw(cast("RawValue", value))
    word, section, fields, origin = match.groups()
    if key in _OLD_NAMES and pen.choose(False, False, True):
        return pen.keyword(_OLD_NAMES[key]) + b" " + _octets(pen, value)
    name = pen.keyword(word) + b"[" + pen.keyword(section)
    if fields is not None:
        # header-fld-name = astring; a literal in a name is what no server sends.
        names = map(pen.without_literals().astring, fields.encode("ascii").split(b" "))
        name += b" " + pen.parenthesised(names)
    name += b"]" + origin.encode("ascii") + b" "
    if word == "BINARY.SIZE":
        return name + b"%d" % cast("int", value)
    if word == "BINARY":
        return name + pen.nstring8(cast("bytes | None", value))
    return name + _octets(pen, value)


def _octets(pen: Pen, value: object) -> bytes:
    """Write the octets of a section: ``nstring``, of which servers mostly choose the literal."""
    octets = cast("bytes", value)
    forms = [pen.literal(octets), pen.string(octets)]
    return pen.choose(*forms) if octets else pen.choose(*forms, pen.nil())


def flags(pen: Pen, value: Iterable[str]) -> bytes:
    """Write ``flag-list``."""
    return pen.parenthesised(flag.encode("ascii") for flag in pen.order(sorted(value)))


# envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
#            env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
def envelope(pen: Pen, value: Envelope) -> bytes:
    """Write ``envelope``."""
    lists = (value.from_, value.sender, value.reply_to, value.to, value.cc, value.bcc)
    return pen.parenthesised(
        [
            pen.nstring(value.raw_date),
            pen.nstring(value.raw_subject),
            *(_addresses(pen, each) for each in lists),
            pen.nstring(value.raw_in_reply_to),
            pen.nstring(value.raw_message_id),
        ]
    )


# env-from = "(" 1*address ")" / nil
def _addresses(pen: Pen, value: Addresses) -> bytes:
    if not value:
        return pen.nil()
    found: list[Address] = []
    for each in value:
        if isinstance(each, Group):
            found.append(Address(None, None, each.raw_name, None))
            found += [*each.members, Address(None, None, None, None)]
        else:
            found.append(each)
    return pen.parenthesised(
        (
            pen.parenthesised(
                map(pen.nstring, (each.raw_name, each.route, each.raw_mailbox, each.raw_host))
            )
            for each in found
        ),
        separator=b"",
    )


# body = "(" (body-type-1part / body-type-mpart) ")"
def body(pen: Pen, value: BodyStructure, *, extensible: bool = True) -> bytes:
    """Write ``body``."""
    if value.parts and value.envelope is None:
        extension = (
            [_parameters(pen, value.parameters), *_extension(pen, value)] if extensible else []
        )
        children = b"".join(body(pen, part, extensible=extensible) for part in value.parts)
        fields = [children, pen.text(_cased(pen, value.subtype)), *_trimmed(pen, value, extension)]
        return pen.parenthesised(fields)
    fields = [*_media(pen, value), *_fields(pen, value)]
    if value.envelope is not None:
        fields.append(envelope(pen, value.envelope))
        fields += [body(pen, part, extensible=extensible) for part in value.parts]
    if value.lines is not None:
        fields.append(b"%d" % value.lines)
    if extensible:
        fields += _trimmed(pen, value, [_nstring(pen, value.md5), *_extension(pen, value)])
    return pen.parenthesised(fields)


def _media(pen: Pen, value: BodyStructure) -> list[bytes]:
    maintype, subtype = _cased(pen, value.maintype), _cased(pen, value.subtype)
    # Of these, the grammar wants the words themselves in quotes.
    if value.envelope is not None:
        return [pen.quoted(maintype.encode()), pen.quoted(subtype.encode())]
    if value.maintype == "text":
        return [pen.quoted(maintype.encode()), pen.text(subtype)]
    return [pen.text(maintype), pen.text(subtype)]


# body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
def _fields(pen: Pen, value: BodyStructure) -> list[bytes]:
    return [
        _parameters(pen, value.parameters),
        _nstring(pen, value.content_id),
        pen.nil() if value.description is None else pen.string(_words(pen, value.description)),
        pen.text(_cased(pen, value.encoding)),
        b"%d" % (value.size or 0),
    ]


# body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc
#                  *(SP body-extension)]]]
def _extension(pen: Pen, value: BodyStructure) -> list[bytes]:
    return [
        _disposition(pen, value.disposition),
        _language(pen, value.language),
        _nstring(pen, value.location),
        *(_body_extension(pen, each) for each in value.extensions),
    ]


def _trimmed(pen: Pen, value: BodyStructure, fields: list[bytes]) -> list[bytes]:
    """Leave out what may be left out: NIL at the end."""
    kept = list(fields)
    while (
        not value.extensions
        and kept
        and kept[-1].upper() == b"NIL"
        and pen.choose(True, True, False)
    ):
        kept.pop()
    return kept


def _cased(pen: Pen, word: str) -> str:
    return pen.choose(word.upper(), word, word.swapcase())


def _nstring(pen: Pen, text: str | None) -> bytes:
    return pen.nil() if text is None else pen.text(text)


# body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
def _parameters(pen: Pen, value: Mapping[str, str]) -> bytes:
    pairs = [pair for name in pen.order(value) for pair in _parameter(pen, name, value[name])]
    if not pairs:
        return pen.nil()
    return pen.parenthesised(pen.string(octets) for pair in pairs for octets in pair)


def _parameter(pen: Pen, name: str, value: str) -> list[tuple[bytes, bytes]]:
    """Write a parameter plain, or as :rfc:`2231` has it: encoded, in pieces, or both."""
    octets, word = value.encode(), _cased(pen, name).encode("ascii")
    forms = ["encoded", "pieces"]
    if b"=?" not in octets:
        forms.insert(0, "plain")
    form = pen.choose(*forms)
    if form == "plain":
        return [(word, octets)]
    encoded = [quote_from_bytes(each, safe=_ATTRIBUTE_CHARS).encode() for each in pen.cut(octets)]
    encoded[0] = b"utf-8''" + encoded[0]
    if form == "encoded":
        return [(word + b"*", b"".join(encoded))]
    return [(b"%b*%d*" % (word, at), each) for at, each in enumerate(encoded)]


def _words(pen: Pen, text: str) -> bytes:
    """Write header text, plain or as an encoded word (:rfc:`2047`)."""
    octets = text.encode()
    word = b"=?utf-8?%b?%b?=" % (pen.choose(b"B", b"b"), b64encode(octets))
    return word if b"=?" in octets else pen.choose(octets, word)


# body-fld-dsp = "(" string SP body-fld-param ")" / nil
def _disposition(pen: Pen, value: Disposition | None) -> bytes:
    if value is None:
        return pen.nil()
    return pen.parenthesised(
        [pen.text(_cased(pen, value.kind)), _parameters(pen, value.parameters)]
    )


# body-fld-lang = nstring / "(" string *(SP string) ")"
def _language(pen: Pen, value: tuple[str, ...]) -> bytes:
    if not value:
        return pen.nil()
    whole = pen.parenthesised(map(pen.text, value))
    return pen.choose(whole, pen.text(value[0])) if len(value) == 1 else whole


# body-extension = nstring / number / number64 / "(" body-extension *(SP body-extension) ")"
def _body_extension(pen: Pen, value: RawValue) -> bytes:
    if isinstance(value, tuple):
        return pen.parenthesised(_body_extension(pen, each) for each in value)
    if value is not None and value.isdigit():
        return pen.choose(value, pen.string(value))
    return pen.nstring(value)


def _number(pen: Pen, value: int) -> bytes:
    return b"%d" % value


def _modseq(pen: Pen, value: int) -> bytes:
    return b"(%d)" % value


def _date_or_nil(pen: Pen, value: datetime | None) -> bytes:
    return pen.nil() if value is None else pen.date_time(value)


def _object_id(pen: Pen, value: str | None) -> bytes:
    return pen.nil() if value is None else b"(%b)" % value.encode("ascii")


def _preview(pen: Pen, value: str | None) -> bytes:
    return _nstring(pen, value)


# "ANNOTATION" SP ("(" entry-att *(SP entry-att) ")" / "(" entry *(SP entry) ")") (RFC 5257)
def _annotation(pen: Pen, value: Mapping[str, Mapping[str, bytes | None]]) -> bytes:
    fields: list[bytes] = []
    for entry, attributes in value.items():
        fields.append(pen.atext(entry))
        if attributes:
            fields.append(
                pen.parenthesised(
                    pen.atext(name) + b" " + pen.nstring8(content)
                    for name, content in attributes.items()
                )
            )
    return pen.parenthesised(fields)


def _labels(pen: Pen, value: tuple[str, ...]) -> bytes:
    # System labels, such as \Inbox, stand in quotes as well.
    bare = Pen()
    return pen.parenthesised(pen.astring(bare.mailbox_octets(label)) for label in value)


_ITEMS: dict[str, _Writer] = {
    "UID": _number,
    "FLAGS": flags,
    "INTERNALDATE": Pen.date_time,
    "SAVEDATE": _date_or_nil,
    "RFC822.SIZE": _number,
    "ENVELOPE": envelope,
    "BODYSTRUCTURE": body,
    "BODY": lambda pen, value: body(pen, value, extensible=False),
    "MODSEQ": _modseq,
    "EMAILID": _object_id,
    "THREADID": _object_id,
    "PREVIEW": _preview,
    "ANNOTATION": _annotation,
    "X-GM-MSGID": _number,
    "X-GM-THRID": _number,
    "X-GM-LABELS": _labels,
}
