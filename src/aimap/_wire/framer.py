"""Octets to whole responses, whatever the chunking (:rfc:`9051#section-2.2.2`).

A response is a line; a line that ends in ``{n}`` goes on behind *n* octets of literal,
with one more line. The framer finds the end and nothing else: a frame is one ``bytes``
in which literals stand as they came. It looks at each octet of a line once, and at those
of literals never.
"""

from __future__ import annotations

import re
from typing import final

from aimap._errors import LimitExceededError, RemoteProtocolError
from aimap._wire import quirks
from aimap._wire.reading import Reading

# literal = "{" number64 ["+"] "}" CRLF; literal8 = "~" literal (RFC 9051 section 9)
_LITERAL_END = re.compile(rb"\{([0-9]{1,20})\+?\}\r?$", re.ASCII)
_LONGEST_HEADER = 25
_AFTER_LITERAL = b" )\r\n"
# In these the text is free, and may end in what looks like a literal's header.
_FREE_TEXT = re.compile(
    rb"\x00*+(?:\+|\* (?:OK|NO|BAD|BYE|PREAUTH)\b|[^*+ \x00\r\n][^*+ \r\n]*+ )", re.IGNORECASE
)
_CR = 0x0D
_MUCH = 1 << 20


@final
class Framer:
    """Collects octets; gives whole responses, without their last line end."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._limits = reading.limits
        self._buffer = bytearray()
        self._start = 0
        self._line = 0
        self._search = 0
        self._literal_start = 0

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take octets."""
        if self._start:
            del self._buffer[: self._start]
            self._line -= self._start
            self._search -= self._start
            self._literal_start -= self._start
            self._start = 0
        self._buffer += data

    @property
    def buffer(self) -> bytearray:
        """The octets received, for whoever can find a response's end on its own."""
        return self._buffer

    @property
    def start(self) -> int:
        """Where in :attr:`buffer` the next response begins."""
        return self._start

    def skip_to(self, end: int) -> None:
        """Go on behind a response that was read."""
        if end > _MUCH:
            # Else a large message would be kept while it is parsed, and until more is received.
            del self._buffer[:end]
            end = 0
        self._start = self._line = self._search = end

    @property
    def pending(self) -> int:
        """Octets that are not part of a response given out yet."""
        return len(self._buffer) - self._start

    def take_rest(self) -> bytes:
        """Remove and return what is pending."""
        rest = bytes(self._buffer[self._start :])
        self._buffer.clear()
        self._start = self._line = self._search = 0
        return rest

    def next_frame(self) -> bytes | None:
        """Return the next whole response, or ``None`` if there is none yet.

        Raises:
            LimitExceededError: if a line, a literal or the response is too long.
            RemoteProtocolError: if a literal does not end where it was to end.
            ScanError: if the frame deviates, and reading is strict.
        """
        newline = self._find_end()
        if newline is None:
            return None
        end = newline
        if end > self._start and self._buffer[end - 1] == _CR:
            end -= 1
        else:
            self._reading.tolerate(quirks.LONE_LF)
        with memoryview(self._buffer) as octets:
            frame = bytes(octets[self._start : end])
        self.skip_to(newline + 1)
        return frame

    def lacks_the_rest(self) -> bool:
        """Tell whether the next response was looked at before, and still is not whole.

        Whoever looks at it only when it is, looks once, however small the chunks are.
        What is raised is what :meth:`next_frame` raises.
        """
        return self._search > self._start and self._find_end() is None

    def _find_end(self) -> int | None:
        """Find the line feed that ends the next response."""
        buffer, limits = self._buffer, self._limits
        while True:
            if self._search >= len(buffer):
                return None
            newline = buffer.find(b"\n", self._search)
            end = len(buffer) if newline < 0 else newline
            if end - self._line > limits.max_line:
                raise LimitExceededError("max_line", limits.max_line, end - self._line)
            if newline < 0:
                self._search = len(buffer)
                return None
            if self._line > self._start:
                self._look_behind_literal(newline)
            length = self._literal(newline)
            if length is None:
                return newline
            self._literal_start = newline + 1
            self._line = self._search = newline + 1 + length
            if self._search - self._start > limits.max_response:
                raise LimitExceededError(
                    "max_response", limits.max_response, self._search - self._start
                )

    def _literal(self, newline: int) -> int | None:
        if _ends_otherwise(self._buffer, newline):
            return None
        tail_start = max(self._line, newline - _LONGEST_HEADER)
        match = _LITERAL_END.search(self._buffer[tail_start:newline])
        if match is None:
            return None
        # Asked of the first line only: a response with one literal may have many.
        if self._line == self._start and _FREE_TEXT.match(self._buffer, self._start):
            return None
        length = int(match[1])
        if length > self._limits.max_literal:
            raise LimitExceededError("max_literal", self._limits.max_literal, length)
        return length

    def _look_behind_literal(self, newline: int) -> None:
        """See that a literal is followed by what can follow one.

        Where the server counted characters instead of octets, the line shows where it
        went on; anything else means that nothing can be told any more.
        """
        buffer, end = self._buffer, self._line
        if buffer[end] in _AFTER_LITERAL:
            return
        characters = end - self._literal_start
        text = bytes(buffer[self._literal_start : newline]).decode("utf-8", "surrogateescape")
        if not text[characters : characters + 1].startswith((" ", ")")):
            raise RemoteProtocolError(
                "a literal has other octets than it announced", buffer[self._start : newline]
            )
        self._reading.tolerate(quirks.LITERAL_IN_CHARACTERS)


def _ends_otherwise(buffer: bytearray, newline: int) -> bool:
    """Tell quickly that the line up to *newline* does not end in a literal's header."""
    at = newline - 1
    if at >= 0 and buffer[at] == 0x0D:
        at -= 1
    return at < 0 or buffer[at] != 0x7D
