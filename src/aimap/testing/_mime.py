"""A message taken apart, octet by octet (:rfc:`2045`, :rfc:`2046#section-5.1`).

Only where parts begin and end is decided here; no octet is changed, so a section that
is cut out is what stands in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

_END_OF_HEADER = re.compile(rb"(?:\A|\r?\n)\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\r?\n[ \t].*)*)(?:\r?\n|\Z)", re.MULTILINE)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_PARAMETER = re.compile(rb';\s*([^=;\s"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_TYPE = re.compile(rb"\s*([!#-'*+.0-9A-Z^-~-]+)/([!#-'*+.0-9A-Z^-~-]+)", re.IGNORECASE)

_MAX_DEPTH = 50

Parameters = tuple[tuple[bytes, bytes], ...]


@attrs.define
class Part:
    """A part, or a whole message."""

    header: bytes
    body: bytes
    maintype: str
    subtype: str
    parameters: Parameters
    children: list[Part] = attrs.field(factory=list["Part"])
    message: Part | None = None

    @property
    def is_multipart(self) -> bool:
        """Whether it has parts of its own."""
        return self.maintype == "multipart"

    @property
    def lines(self) -> int:
        """How many lines the body has."""
        return self.body.count(b"\n") + (not self.body.endswith(b"\n") and bool(self.body))

    def fields(self) -> Iterator[tuple[str, bytes]]:
        """Iterate over header fields: name in lower case, and value unfolded."""
        for match in _FIELD.finditer(self.header):
            yield match[1].decode("ascii").lower(), _FOLD.sub(b"", match[2]).strip()

    def field(self, name: str) -> bytes | None:
        """Return the first header field of that name."""
        return next((value for key, value in self.fields() if key == name), None)

    def chosen_fields(self, names: set[str], *, without: bool) -> bytes:
        """Return header fields as they stand, and the empty line behind them."""
        chosen = [
            match[0]
            for match in _FIELD.finditer(self.header)
            if (match[1].decode("ascii").lower() in names) is not without
        ]
        return b"".join(chosen) + b"\r\n"

    def find(self, numbers: list[int]) -> Part | None:
        """Return the part with that section number (:rfc:`9051#section-6.4.5.1`)."""
        part: Part | None = self
        for at, number in enumerate(numbers):
            if part is None:
                return None
            if at and part.message is not None:
                part = part.message
            if part.is_multipart:
                part = part.children[number - 1] if 1 <= number <= len(part.children) else None
            elif number != 1:
                return None
        return part


def split_value(value: bytes) -> tuple[bytes, Parameters]:
    """Split a structured header field into its value and its parameters."""
    head, _, _ = value.partition(b";")
    found: list[tuple[bytes, bytes]] = []
    for match in _PARAMETER.finditer(value):
        content = match[2].strip()
        if content.startswith(b'"'):
            content = _ESCAPE.sub(rb"\1", content[1:-1])
        found.append((match[1], content))
    return head.strip(), tuple(found)


def parse_message(octets: bytes) -> Part:
    """Take a message apart."""
    return _parse(octets, "text/plain", 0)


def _parse(octets: bytes, default: str, depth: int) -> Part:
    match = _END_OF_HEADER.search(octets)
    end = match.end() if match is not None else len(octets)
    maintype, _, subtype = default.partition("/")
    part = Part(octets[:end], octets[end:], maintype, subtype, ())
    content_type = part.field("content-type")
    if content_type is not None:
        _, parameters = split_value(content_type)
        kind = _TYPE.match(content_type)
        if kind is not None:
            part.maintype = kind[1].decode("ascii").lower()
            part.subtype = kind[2].decode("ascii").lower()
            part.parameters = parameters
    if depth >= _MAX_DEPTH:
        part.maintype, part.subtype = "application", "octet-stream"
    elif part.is_multipart:
        boundary = next((v for name, v in part.parameters if name.lower() == b"boundary"), b"")
        inner = "message/rfc822" if part.subtype == "digest" else "text/plain"
        part.children = [_parse(child, inner, depth + 1) for child in _split(part.body, boundary)]
        if not part.children:
            part.maintype, part.subtype, part.parameters = "text", "plain", ()
    elif (part.maintype, part.subtype) == ("message", "rfc822"):
        encoding = (part.field("content-transfer-encoding") or b"7bit").lower()
        if encoding in (b"7bit", b"8bit", b"binary"):
            part.message = _parse(part.body, "text/plain", depth + 1)
        else:
            part.maintype, part.subtype = "application", "octet-stream"
    return part


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """Return what stands between the boundaries (:rfc:`2046#section-5.1.1`)."""
    if not boundary:
        return []
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)\r?\n?")
    parts: list[bytes] = []
    begin: int | None = None
    for match in line.finditer(body):
        if begin is not None:
            parts.append(body[begin : max(begin, match.start())])
        begin = None if match[1] else match.end()
        if match[1]:
            break
    if begin is not None:
        parts.append(body[begin:])
    return parts
