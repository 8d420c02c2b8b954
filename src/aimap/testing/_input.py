"""Commands from a stream, with literals asked for (:rfc:`9051#section-4.3`)."""

from __future__ import annotations

import re
from typing import final

import attrs
import trio

from aimap.testing._grammar import ViolationError

_LITERAL = re.compile(rb"~?\{([0-9]{1,20})(\+?)\}\r\n\Z")
_COMMAND = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+) ([A-Za-z0-9]+)(?: |(?=\r\n))")

MAX_LINE = 8192
_MAX_LITERAL = 512 * 1024 * 1024
_READ_SIZE = 65536


@final
@attrs.frozen
class Line:
    """One command: its tag, its name in upper case, and the rest with literals inside."""

    tag: str
    name: str
    rest: bytes


@final
class UnreadableError(Exception):
    """A command that cannot be read. It is answered, and the next one is looked for."""

    def __init__(self, tag: str, reason: str) -> None:
        self.tag = tag
        super().__init__(reason)


@final
class Input:
    """What a client sends, command by command.

    Args:
        stream: the connection.
        strict: refuse what :rfc:`3501` does not allow, and lenient servers take.
        literal_plus: take non-synchronising literals (:rfc:`7888`).
    """

    def __init__(self, stream: trio.abc.Stream, *, strict: bool, literal_plus: bool) -> None:
        self.stream = stream
        self.strict = strict
        self.literal_plus = literal_plus
        self.flights = 0
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether octets were received that are not part of a command yet."""
        return bool(self._buffer)

    async def _more(self) -> None:
        data = await self.stream.receive_some(_READ_SIZE)
        if not data:
            raise EOFError
        self.flights += 1
        self._buffer += data

    async def line(self) -> bytes:
        """Read one line, with its end.

        Raises:
            EOFError: at the end of the stream.
            ViolationError: if it is too long, or ends in a bare LF.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            await self._more()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if self.strict and len(line) > MAX_LINE:
            raise ViolationError(f"a line of over {MAX_LINE} octets (RFC 7162 section 4)")
        if not line.endswith(b"\r\n"):
            if self.strict:
                raise ViolationError("a line that ends in a bare LF (RFC 3501 section 2.2)")
            line = line[:-1] + b"\r\n"
        return line

    async def command(self) -> Line:
        """Read one command, and ask for its literals.

        Raises:
            EOFError: at the end of the stream.
            UnreadableError: if it cannot be read.
        """
        tag = "*"
        collected = bytearray()
        try:
            collected += await self.line()
            match = _COMMAND.match(collected)
            if match is None:
                raise ViolationError("a command is a tag, a space and a name (RFC 3501 section 9)")
            tag = match[1].decode("ascii")
            while (literal := _LITERAL.search(collected)) is not None:
                await self._literal(collected, int(literal[1]), at_once=bool(literal[2]))
                collected += await self.line()
        except ViolationError as error:
            raise UnreadableError(tag, str(error)) from None
        name = match[2].decode("ascii").upper()
        return Line(tag, name, bytes(collected[match.end() : -2]))

    async def _literal(self, collected: bytearray, length: int, *, at_once: bool) -> None:
        if length > _MAX_LITERAL:
            raise ViolationError("a literal that is too large")
        if at_once:
            if not self.literal_plus:
                raise ViolationError("a non-synchronising literal without LITERAL+ (RFC 7888)")
        else:
            if self._buffer and self.strict:
                self._buffer.clear()
                raise ViolationError("octets of a literal before the '+' (RFC 3501 section 4.3)")
            await self.stream.send_all(b"+ go on\r\n")
        while len(self._buffer) < length:
            await self._more()
        collected += self._buffer[:length]
        del self._buffer[:length]
