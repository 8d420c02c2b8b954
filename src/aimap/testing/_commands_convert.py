"""CONVERT and CONVERSIONS: plain text and HTML, and charsets (:rfc:`5259`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import attrs

from aimap.testing._connection import Connection
from aimap.testing._describe import body_structure, literal, nstring, plain_text, section, text_of
from aimap.testing._grammar import Arguments
from aimap.testing._mime import Part, parse_message
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import StoredMessage

_TYPES = ("text/plain", "text/html")
_PAIRS = [(source, target) for source in _TYPES for target in _TYPES]
_CHARSETS = ("us-ascii", "utf-8", "iso-8859-1", "utf-16", "windows-1252")

_ATT = re.compile(
    rb"(BINARY\.SIZE|BINARY|BODYPARTSTRUCTURE|AVAILABLECONVERSIONS)\[([0-9.]*)\]"
    rb"(?:<([0-9]+)\.([0-9]+)>)?|(BODY)\[([0-9.]*(?:HEADER|MIME))\]|(UID)",
    re.IGNORECASE,
)
_MIME_TYPE = re.compile(r"[a-z0-9!#$&.+^_-]+/[a-z0-9!#$&.+^_-]+")
_PATTERN = re.compile(r"\*|[a-z0-9!#$&.+^_-]+/(?:\*|[a-z0-9!#$&.+^_-]+)")


@attrs.frozen
class _Wish:
    """What is to be made of parts: a type, or ``None`` for what is best; and a charset."""

    target: str | None
    parameters: dict[str, str]

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "utf-8")


class _ConversionError(Exception):
    """A part cannot be converted; the text is a converterror-phrase."""


_Render = Callable[[StoredMessage], bytes]


async def conversions(client: Connection, arguments: Arguments) -> None:
    """CONVERSIONS (:rfc:`5259#section-5.1`)."""
    patterns: list[str] = []
    for at in range(2):
        if at:
            arguments.space()
        patterns.append(arguments.astring().decode("ascii", "replace").lower())
        if not _PATTERN.fullmatch(patterns[-1]):
            raise _broken(f"{patterns[-1]!r} is no media type (RFC 5259 section 10)")
    arguments.end()
    for pair in _PAIRS:
        if all(_fits(kind, wanted) for kind, wanted in zip(pair, patterns, strict=True)):
            client.untagged(f'CONVERSION "{pair[0]}" "{pair[1]}" ("charset")')


def _broken(text: str) -> ViolationError:
    return ViolationError(text, Rule.CONVERT)


def _fits(kind: str, wanted: str) -> bool:
    return wanted in ("*", kind) or (wanted.endswith("/*") and kind.startswith(wanted[:-1]))


async def convert(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    """CONVERT (:rfc:`5259#section-6`)."""
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    wish = _read_wish(arguments)
    arguments.space()
    if arguments.peek() == b"(":
        items = [_item(arguments, wish) for _ in arguments.listed()]
    else:
        items = [_item(arguments, wish)]
    arguments.end()
    for seq, message in view.chosen(numbers):
        found = [item(message) for item in items]
        uid = b"UID %d" % message.uid
        if by_uid and uid not in found:
            found.insert(0, uid)
        tag = client.tag.encode("ascii")
        client.send(b'* %d CONVERTED (TAG "%s") (%s)\r\n' % (seq, tag, b" ".join(found)))


def _read_wish(arguments: Arguments) -> _Wish:
    arguments.expect(b"(")
    target = None if arguments.step_nil() else arguments.string().decode("ascii", "replace").lower()
    if target is not None and not _MIME_TYPE.fullmatch(target):
        raise _broken(f"{target!r} is no media type (RFC 5259 section 10)")
    parameters: dict[str, str] = {}
    if arguments.step(b" "):
        for _ in arguments.listed():
            name = arguments.astring().decode("ascii", "replace").lower()
            arguments.space()
            parameters[name] = arguments.astring().decode("ascii", "replace").lower()
    arguments.expect(b")")
    return _Wish(target, parameters)


def _item(arguments: Arguments, wish: _Wish) -> _Render:
    match = arguments.convert_att(_ATT)
    if match[7]:
        return lambda message: b"UID %d" % message.uid
    if match[5]:
        return _header(match[6], wish)
    word = match[1].upper()
    name = b"%s[%s]" % (word, match[2])
    window = None if match[3] is None else (int(match[3]), int(match[4]))
    if window is not None:
        name += b"<%d>" % window[0]

    def render(message: StoredMessage) -> bytes:
        try:
            return name + b" " + _value(message, word, match[2], wish, window)
        except _ConversionError as error:
            return name + b" " + str(error).encode("ascii")

    return render


def _header(spec: bytes, wish: _Wish) -> _Render:
    """Return a header; it is told as it is: what is encoded in it stays so."""
    return lambda m: b"BODY[%s] " % spec.upper() + nstring(section(m.part, spec))


def _value(
    message: StoredMessage,
    word: bytes,
    spec: bytes,
    wish: _Wish,
    window: tuple[int, int] | None,
) -> bytes:
    part = message.part.find([int(each) for each in spec.split(b".") if each])
    if part is None:
        raise _ConversionError(_bad("no such part", None, wish))
    kind = f"{part.maintype}/{part.subtype}"
    if word == b"AVAILABLECONVERSIONS":
        shown = " ".join(f'"{target}"' for source, target in _PAIRS if source == kind)
        return f"(({shown}))".encode("ascii")
    octets, target = _converted(part, kind, wish)
    match word:
        case b"BINARY.SIZE":
            return b"%d" % len(octets)
        case b"BODYPARTSTRUCTURE":
            header = f"Content-Type: {target}; charset={wish.charset}\r\n"
            made = header + "Content-Transfer-Encoding: binary\r\n\r\n"
            return body_structure(parse_message(made.encode("ascii") + octets), extended=True)
        case _:
            if window is not None:
                octets = octets[window[0] : window[0] + window[1]]
            return (b"~" if b"\0" in octets else b"") + literal(octets)


def _converted(part: Part, kind: str, wish: _Wish) -> tuple[bytes, str]:
    target = wish.target or "text/plain"
    if (kind, target) not in _PAIRS:
        raise _ConversionError(_bad("that cannot be converted", kind, wish))
    unknown = set(wish.parameters) - {"charset", "unknown-character-replacement"}
    if unknown or wish.charset not in _CHARSETS:
        raise _ConversionError(_bad("no such parameter or charset", kind, wish))
    text = text_of(part)
    if target == "text/plain":
        text = plain_text(part)
    elif kind == "text/plain":
        text = f"<html><body><pre>{escape(text)}</pre></body></html>\r\n"
    return text.encode(wish.charset, "replace"), target


def _bad(text: str, kind: str | None, wish: _Wish) -> str:
    source = "NIL" if kind is None else f'"{kind}"'
    parameters = " ".join(f'"{name}" "{value}"' for name, value in wish.parameters.items())
    shown = f" ({parameters})" if parameters else ""
    return f'(ERROR "{text}" BADPARAMETERS {source} "{wish.target or "text/plain"}"{shown})'
