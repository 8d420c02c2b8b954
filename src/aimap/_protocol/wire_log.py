"""What goes over the wire, line by line, fit to be shown (I10).

Of literals, which are messages mostly, only the length is told; of commands that bear
secrets only the name, and of what the server says meanwhile nothing that repeats them.
Whatever a line holds, it makes one line of the log, printable and of bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import final

from aimap._errors import redact

_LONGEST = 1000
_LITERAL = re.compile(rb"\{([0-9]{1,19})\+?\}\Z")
# Who has a URL with a token may use it (RFC 4467 section 3).
_TOKEN = re.compile(r"(;URLAUTH=[^:\s]{0,200}:[^:\s]{0,50}:)[0-9a-f]+", re.IGNORECASE)
_HIDDEN = "[hidden]"


@final
class _Lines:
    """Finds lines and literals in octets that come in any chunks."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._length = 0
        self._literal = 0

    def feed(self, data: bytes | bytearray) -> Iterator[tuple[bytes, int, int]]:
        """Iterate over lines: their first octets, their length, that of the literal behind."""
        pos = 0
        while pos < len(data):
            if self._literal:
                skipped = min(self._literal, len(data) - pos)
                self._literal -= skipped
                pos += skipped
                continue
            end = data.find(b"\n", pos)
            stop = len(data) if end < 0 else end
            self._length += stop - pos
            room = max(0, _LONGEST + 1 - len(self._line))
            self._line += data[pos : min(stop, pos + room)]
            pos = stop + 1
            if end >= 0:
                line = bytes(self._line).rstrip(b"\r")
                header = _LITERAL.search(line) if self._length <= _LONGEST else None
                self._literal = int(header[1]) if header else 0
                yield line, self._length, self._literal
                self._line.clear()
                self._length = 0


@final
class WireLog:
    """Tells the lines of a connection.

    Args:
        write: called with each line: ``"C: "`` or ``"S: "`` and what was sent.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._sent = _Lines()
        self._received = _Lines()
        self._secrets: list[str] = []
        self._hides = False

    def begin_secret(self, tag: str, name: str, secrets: tuple[str, ...]) -> None:
        """Note that a command is sent which bears secrets."""
        self._secrets += [secret for secret in secrets if secret not in self._secrets]
        self._hides = True
        self._write(f"C: {tag} {name} {_HIDDEN}")

    def end_secret(self) -> None:
        """Note that nothing secret is exchanged any more."""
        self._hides = False

    def sent(self, data: bytes) -> None:
        """Tell what was sent."""
        if not self._hides:
            self._tell("C", self._sent, data)

    def received(self, data: bytes | bytearray) -> None:
        """Tell what was received."""
        self._tell("S", self._received, data)

    def _tell(self, who: str, lines: _Lines, data: bytes | bytearray) -> None:
        for line, length, literal in lines.feed(data):
            if self._hides and line.startswith(b"+"):
                text = f"+ {_HIDDEN}"
            else:
                text = line[:_LONGEST].decode("utf-8", "backslashreplace")
                text = _TOKEN.sub(rf"\1{_HIDDEN}", redact(text, self._secrets))
            if length > _LONGEST:
                text += f" [{length} octets]"
            self._write(f"{who}: {_printable(text)}")
            if literal:
                self._write(f"{who}: [literal of {literal} octets]")


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
