"""ENVELOPE, BODYSTRUCTURE and sections of a message, as a server sends them."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from email.utils import getaddresses
from html import unescape
from quopri import decodestring

from aimap.testing._mime import Parameters, Part, split_value

_PLAIN = re.compile(rb"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


def nstring(value: bytes | None) -> bytes:
    """Return NIL, a quoted string, or a literal."""
    if value is None:
        return b"NIL"
    if len(value) < 500 and _PLAIN.fullmatch(value):
        return b'"' + value + b'"'
    return literal(value)


def literal(value: bytes) -> bytes:
    """Return a literal."""
    return b"{%d}\r\n%s" % (len(value), value)


def envelope(part: Part) -> bytes:
    """Return the ENVELOPE of a message (:rfc:`9051#section-7.5.2`)."""
    fields: dict[str, bytes] = {}
    for name, value in part.fields():
        fields.setdefault(name, value)
    sender = _addresses(fields.get("from"))

    def addresses(name: str) -> bytes:
        return _addresses(fields.get(name))

    return b"(%s)" % b" ".join(
        (
            nstring(fields.get("date")),
            nstring(fields.get("subject")),
            sender,
            # RFC 9051 7.5.2: an absent Sender or Reply-To is the From.
            sender if not fields.get("sender") else addresses("sender"),
            sender if not fields.get("reply-to") else addresses("reply-to"),
            addresses("to"),
            addresses("cc"),
            addresses("bcc"),
            nstring(fields.get("in-reply-to")),
            nstring(fields.get("message-id")),
        )
    )


def split_addresses(value: bytes | None) -> list[tuple[str, str]]:
    """Return the names and addresses of a header field."""
    if not value:
        return []
    return [pair for pair in getaddresses([value.decode("latin-1")]) if pair[1]]


def _addresses(value: bytes | None) -> bytes:
    pairs = split_addresses(value)
    if not pairs:
        return b"NIL"
    return b"(%s)" % b"".join(_address(name, address) for name, address in pairs)


def _address(name: str, address: str) -> bytes:
    mailbox, _, host = address.rpartition("@")
    shown = nstring(name.encode("latin-1")) if name else b"NIL"
    box = nstring((mailbox or address).encode("latin-1"))
    return b"(%s NIL %s %s)" % (shown, box, nstring(host.encode("latin-1")))


def _parameters(parameters: Parameters) -> bytes:
    if not parameters:
        return b"NIL"
    return b"(%s)" % b" ".join(nstring(name) + b" " + nstring(value) for name, value in parameters)


def body_structure(part: Part, *, extended: bool) -> bytes:
    """Return BODYSTRUCTURE, or BODY if not *extended* (:rfc:`9051#section-7.5.2`)."""
    if part.is_multipart:
        inner = b"".join(body_structure(child, extended=extended) for child in part.children)
        fields = [inner + b" " + nstring(part.subtype.upper().encode("ascii"))]
        if extended:
            fields += [_parameters(part.parameters), *_extension(part)]
        return b"(%s)" % b" ".join(fields)
    parameters = part.parameters
    if part.maintype == "text" and not parameters:
        parameters = ((b"CHARSET", b"us-ascii"),)
    encoding = part.field("content-transfer-encoding") or b"7BIT"
    fields = [
        nstring(part.maintype.upper().encode("ascii")),
        nstring(part.subtype.upper().encode("ascii")),
        _parameters(parameters),
        nstring(part.field("content-id")),
        nstring(part.field("content-description")),
        nstring(encoding.upper()),
        b"%d" % len(part.body),
    ]
    if part.message is not None:
        fields += [
            envelope(part.message),
            body_structure(part.message, extended=extended),
            b"%d" % part.lines,
        ]
    elif part.maintype == "text":
        fields.append(b"%d" % part.lines)
    if extended:
        fields += [nstring(part.field("content-md5")), *_extension(part)]
    return b"(%s)" % b" ".join(fields)


def _extension(part: Part) -> list[bytes]:
    disposition = part.field("content-disposition")
    shown = b"NIL"
    if disposition:
        kind, parameters = split_value(disposition)
        shown = b"(%s %s)" % (nstring(kind.upper()), _parameters(parameters))
    language = part.field("content-language")
    return [shown, nstring(language), nstring(part.field("content-location"))]


_SECTION = re.compile(
    rb"(?P<part>[1-9][0-9]*(?:\.[1-9][0-9]*)*)?\.?"
    rb"(?:(?P<fields>HEADER\.FIELDS(?:\.NOT)?) \((?P<names>[^()]+)\)|(?P<text>HEADER|TEXT|MIME))?",
    re.IGNORECASE,
)


def section(message: Part, spec: bytes) -> bytes | None:
    """Return the octets of ``BODY[spec]``; ``None`` if *spec* is no section."""
    match = _SECTION.fullmatch(spec)
    if match is None:
        return None
    part: Part | None = message
    numbers = [int(n) for n in match["part"].split(b".")] if match["part"] else []
    if numbers:
        part = message.find(numbers)
    if part is None:
        return b""
    word = (match["fields"] or match["text"] or b"").upper()
    if word == b"MIME":
        return part.header if numbers else None
    if not word:
        return part.body if numbers else part.header + part.body
    inner = part if not numbers else part.message
    if inner is None:
        return b""
    if word == b"HEADER":
        return inner.header
    if word == b"TEXT":
        return inner.body
    names = {name.strip(b'"').decode("latin-1").lower() for name in match["names"].split()}
    return inner.chosen_fields(names, without=word.endswith(b".NOT"))


def decoded(part: Part) -> bytes | None:
    """Return a part's octets with the transfer encoding undone; ``None`` if it is unknown."""
    encoding = (part.field("content-transfer-encoding") or b"7bit").strip().lower()
    if encoding == b"base64":
        try:
            return b64decode(part.body)
        except Base64Error:
            return None
    if encoding == b"quoted-printable":
        return decodestring(part.body)
    return part.body if encoding in (b"7bit", b"8bit", b"binary") else None


def leaves(part: Part) -> Iterator[Part]:
    """Iterate over the parts that have no parts, those of messages inside too."""
    waiting = [part]
    while waiting:
        each = waiting.pop(0)
        inner = [each.message] if each.message is not None else each.children
        if inner:
            waiting[:0] = inner
        else:
            yield each


def text_of(part: Part) -> str:
    """Return a text part's text."""
    octets = decoded(part)
    charset = next((v for name, v in part.parameters if name.lower() == b"charset"), b"us-ascii")
    try:
        return (part.body if octets is None else octets).decode(charset.decode("ascii"), "replace")
    except (LookupError, UnicodeDecodeError):
        return part.body.decode("utf-8", "replace")


def readable_text(part: Part, *, header: bool) -> str:
    """Return the text in which SEARCH looks: of all text parts, and of the *header*."""
    found = [part.header.decode("utf-8", "replace")] if header else []
    found += [text_of(leaf) for leaf in leaves(part) if leaf.maintype == "text"]
    return "\n".join(found)


_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def plain_text(part: Part) -> str:
    """Return the text of a text part, HTML without its tags."""
    text = text_of(part)
    return unescape(_TAG.sub(" ", text)) if part.subtype == "html" else text


_PREVIEW_LENGTH = 200


def preview(message: Part) -> str:
    """Return the beginning of what a message says (:rfc:`8970#section-3.2`)."""
    texts = [leaf for leaf in leaves(message) if leaf.maintype == "text"]
    best = next((leaf for leaf in texts if leaf.subtype == "plain"), texts[0] if texts else None)
    return "" if best is None else " ".join(plain_text(best).split())[:_PREVIEW_LENGTH]
