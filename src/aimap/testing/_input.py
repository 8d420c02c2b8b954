"""Commands from a stream, with literals asked for (:rfc:`9051#section-4.3`)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeAlias, final

import attrs
import trio

from aimap.testing._rules import RefusalError, Rule, ViolationError

_LITERAL = re.compile(rb"~?\{([0-9]{1,20})(\+?)\}\r\n\Z")
_COMMAND = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+) ([A-Za-z0-9]+)(?: |(?=\r\n))")

MAX_LINE = 8192
LITERAL_MINUS_MAX = 4096
_MAX_LITERAL = 512 * 1024 * 1024
_READ_SIZE = 65536

NonSynchronising: TypeAlias = Literal["LITERAL+", "LITERAL-", ""]
"""Which non-synchronising literals are taken (:rfc:`7888`)."""


@final
@attrs.frozen
class Line:
    """One command.

    Attributes:
        tag: its tag.
        name: its name in upper case, without what follows ``UID``.
        rest: what follows, with literals inside.
        octet: where in the stream it begins.
        time: when its first octet came in.
    """

    tag: str
    name: str
    rest: bytes
    octet: int
    time: float

    @property
    def octets(self) -> bytes:
        """All of it again."""
        return f"{self.tag} {self.name} ".encode("ascii") + self.rest

    @property
    def beginning(self) -> bytes:
        """So much of it as is ever shown; messages that are uploaded are large."""
        return f"{self.tag} {self.name} ".encode("ascii") + self.rest[:MAX_LINE]


@final
class UnreadableError(Exception):
    """A command that cannot be read. It is answered, and the next one is looked for."""

    def __init__(self, tag: str, error: ViolationError | RefusalError, octets: bytes) -> None:
        self.tag = tag
        self.error = error
        self.octets = octets
        super().__init__(str(error))


@final
@attrs.frozen(kw_only=True)
class Hooks:
    """What a connection does while input is waited for.

    Attributes:
        ask: asks for the octets of a literal.
        check: is called with the name of a command and the length of a literal that waits to
            be asked for, and may refuse it.
        on_input: is called with octets that came, and tells whether to take them; ``None``
            takes all.
        on_silence: is called when nothing came for so many seconds.
        silences: the seconds, in order.
    """

    ask: Callable[[], Awaitable[None]]
    check: Callable[[str, int], None]
    on_input: Callable[[bytes], Awaitable[bool]] | None = None
    on_silence: Callable[[float], Awaitable[None]] | None = None
    silences: Sequence[float] = ()


@final
class Input:
    """What a client sends, command by command.

    Args:
        stream: the connection.
        strict: refuse what :rfc:`3501` does not allow, and lenient servers take.
        literals: which non-synchronising literals are taken.
        hooks: what the connection does meanwhile.
    """

    def __init__(
        self, stream: trio.abc.Stream, *, strict: bool, literals: NonSynchronising, hooks: Hooks
    ) -> None:
        self.stream = stream
        self._hooks = hooks
        self.strict = strict
        self.literals = literals
        self.flights = 0
        self.received = 0
        self._buffer = bytearray()
        self._arrivals: deque[tuple[int, float]] = deque()

    @property
    def pending(self) -> bytes:
        """Octets that were received and are not part of a command yet."""
        return bytes(self._buffer)

    async def _more(self) -> None:
        data = await self._received()
        if not data:
            raise EOFError
        if self._hooks.on_input is not None and not await self._hooks.on_input(bytes(data)):
            return
        self.flights += 1
        self.received += len(data)
        self._buffer += data
        self._arrivals.append((self.received, trio.current_time()))

    async def _received(self) -> bytes | bytearray:
        begin = trio.current_time()
        for seconds in self._hooks.silences:
            with trio.move_on_at(begin + seconds):
                return await self.stream.receive_some(_READ_SIZE)
            assert self._hooks.on_silence is not None
            await self._hooks.on_silence(seconds)
        return await self.stream.receive_some(_READ_SIZE)

    def forget(self) -> None:
        """Drop what was received and not read."""
        self._buffer.clear()

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
            raise ViolationError(
                f"a line of {len(line)} octets, which is over {MAX_LINE} octets "
                "(RFC 7162 section 4)",
                Rule.LONG_LINE,
            )
        if not line.endswith(b"\r\n"):
            if self.strict:
                raise ViolationError(
                    "a line that ends in a bare LF (RFC 9051 section 2.2)", Rule.BARE_LF
                )
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
        failure: ViolationError | None = None
        while not self._buffer:
            await self._more()
        octet = self.received - len(self._buffer)
        while self._arrivals[0][0] <= octet:
            self._arrivals.popleft()
        time = self._arrivals[0][1]
        try:
            collected += await self.line()
            match = _COMMAND.match(collected)
            if match is None:
                raise ViolationError("a command is a tag, a space and a name (RFC 9051 section 9)")
            tag = match[1].decode("ascii")
            while (literal := _LITERAL.search(collected)) is not None:
                length, at_once = int(literal[1]), bool(literal[2])
                if at_once and failure is None:
                    failure = self._not_at_once(length)
                elif not at_once:
                    self._hooks.check(match[2].decode("ascii").upper(), length)
                await self._literal(collected, length, at_once=at_once)
                collected += await self.line()
            if failure is not None:
                raise failure
        except (ViolationError, RefusalError) as error:
            raise UnreadableError(tag, error, bytes(collected)) from None
        name = match[2].decode("ascii").upper()
        return Line(tag, name, bytes(collected[match.end() : -2]), octet, time)

    async def _literal(self, collected: bytearray, length: int, *, at_once: bool) -> None:
        if length > _MAX_LITERAL:
            raise ViolationError("a literal that is too large")
        if not at_once:
            if self._buffer and self.strict:
                self._buffer.clear()
                raise ViolationError(
                    "octets behind the header of a literal, before the '+' (RFC 9051 section 4.3)",
                    Rule.LITERAL,
                )
            await self._hooks.ask()
        while len(self._buffer) < length:
            await self._more()
        collected += self._buffer[:length]
        del self._buffer[:length]

    def _not_at_once(self, length: int) -> ViolationError | None:
        """Say why a literal of that length must not come unasked, if it must not."""
        if not self.literals:
            return ViolationError(
                "a non-synchronising literal without LITERAL+ (RFC 7888)", Rule.LITERAL_PLUS
            )
        if self.literals == "LITERAL-" and length > LITERAL_MINUS_MAX:
            return ViolationError(
                f"a non-synchronising literal of {length} octets, over {LITERAL_MINUS_MAX}, "
                "with LITERAL- (RFC 7888 section 5)",
                Rule.LITERAL_PLUS,
            )
        return None
