"""What a connection is about to send, and what a script makes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import final

import trio

from aimap.testing._faults import End, Step, Wait
from aimap.testing._faulty import ServersEnd
from aimap.testing._scripts import (
    Action,
    Change,
    Chunk,
    Close,
    Delay,
    Event,
    Happening,
    Hold,
    Ignore,
    Rewrite,
    Script,
    Send,
    Strings,
    Truncate,
    in_form,
)

_WRITTEN_BY_SCRIPTS: tuple[Event, ...] = ("greeting", "response", "continuation")


@final
class Outgoing:
    """The queue of one connection.

    Args:
        end: where it goes.
        script: what goes wrong.
        happening: makes an event of what is about to be sent.
    """

    def __init__(
        self, end: ServersEnd, script: Script, happening: Callable[[Event, bytes], Happening]
    ) -> None:
        self._end = end
        self._script = script
        self._happening = happening
        self._is_scripted = script.has(*_WRITTEN_BY_SCRIPTS)
        self._queue: deque[Step | bytearray] = deque()
        self._turn = trio.Lock()
        self._size = 0
        self._behind_tagged: list[bytes] = []
        self._behind_next: list[bytes] = []

    def put(self, data: bytes, event: Event = "response") -> None:
        """Queue one response."""
        if not self._is_scripted:
            self.append(data)
            return
        happening = self._happening(event, data)
        for step in self._steps(data, happening, self._script.actions(happening)):
            if isinstance(step, bytes):
                self.append(step)
            else:
                self._queue.append(step)
                self._size += 1
        if event == "response" and data.startswith(happening.tag.encode("ascii", "replace") + b" "):
            self.release_tagged()

    def append(self, data: bytes) -> None:
        """Queue octets past the script."""
        if not self._queue or not isinstance(self._queue[-1], bytearray):
            self._queue.append(bytearray())
        last = self._queue[-1]
        assert isinstance(last, bytearray)
        last += data
        self._size += len(data)

    def _steps(self, data: bytes, happening: Happening, actions: list[Action]) -> Iterator[Step]:
        chunk: Chunk | None = None
        end: End | None = None
        for action in actions:
            match action:
                case Send():
                    yield action.line(happening.tag)
                case Ignore():
                    data = b""
                case Change(pattern, by):
                    data = pattern.sub(by, data)
                case Rewrite(function):
                    data = function(data)
                case Strings(form):
                    data = in_form(data, form)
                case Hold(until):
                    (self._behind_tagged if until == "tagged" else self._behind_next).append(data)
                    data = b""
                case Delay(seconds):
                    yield Wait(seconds)
                case Chunk():
                    chunk = action
                case Truncate(octets):
                    data = data[:octets]
                case Close(reset):
                    end = End(reset)
        size = len(data) if chunk is None else chunk.size
        for at in range(0, len(data), max(size, 1)):
            if at and chunk is not None:
                yield Wait(chunk.seconds)
            yield data[at : at + size]
        if end is not None:
            yield end

    def release_tagged(self) -> None:
        """Queue what was held back behind the tagged line."""
        held, self._behind_tagged = self._behind_tagged, []
        for each in held:
            self.append(each)

    def release_next(self) -> None:
        """Queue what was held back until the next command."""
        held, self._behind_next = self._behind_next, []
        for each in held:
            self.append(each)

    def mark(self) -> int:
        """Return a place to which :meth:`rewind` goes back."""
        return self._size

    def rewind(self, mark: int) -> None:
        """Take back what was queued since, as far as it is not sent."""
        while self._size > mark and self._queue:
            last = self._queue[-1]
            if not isinstance(last, bytearray):
                self._queue.pop()
                self._size -= 1
                continue
            surplus = min(self._size - mark, len(last))
            del last[len(last) - surplus :]
            self._size -= surplus
            if not last:
                self._queue.pop()

    async def flush(self, *, above: int = 0) -> None:
        """Write what is queued, if it is more than *above* octets."""
        if self._size <= above:
            return
        async with self._turn:
            while self._queue:
                step = self._queue.popleft()
                self._size -= len(step) if isinstance(step, bytes | bytearray) else 1
                if isinstance(step, Wait):
                    await trio.sleep(step.seconds)
                elif isinstance(step, End):
                    await self._end.end(reset=step.reset)
                else:
                    await self._end.send_all(step)
