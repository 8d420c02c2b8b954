r"""FETCH responses of the common shapes, read by one compiled pattern each.

Almost all that a client receives are FETCH responses, and one server answers one command
in one *shape*: the same items in the same order. The first response of a shape is
read by the general reader (:mod:`aimap._wire.parse_fetch`), and the shape is learnt from
it; the following ones are matched where they stand in the buffer by a pattern put
together from one piece per item, in which the grammar is followed to the letter. What
does not match, for whatever reason, is left to the general reader, so nothing is lost
by a pattern that is too narrow. That both read alike is tested.

A BODYSTRUCTURE is no regular language, nor is a literal: a pattern ends before them, code
reads them, and the next pattern goes on behind them. Literals where strings may stand are
put into quotes first, then the patterns fit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol, cast, final

import attrs

from aimap._model.flat import FlatItems
from aimap._model.limits import Limits
from aimap._model.message import Message
from aimap._model.numbers import UID, SeqNum
from aimap._model.response import Response
from aimap._model.undecoded import Undecoded
from aimap._wire import fast_envelope
from aimap._wire.fast_body import end_of_body, read_body
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
# Of what is large, learning would make one more copy; reading it costs what copying does.
_LONGEST_LEARNT = 1 << 20
_LEAST_DEPTH = 64
_LONGEST_QUOTED = 4096

# number, with a few digits fewer than there may be, so that no bound need be looked at
_NUMBER = rb"([1-9][0-9]{0,8}|[1-3][0-9]{9})"
_NUMBER64 = rb"(0|[1-9][0-9]{0,17})"
_OBJECT_ID = rb"\(([A-Za-z0-9_-]{1,255})\)"
_FLAG_LIST = rb"\(([^()\"{\x00-\x1f\x7f-\xff]{0,%d})\)" % _MOST_FLAGS
_LEAP_YEAR = rb"(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)"
_DATE_TIME = (
    rb'"((?:(?:(?: [1-9]|0[1-9]|1[0-9]|2[0-8])'
    rb"-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"|(?:29|30)-(?:Jan|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"|31-(?:Jan|Mar|May|Jul|Aug|Oct|Dec))"
    rb"-[1-9][0-9]{3}|29-Feb-" + _LEAP_YEAR + rb")"
    rb" (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] "
    rb'[+-](?:0[0-9]|1[0-4])[0-5][0-9])"'
)
_LITERAL = re.compile(rb"\{([0-9]{1,10})\}\r\n")
_UNQUOTABLE = re.compile(rb"[\x00-\x1f\x7f]")
_TO_ESCAPE = re.compile(rb'(["\\])')

# The pattern of each item's value: one group, which Message makes into its final form.
_ITEMS: dict[str, bytes] = {
    "UID": _NUMBER,
    "FLAGS": _FLAG_LIST,
    "INTERNALDATE": _DATE_TIME,
    "RFC822.SIZE": _NUMBER64,
    "MODSEQ": rb"\(([1-9][0-9]{0,17})\)",
    "EMAILID": _OBJECT_ID,
    "THREADID": _OBJECT_ID,
    "X-GM-MSGID": _NUMBER64,
    "X-GM-THRID": _NUMBER64,
}


@lru_cache(maxsize=4096)
def _are_plain(flags: bytes) -> bool:
    """Tell whether a flag list is one of which the general reader would say nothing."""
    if not flags:
        return True
    words = flags.split(b" ")
    try:
        parse_flags(tuple(map(Atom, words)), Reading(Limits(), strict=True))
    except ScanError:
        return False
    return all(words)


@final
@attrs.frozen
class _Step:
    """One pattern, and what is read behind it.

    Attributes:
        pattern: what is matched.
        keys: items whose values are the groups, behind that of the sequence number.
        has_envelope: whether the last groups are those of the ENVELOPE.
        behind: the item that code reads behind the match, or empty.
    """

    pattern: re.Pattern[bytes]
    keys: FlatItems
    has_envelope: bool
    behind: str


@final
@attrs.frozen
class _Shape:
    """The steps that read a response, and whether strings are among what they read."""

    steps: tuple[_Step, ...]
    has_strings: bool

    @property
    def is_flat(self) -> bool:
        """Whether one match reads it all, and there is nothing but a group for each item."""
        return len(self.steps) == 1 and not self.has_strings


def _shape_of(names: list[tuple[str, bytes]]) -> _Shape | None:
    """Return the shape of a response with these items, or ``None`` if it is not read fast.

    Args:
        names: of each item, how it is filed, and how it was written.
    """
    steps: list[_Step] = []
    pattern, keys = rb"\* " + _NUMBER + rb" FETCH \(", list[str]()
    keys_of_strings = {"ENVELOPE", "BODYSTRUCTURE"}.intersection(key for key, _ in names)
    for at, (key, written) in enumerate(names):
        pattern += (b" " if at else b"") + re.escape(written) + b" "
        if key in _ITEMS:
            pattern += _ITEMS[key]
            keys.append(key)
        elif key == "ENVELOPE":
            pattern += fast_envelope.PATTERN
            steps.append(_step(pattern, keys, has_envelope=True))
            pattern, keys = b"", []
        elif key == "BODYSTRUCTURE" or reads_octets(key):
            steps.append(_step(pattern, keys, behind=key))
            pattern, keys = b"", []
        else:
            return None
    steps.append(_step(pattern + rb"\)\r\n", keys))
    return _Shape(tuple(steps), bool(keys_of_strings))


def _step(
    pattern: bytes, keys: list[str], *, has_envelope: bool = False, behind: str = ""
) -> _Step:
    compiled = re.compile(pattern)
    return _Step(compiled, FlatItems(tuple(keys), compiled), has_envelope, behind)


class _Scanner(Protocol):
    def match(self) -> re.Match[bytes] | None: ...


class _Scannable(Protocol):
    """What the type hints of :class:`re.Pattern` leave out."""

    def scanner(self, octets: bytearray, start: int, /) -> _Scanner: ...


@final
class FastFetch:
    """Reads FETCH responses of the shapes that it has seen."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._limits = reading.limits
        self._shapes: list[_Shape] = []
        self._known: dict[tuple[str, ...], None] = {}
        # What is matched nests less deep; lower bounds are for the general reader.
        self._allowed = reading.limits.max_depth >= _LEAST_DEPTH

    def learn(self, frame: bytes, response: Response) -> None:
        """Learn the shape of a response that the general reader has read."""
        if type(response) is not Message or not self._allowed or len(frame) > _LONGEST_LEARNT:
            return
        keys = tuple(response.keys())
        # What the server names is kept, and compiled: both cost what it is long.
        if not 1 <= len(keys) <= _MOST_ITEMS or sum(map(len, keys)) > _LONGEST_NAMES:
            return
        if keys in self._known or len(self._known) >= _MOST_KNOWN:
            return
        self._known[keys] = None
        names = item_names(frame)
        if [key for key, _ in names] != list(keys):
            return
        shape = _shape_of(names)
        if shape is not None:
            self._shapes.insert(0, shape)
            del self._shapes[_MOST_SHAPES:]

    def next_messages(self, framer: Framer) -> list[Message]:
        """Return the responses that come next, up to one that is no FETCH of a known shape."""
        found: list[Message] = []
        buffer, start = framer.buffer, framer.start
        defects = self._reading.defects
        for at, shape in enumerate(self._shapes):
            pos, told = start, len(defects)
            if shape.is_flat:
                pos = self._read_flat(shape.steps[0], buffer, pos, found)
            else:
                while (read := self._read(shape, buffer, pos)) is not None:
                    message, pos = read
                    found.append(message)
                    told = len(defects)
            # What was noted of one that is not whole is noted again when it is.
            del defects[told:]
            if found:
                framer.skip_to(pos)
                if at:
                    # The next ones will be of the same shape.
                    self._shapes.insert(0, self._shapes.pop(at))
                break
        return found

    def read_frame(self, frame: bytes) -> Message | None:
        """Read a response in which literals stand for strings, if its shape is known."""
        if not self._shapes or not frame.startswith(b"* ") or b"}\r\n" not in frame:
            return None
        flat = _with_quotes(frame)
        if flat is None:
            return None
        defects = self._reading.defects
        told = len(defects)
        for shape in self._shapes:
            if shape.has_strings:
                read = self._read(shape, flat, 0, octets=len(frame))
                if read is not None:
                    return read[0]
                del defects[told:]
        return None

    def _read_flat(self, step: _Step, buffer: bytearray, start: int, found: list[Message]) -> int:
        """Read responses whose shape is flat: what :meth:`_read` does, at half the cost."""
        keys = step.keys
        has_uid, has_flags = "UID" in keys, "FLAGS" in keys
        # Groups that are not there are those of the sequence number, and not looked at.
        uid_at = keys.names.index("UID") + 2 if has_uid else 1
        flags_at = keys.names.index("FLAGS") + 2 if has_flags else 1
        longest = min(self._limits.max_line, 2 * self._limits.max_items)
        add, pos = found.append, start
        # A scanner matches one behind the other, at two thirds of the cost of calling match()
        # with a position: re.Scanner of the standard library is made of it.
        scanner = cast("_Scannable", step.pattern).scanner(buffer, start)
        for match in iter(scanner.match, None):
            response = match[0]
            seq, uid, flags = match.group(1, uid_at, flags_at)
            length = len(response)
            if length > longest or (has_flags and not _are_plain(flags)):
                break
            number = int(uid) if has_uid else None
            # A call of UID or SeqNum costs as much as the conversion.
            add(Message(int(seq), number, response, length - 2, keys))  # type: ignore[arg-type]
            pos += length
        return pos

    def _read(
        self, shape: _Shape, buffer: bytes | bytearray, start: int, *, octets: int = 0
    ) -> tuple[Message, int] | None:
        items: dict[str, object] = {}
        pos, literals, text_from = start, 0, start
        seq = b""
        for step in shape.steps:
            match = step.pattern.match(buffer, pos)
            if match is None:
                return None
            groups = match.groups()
            pos = match.end()
            if not seq:
                seq, groups = groups[0], groups[1:]
            items.update(zip(step.keys.names, groups))  # noqa: B905 (the rest is an envelope's)
            if step.behind:
                read = self._read_behind(step.behind, buffer, pos)
                if read is None:
                    return None
                items[step.behind], end, length = read
                if step.behind != "BODYSTRUCTURE":
                    # What is 8-bit in a literal of its own is nobody's text.
                    if shape.has_strings and not (octets or buffer[text_from:pos].isascii()):
                        return None
                    text_from = end
                pos = end
                literals += length
            elif step.has_envelope:
                envelope = self._envelope(groups[-fast_envelope.GROUPS :])
                if envelope is None:
                    return None
                items["ENVELOPE"] = envelope
        lines = pos - start - literals
        if (
            lines > self._limits.max_line
            # A member of a list has two octets at least.
            or lines > 2 * self._limits.max_items
            or pos - start > self._limits.max_response
        ):
            return None
        if shape.has_strings and not octets and not buffer[text_from:pos].isascii():
            return None
        if "FLAGS" in items and not _are_plain(cast("bytes", items["FLAGS"])):
            return None
        uid = None
        if "UID" in items:
            uid = items["UID"] = UID(int(cast("bytes", items["UID"])))
        return Message(SeqNum(int(seq)), uid, items, octets or pos - start - 2), pos

    def _read_behind(
        self, key: str, buffer: bytes | bytearray, pos: int
    ) -> tuple[object, int, int] | None:
        """Read a body structure or a literal: its value, its end, the octets of the literal."""
        if key == "BODYSTRUCTURE":
            end_of_body_at = end_of_body(buffer, pos)
            if end_of_body_at is None:
                return None
            octets = bytes(memoryview(buffer)[pos:end_of_body_at])
            return Undecoded(read_body, octets), end_of_body_at, 0
        header = _LITERAL.match(buffer, pos)
        if header is None:
            return None
        begin, length = header.end(), int(header[1])
        end = begin + length
        if length > self._limits.max_literal or end >= len(buffer):
            return None
        return bytes(memoryview(buffer)[begin:end]), end, length

    def _envelope(self, fields: tuple[bytes, ...]) -> object | None:
        if not fast_envelope.has_groups(fields):
            return Undecoded(fast_envelope.read_envelope, fields)
        # What is odd about a group is told now.
        try:
            return fast_envelope.read_envelope(fields, self._reading)
        except ScanError:
            return None


def _with_quotes(frame: bytes) -> bytes | None:
    """Return a response with its literals put into quotes, if all of them can be."""
    out: list[bytes] = []
    pos = 0
    while (header := _LITERAL.search(frame, pos)) is not None:
        before, begin = frame[pos : header.start()], header.end()
        pos = begin + int(header[1])
        if pos - begin > _LONGEST_QUOTED:
            return None
        octets = frame[begin:pos]
        # What is 8-bit outside of literals is for the general reader.
        if _UNQUOTABLE.search(octets) or not before.isascii():
            return None
        out += (before, b'"', _TO_ESCAPE.sub(rb"\\\1", octets), b'"')
    out += (frame[pos:], b"\r\n")
    return b"".join(out) if frame[pos:].isascii() else None
