"""A cursor over one frame: atoms, strings, literals and nested lists (:rfc:`9051#section-9`).

Values come out as Python has them: a ``string`` is ``bytes``, ``NIL`` is ``None``, a
parenthesised list is a ``list``, and anything bare is an :class:`Atom`. Nesting is
followed with a stack of our own, so no input can drive recursion.
"""

from __future__ import annotations

import re
from typing import TypeAlias, final

from aimap._model.limits import Limits


@final
class Atom(bytes):
    """What stood bare: an atom, a number, a flag, a section."""

    __slots__ = ()


Value: TypeAlias = bytes | list["Value"] | None


class ScanError(Exception):
    """The frame is not what its grammar says. Stays inside the wire layer."""


# One alternative per kind of token; no two begin alike, and nothing is tried twice: the
# possessive quantifiers keep no way back.
_TOKEN = re.compile(
    rb" *+(?:"
    rb'"(?P<quoted>[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+)"'
    rb"|(?P<open>\()"
    rb"|(?P<close>\))"
    rb"|~?\{(?P<literal>[0-9]{1,20})\+?\}\r?\n"
    rb'|(?P<atom>(?:[^\s()"{\[\]]|\{)[^\s()"\[\]]*+(?:\[[^\]\r\n]*+\][^\s()"\[\]]*+)*+|\[[^\s()]*+)'
    rb")",
    re.DOTALL,
)
_NIL = (b"NIL", b"nil", b"Nil")
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


@final
class Scanner:
    """Reads one frame from a position on."""

    __slots__ = ("_limits", "data", "pos", "utf8")

    def __init__(self, data: bytes, limits: Limits, pos: int = 0, *, utf8: bool = False) -> None:
        self.data = data
        self.pos = pos
        self.utf8 = utf8
        self._limits = limits

    @property
    def at_end(self) -> bool:
        """Whether only spaces are left."""
        return not self.data[self.pos :].strip(b" ")

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.data[self.pos :].strip(b" ")

    def opens(self) -> bool:
        """Step over an opening parenthesis, if the next thing is one."""
        return self._step(b"(")

    def closes(self) -> bool:
        """Step over a closing parenthesis, if the next thing is one."""
        return self._step(b")")

    def _step(self, sign: bytes) -> bool:
        at = self.pos
        while self.data.startswith(b" ", at):
            at += 1
        if self.data.startswith(sign, at):
            self.pos = at + 1
            return True
        return False

    def value(self) -> Value:
        """Read the next value, whatever its depth.

        Raises:
            ScanError: if there is none, or it is broken.
        """
        outer: list[list[Value] | None] = []
        current: list[Value] | None = None
        items = 0
        while True:
            match = _TOKEN.match(self.data, self.pos)
            if match is None:
                raise ScanError(f"no value at octet {self.pos}")
            self.pos = match.end()
            kind = match.lastgroup
            value: Value
            if kind == "open":
                if len(outer) >= self._limits.max_depth:
                    raise ScanError(f"nested deeper than {self._limits.max_depth}")
                outer.append(current)
                current = []
                continue
            if kind == "close":
                if current is None:
                    raise ScanError(f"a closing parenthesis too many at octet {match.end() - 1}")
                value = current
                current = outer.pop()
            elif kind == "quoted":
                quoted = match["quoted"]
                value = _ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted
            elif kind == "literal":
                end = self.pos + int(match["literal"])
                value = self.data[self.pos : end]
                self.pos = end
            else:
                atom = match["atom"]
                value = None if atom in _NIL else Atom(atom)
            if current is None:
                return value
            items += 1
            if items > self._limits.max_items:
                raise ScanError(f"more than {self._limits.max_items} items in a list")
            current.append(value)

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
        """Read an atom or string as octets.

        Raises:
            ScanError: if something else stands there.
        """
        value = self.value()
        if value is None:
            return b"NIL"
        if isinstance(value, list):
            raise ScanError(f"a string was expected before octet {self.pos}")
        return bytes(value)

    def values(self) -> list[Value]:
        """Read all values that are left."""
        found: list[Value] = []
        while not self.at_end:
            found.append(self.value())
        return found
