r"""FETCH responses of the common shapes, read by one compiled pattern each.

Almost all that a client receives are FETCH responses, and one server answers one command
in one *shape*: the same items in the same order. The first response of a shape is
read by the general reader (:mod:`aimap._wire.parse_fetch`), and the shape is learnt from
it; the following ones are matched where they stand in the buffer by a pattern put
together from one piece per item, in which the grammar is followed to the letter. What
does not match, for whatever reason, is left to the general reader, so nothing is lost
by a pattern that is too narrow. That both read alike is tested.

A BODYSTRUCTURE is no regular language, nor is a literal: a pattern ends before them, code
reads them, and the next pattern goes on behind them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, final

import attrs

from aimap._model.flag import Flags
from aimap._model.limits import Limits
from aimap._model.message import Message, Undecoded
from aimap._model.numbers import SeqNum
from aimap._model.response import Response
from aimap._wire import fast_envelope
from aimap._wire.fast_body import read_body
from aimap._wire.framer import Framer
from aimap._wire.parse_fetch import item_names, reads_octets
from aimap._wire.parse_flags import parse_flags
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom

_MOST_SHAPES = 8
_MOST_KNOWN = 64
_MOST_FLAGS = 1000
_MOST_ITEMS = 32
_LONGEST_NAMES = 2000
_LEAST_DEPTH = 64

# number, with a few digits fewer than there may be, so that no bound need be looked at
_NUMBER = rb"([1-9][0-9]{0,8}|[1-3][0-9]{9})"
_NUMBER64 = rb"(0|[1-9][0-9]{0,17})"
_OBJECT_ID = rb"\(([A-Za-z0-9_-]{1,255})\)"
_FLAG_LIST = rb"\(([^()\"{\x00-\x1f\x7f-\xff]{0,%d})\)" % _MOST_FLAGS
_DATE_TIME = (
    rb'"((?:(?: [1-9]|0[1-9]|1[0-9]|2[0-8])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
    rb"|(?:29|30)-(?:Jan|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"|31-(?:Jan|Mar|May|Jul|Aug|Oct|Dec))"
    rb"-[1-9][0-9]{3} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] "
    rb'[+-](?:0[0-9]|1[0-4])[0-5][0-9])"'
)
_LITERAL_HEADER = rb"\{([0-9]{1,10})\}\r\n"
_LITERAL = re.compile(_LITERAL_HEADER)

_Convert: TypeAlias = Callable[..., object]
_Fill: TypeAlias = tuple[str, int | slice, _Convert]
_Step: TypeAlias = tuple[re.Pattern[bytes], tuple[_Fill, ...], str, bool]


@lru_cache(maxsize=4096)
def _flags(octets: bytes) -> Flags | None:
    """Return flags of which nothing need be said; ``None`` leaves them to the general reader."""
    if octets != b" ".join(octets.split()):
        return None
    try:
        return parse_flags(tuple(map(Atom, octets.split(b" "))) if octets else (), _STRICT)
    except ScanError:
        return None


_STRICT = Reading(Limits(), strict=True)


def _octets(octets: bytes) -> bytes:
    return octets


def _text(octets: bytes) -> str:
    return octets.decode("ascii")


def _envelope(fields: tuple[bytes, ...]) -> Undecoded | None:
    if fast_envelope.has_groups(fields):
        return None
    return Undecoded(fast_envelope.read_envelope, fields)


# The pattern of an item's value, how many groups it has, and what is made of them.
_ITEMS: dict[str, tuple[bytes, int, _Convert]] = {
    "UID": (_NUMBER, 1, int),
    "FLAGS": (_FLAG_LIST, 1, _flags),
    "INTERNALDATE": (_DATE_TIME, 1, _octets),
    "RFC822.SIZE": (_NUMBER64, 1, int),
    "MODSEQ": (rb"\(" + _NUMBER64.replace(b"0|", b"") + rb"\)", 1, int),
    "ENVELOPE": (fast_envelope.PATTERN, fast_envelope.GROUPS, _envelope),
    "EMAILID": (_OBJECT_ID, 1, _text),
    "THREADID": (_OBJECT_ID, 1, _text),
    "X-GM-MSGID": (_NUMBER64, 1, int),
    "X-GM-THRID": (_NUMBER64, 1, int),
}


@final
@attrs.frozen
class _Shape:
    """The steps that read a response.

    A step is a pattern, what becomes of its groups, and the item that is read by code
    behind it: its name, or none, and whether it is a literal.
    """

    steps: tuple[_Step, ...]


def _shape_of(names: list[tuple[str, bytes]]) -> _Shape | None:
    """Return the shape of a response with these items, or ``None`` if it is not read fast.

    Args:
        names: of each item, how it is filed, and how it was written.
    """
    steps: list[_Step] = []
    pattern, fills, groups = rb"\* " + _NUMBER + rb" FETCH \(", list[_Fill](), 1
    for at, (key, written) in enumerate(names):
        pattern += (b" " if at else b"") + re.escape(written) + b" "
        item = _ITEMS.get(key)
        if item is not None:
            value, width, convert = item
            where = groups if width == 1 else slice(groups, groups + width)
            fills.append((key, where, convert))
            pattern += value
            groups += width
        elif key == "BODYSTRUCTURE" or reads_octets(key):
            steps.append((re.compile(pattern), tuple(fills), key, key != "BODYSTRUCTURE"))
            pattern, fills, groups = b"", [], 0
        else:
            return None
    steps.append((re.compile(pattern + rb"\)\r\n"), tuple(fills), "", False))
    return _Shape(tuple(steps))


@final
class FastFetch:
    """Reads FETCH responses of the shapes that it has seen."""

    def __init__(self, reading: Reading) -> None:
        self._limits = reading.limits
        self._shapes: list[_Shape] = []
        self._known: set[tuple[str, ...]] = set()
        # What is matched nests less deep; lower bounds are for the general reader.
        self._allowed = reading.limits.max_depth >= _LEAST_DEPTH

    def learn(self, frame: bytes, response: Response) -> None:
        """Learn the shape of a response that the general reader has read."""
        if type(response) is not Message or not self._allowed:
            return
        keys = tuple(response.keys())
        # What the server names is kept, and compiled: both cost what it is long.
        if len(keys) > _MOST_ITEMS or sum(map(len, keys)) > _LONGEST_NAMES:
            return
        if keys in self._known or len(self._known) >= _MOST_KNOWN:
            return
        self._known.add(keys)
        names = item_names(frame)
        if not keys or [key for key, _ in names] != list(keys):
            return
        shape = _shape_of(names)
        if shape is not None:
            self._shapes.insert(0, shape)
            del self._shapes[_MOST_SHAPES:]

    def next_message(self, framer: Framer) -> Message | None:
        """Return the next response, if it is a FETCH of a known shape, and whole."""
        # Else each octet of a slow one would have all those before it matched again.
        if framer.waits:
            return None
        for at, shape in enumerate(self._shapes):
            message = self._read(shape, framer)
            if message is not None:
                if at:
                    # The next one will be of the same shape.
                    self._shapes.insert(0, self._shapes.pop(at))
                return message
        return None

    def _read(self, shape: _Shape, framer: Framer) -> Message | None:
        buffer, start = framer.buffer, framer.start
        items: dict[str, object] = {}
        seq, pos, literals = 0, start, 0
        for pattern, fills, key, is_literal in shape.steps:
            match = pattern.match(buffer, pos)
            if match is None:
                return None
            groups = match.groups()
            if not seq:
                seq = int(groups[0])
            for name, where, convert in fills:
                value = convert(groups[where])
                if value is None:
                    return None
                items[name] = value
            pos = match.end()
            if is_literal:
                header = _LITERAL.match(buffer, pos)
                if header is None:
                    return None
                length = int(header[1])
                pos = header.end() + length
                if length > self._limits.max_literal or pos >= len(buffer):
                    return None
                items[key] = bytes(memoryview(buffer)[header.end() : pos])
                literals += length
            elif key:
                body = read_body(buffer, pos)
                if body is None:
                    return None
                items[key], pos = body
        octets = pos - start
        lines = octets - literals
        if (
            lines > self._limits.max_line
            # A member of a list has two octets at least.
            or lines > 2 * self._limits.max_items
            or octets > self._limits.max_response
        ):
            return None
        framer.skip_to(pos)
        uid = items.get("UID")
        return Message(SeqNum(seq), uid, items, octets - 2)  # type: ignore[arg-type]
