"""A cursor over one frame: atoms, strings, literals and nested lists (:rfc:`9051#section-9`).

Values come out as Python has them: a ``string`` is ``bytes``, ``NIL`` is ``None``, a
parenthesised list is a ``tuple``, and anything bare is an :class:`Atom`. Nesting is
followed with a stack of our own, so no input can drive recursion.
"""

from __future__ import annotations

import re
from typing import final

from aimap._model.raw import RawValue
from aimap._wire import quirks
from aimap._wire.reading import Reading, ScanError


@final
class Atom(bytes):
    """What stood bare: an atom, a number, a flag, a section."""

    __slots__ = ()


@final
class Spaced(tuple[RawValue, ...]):  # noqa: SLOT001 (a tuple can have none)
    """A list of which two members are lists with a space between them.

    Addresses, body parts and threads have none (:rfc:`9051#section-9`, ``1*address``);
    everything else must have it.

    Attributes:
        second: where the second list of the first such pair stands.
    """

    second: int

    def __new__(cls, members: list[RawValue], second: int) -> Spaced:
        """Make the list."""
        made = super().__new__(cls, members)
        made.second = second
        return made


# One alternative per kind of token; no two begin alike, and nothing is tried twice: the
# possessive quantifiers keep no way back.
_TOKEN = re.compile(
    rb"( *+)(?:"
    rb'"([^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+)"'
    rb"|(\()"
    rb"|(\))"
    rb"|~?\{([0-9]{1,20})\+?\}(\r?)\n"
    rb'|([^\s()"]++)'
    rb")",
    re.DOTALL,
)
# The last group of each kind; of a literal, it holds the CR of its header.
_QUOTED, _OPEN, _CLOSE, _OCTETS, _LITERAL, _ATOM = 2, 3, 4, 5, 6, 7
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_SPACES = re.compile(rb" *+")


@final
class Scanner:
    """Reads one frame from a position on."""

    __slots__ = ("data", "pos", "reading")

    def __init__(self, data: bytes, reading: Reading, pos: int = 0) -> None:
        self.data = data
        self.pos = pos
        self.reading = reading

    @property
    def at_end(self) -> bool:
        """Whether only spaces are left."""
        return self._blank_to() == len(self.data)

    def _blank_to(self) -> int:
        match = _SPACES.match(self.data, self.pos)
        return match.end() if match is not None else self.pos

    def end(self) -> None:
        """See to it that nothing is left.

        Raises:
            ScanError: if something is.
        """
        if self._blank_to() < len(self.data):
            raise ScanError(f"something stands behind the end, at octet {self.pos}")
        if self.pos < len(self.data):
            self.reading.tolerate(quirks.TRAILING_SPACE)

    def rest(self) -> bytes:
        """Return everything that is left, without spaces around it."""
        rest = self.data[self.pos :]
        self.pos = len(self.data)
        return rest.strip(b" ")

    def opens(self) -> bool:
        """Step over an opening parenthesis, if the next thing is one."""
        at = self._blank_to()
        if not self.data.startswith(b"(", at):
            return False
        if at - self.pos > 1:
            self.reading.tolerate(quirks.DOUBLE_SPACE)
        self.pos = at + 1
        return True

    def closes(self) -> bool:
        """Step over a closing parenthesis, if the next thing is one."""
        at = self._blank_to()
        if not self.data.startswith(b")", at):
            return False
        if at > self.pos:
            self.reading.tolerate(quirks.SPACE_BEFORE_PAREN)
        self.pos = at + 1
        return True

    def value(self) -> RawValue:
        """Read the next value, whatever its depth.

        Raises:
            ScanError: if there is none, or it is broken.
        """
        data, reading = self.data, self.reading
        outer: list[tuple[list[RawValue] | None, int]] = []
        current: list[RawValue] | None = None
        spaced = 0
        items, last = 0, _OPEN
        while True:
            match = _TOKEN.match(data, self.pos)
            kind = match.lastindex if match is not None else None
            if match is None or kind is None:
                raise ScanError(f"no value at octet {self.pos}")
            gap = match.end(1) - self.pos
            self._look_at_gap(gap, last, kind, inside=current is not None)
            self.pos = match.end()
            value: RawValue
            if kind == _OPEN:
                if len(outer) >= reading.limits.max_depth:
                    raise ScanError(f"nested deeper than {reading.limits.max_depth}")
                if last == _CLOSE and gap and current is not None:
                    spaced = spaced or len(current)
                outer.append((current, spaced))
                current, spaced, last = [], 0, _OPEN
                continue
            if kind == _CLOSE:
                if current is None:
                    raise ScanError(f"a closing parenthesis too many at octet {match.end() - 1}")
                value = Spaced(current, spaced) if spaced else tuple(current)
                current, spaced = outer.pop()
            elif kind == _QUOTED:
                value = self._quoted(match[_QUOTED])
            elif kind == _LITERAL:
                value = self._literal(match)
            else:
                atom = match[_ATOM]
                value = None if len(atom) == 3 and atom.upper() == b"NIL" else Atom(atom)
            if current is None:
                if data[self.pos : self.pos + 1] not in (b"", b" ", b")", b"("):
                    self._runs_on(kind)
                return value
            items += 1
            if items > reading.limits.max_items:
                raise ScanError(f"more than {reading.limits.max_items} items in a list")
            current.append(value)
            last = kind

    def _look_at_gap(self, gap: int, last: int, kind: int, *, inside: bool) -> None:
        """Judge the spaces between two tokens."""
        reading = self.reading
        if gap > 1:
            reading.tolerate(quirks.DOUBLE_SPACE)
        if not inside:
            return
        if gap:
            if last == _OPEN or kind == _CLOSE:
                reading.tolerate(quirks.SPACE_BEFORE_PAREN)
        elif last not in (_OPEN, _CLOSE) and kind not in (_OPEN, _CLOSE):
            self._runs_on(last)
        elif kind != _CLOSE and last != _OPEN and (last, kind) != (_CLOSE, _OPEN):
            reading.tolerate(quirks.MISSING_SPACE)

    def _runs_on(self, last: int) -> None:
        """Give up where a value runs into the next: an unescaped quote, or octets miscounted."""
        if last == _LITERAL:
            raise ScanError(f"a literal that does not end where it says, at octet {self.pos}")
        raise ScanError(f"a string that ends before its value does, at octet {self.pos}")

    def _quoted(self, quoted: bytes) -> bytes:
        if not quoted.isascii() and not self.reading.utf8:
            self.reading.tolerate(quirks.RAW_8BIT)
        return _ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted

    def _literal(self, match: re.Match[bytes]) -> bytes:
        if not match[_LITERAL]:
            self.reading.tolerate(quirks.LONE_LF)
        end = self.pos + int(match[_OCTETS])
        if end > len(self.data):
            raise ScanError("a literal that is longer than what follows it")
        octets = self.data[self.pos : end]
        self.pos = end
        return octets

    def atom(self) -> Atom:
        """Read an atom.

        Raises:
            ScanError: if something else stands there.
        """
        value = self.value()
        if not isinstance(value, Atom):
            raise ScanError(f"an atom was expected before octet {self.pos}")
        return value

    def string(self) -> bytes:
        """Read an ``astring``, which may be the word NIL, as octets.

        Raises:
            ScanError: if something else stands there.
        """
        start = self._blank_to()
        value = self.value()
        if value is None:
            return self.data[start : self.pos]
        if isinstance(value, tuple):
            raise ScanError(f"a string was expected before octet {self.pos}")
        return bytes(value)

    def values(self) -> list[RawValue]:
        """Read all values that are left.

        Raises:
            ScanError: if one of them is broken.
        """
        found: list[RawValue] = []
        while not self.at_end:
            found.append(self.value())
            if len(found) > self.reading.limits.max_items:
                raise ScanError(f"more than {self.reading.limits.max_items} values")
        self.end()
        return found
