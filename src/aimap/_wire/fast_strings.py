"""Pieces of pattern that the fast readers share, and what their matches mean.

They follow the grammar more narrowly than it is: no control characters, quoted strings
instead of literals, one space. So whatever they match needs no second look, but for one at
octets above 127.
"""

from __future__ import annotations

import re

# The rule "quoted"
QUOTED = rb'"[ !#-\[\]-~\x80-\xff]*+(?:\\["\\][ !#-\[\]-~\x80-\xff]*+)*+"'
# The rule "nstring"
NSTRING = rb"(?:NIL|" + QUOTED + rb")"

_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def unquoted(matched: bytes) -> bytes:
    """Return what stands between the quotes."""
    inner = matched[1:-1]
    return _ESCAPE.sub(rb"\1", inner) if b"\\" in inner else inner


def nstring(matched: bytes) -> bytes | None:
    """Return the octets of a match of :data:`NSTRING`."""
    return None if matched == b"NIL" else unquoted(matched)
