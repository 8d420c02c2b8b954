"""A tokenizer of commands, small and on its own: nothing of aimap is in it.

What a typed command writes and what an RFC's example shows may differ in form and mean the
same: ``INBOX``, ``"INBOX"`` and a literal are one string. So :func:`tokens` forgets the form
and keeps the structure, and two commands are the same if their tokens are equal:

>>> tokens(b'a FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS ("Date")]<0.9>)')[2:]
[b'1', [b'FLAGS', Item(name=b'BODY.PEEK', section=[b'HEADER.FIELDS', [b'Date']], origin=b'0.9')]]

Case is kept; what stood bare is an :class:`Atom`, so that whoever compares may fold the case
of words and not that of strings. ``NIL`` is ``None`` where it stands bare.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias


class Atom(bytes):
    """What stood bare; equal to the same octets in any other form."""

    __slots__ = ()


class Item(NamedTuple):
    """A data item with a section: ``BODY.PEEK[1.MIME]<0.512>``."""

    name: Atom
    section: list[Token]
    origin: bytes | None


Token: TypeAlias = bytes | Item | list["Token"] | None

# Names that a section may follow; elsewhere a bracket is a character like others.
_SECTION_OF = re.compile(
    rb"(?:BODY|BINARY)(?:\.PEEK)?|BINARY\.SIZE|BODYPARTSTRUCTURE|AVAILABLECONVERSIONS",
    re.IGNORECASE,
)
_ATOM = re.compile(rb"[^\x00-\x20\x7f()\"{\[\]]+")
# A name of a mailbox, bare, may hold brackets.
_BRACKETED = re.compile(rb"[^\x00-\x20\x7f()\"{]+")
_QUOTED = re.compile(rb"\"((?:[^\"\\\r\n]|\\[\"\\])*)\"")
_ESCAPE = re.compile(rb"\\(.)")
_LITERAL = re.compile(rb"~?\{([0-9]+)\+?\}\r\n")
_ORIGIN = re.compile(rb"<([0-9]+(?:\.[0-9]+)?)>")


def tokens(raw: bytes) -> list[Token]:
    """Read a whole command, without its last CRLF.

    Raises:
        ValueError: if it is not one.
    """
    found, at = _sequence(raw, 0, b"") if raw else ([], 0)
    if at != len(raw):
        raise ValueError(f"something is left: {raw[at : at + 40]!r}")
    return found


def _sequence(raw: bytes, at: int, closing: bytes) -> tuple[list[Token], int]:
    """Read tokens with one space between each, up to the sign that closes them."""
    found: list[Token] = []
    if closing and raw.startswith(closing, at):
        return found, at + 1
    while True:
        token, at = _token(raw, at)
        found.append(token)
        if raw.startswith(b" ", at):
            at += 1
        elif closing and raw.startswith(closing, at):
            return found, at + 1
        elif closing or at < len(raw):
            raise ValueError(f"neither a space nor an end: {raw[at : at + 40]!r}")
        else:
            return found, at


def _token(raw: bytes, at: int) -> tuple[Token, int]:
    if raw.startswith(b"(", at):
        return _sequence(raw, at + 1, b")")
    if (match := _QUOTED.match(raw, at)) is not None:
        return _ESCAPE.sub(rb"\1", match[1]), match.end()
    if (match := _LITERAL.match(raw, at)) is not None:
        end = match.end() + int(match[1])
        if end > len(raw):
            raise ValueError(f"a literal of {match[1]!r} octets is cut off")
        return raw[match.end() : end], end
    match = _ATOM.match(raw, at)
    if match is not None and raw.startswith(b"[", match.end()) and _SECTION_OF.fullmatch(match[0]):
        section, end = _sequence(raw, match.end() + 1, b"]")
        origin = _ORIGIN.match(raw, end)
        return (
            Item(Atom(match[0]), section, origin[1] if origin else None),
            origin.end() if origin else end,
        )
    if match is None or raw.startswith(b"[", match.end()):
        match = _BRACKETED.match(raw, at)
    if match is None:
        raise ValueError(f"no token: {raw[at : at + 40]!r}")
    return (None if match[0].upper() == b"NIL" else Atom(match[0])), match.end()
