"""Streams on which things go wrong as they were told to: the client's end, and the server's."""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Iterable, Iterator
from operator import index
from typing import cast, final

import trio

from aimap.testing._faults import Course, End, Fault, Wait

_RESET = struct.pack("ii", 1, 0)


@final
class FaultyStream(trio.abc.Stream):
    """A client's stream, on which what the server sends goes wrong.

    ::

        stream = FaultyStream(server.connect(), Drop(after=b"A3 OK"))

    It may wrap any stream. Around the stream below TLS it sees TLS's octets: faults then
    come behind a number of them; let the server have the others (``serve(faults=...)``).

    Args:
        stream: the stream below.
        faults: what goes wrong.
    """

    def __init__(self, stream: trio.abc.Stream, *faults: Fault) -> None:
        self._stream = stream
        self._course = Course(faults)
        self._due = -math.inf
        self._rest = b""
        self._end: End | None = None
        self._closed = False
        self._waiting = trio.CancelScope()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive what the faults let through, and what they add."""
        await trio.lowlevel.checkpoint()
        if max_bytes is not None and index(max_bytes) < 1:
            raise ValueError("max_bytes is at least 1")
        while not self._rest:
            if self._closed:
                raise trio.ClosedResourceError
            if self._end is not None:
                if self._end.reset:
                    raise trio.BrokenResourceError("the connection was reset")
                return b""
            with trio.CancelScope() as self._waiting:
                if trio.current_time() < self._due:
                    await trio.sleep_until(self._due)
                else:
                    await self._take_step()
        size = len(self._rest) if max_bytes is None else max_bytes
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def _take_step(self) -> None:
        match self._course.next_step():
            case None:
                await self._listen()
            case Wait(seconds):
                self._due = trio.current_time() + seconds
            case End() as end:
                self._end = end
                await trio.aclose_forcefully(self._stream)
            case octets:
                self._rest = octets

    async def _listen(self) -> None:
        data = bytes(await self._stream.receive_some())
        if data:
            self._course.server_sends(data)
        else:
            self._end = End(reset=False)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, up to where a fault ends the connection."""
        if not data:
            await self._stream.send_all(data)
        for piece in self._course.client_sends(bytes(data)):
            await self._stream.send_all(piece)
            self._waiting.cancel()
        if self._course.over:
            await trio.aclose_forcefully(self._stream)
            raise trio.BrokenResourceError("the connection has ended")

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as the stream below does."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream below."""
        self._closed = True
        self._waiting.cancel()
        await self._stream.aclose()


@final
class ServersEnd(trio.abc.Stream):
    """The embedded server's own end: what is sent goes wrong before it is encrypted.

    Attributes:
        stream: the stream below, which TLS or compression may replace.
    """

    def __init__(self, stream: trio.abc.Stream, faults: Iterable[Fault]) -> None:
        self.stream = stream
        self._course = Course(faults)
        self._due = -math.inf
        self._turn = trio.Lock()
        self._heard: Iterator[bytes] = iter(())

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send what the faults let through, and what they add."""
        self._course.server_sends(bytes(data))
        await self._take_steps()

    async def _take_steps(self) -> None:
        # What a cancelled task leaves undone, the next one does first.
        async with self._turn:
            if trio.current_time() < self._due:
                await trio.sleep_until(self._due)
            while (step := self._course.next_step()) is not None:
                match step:
                    case Wait(seconds):
                        self._due = trio.current_time() + seconds
                        await trio.sleep_until(self._due)
                    case End(reset):
                        await self.end(reset=reset)
                    case octets:
                        await self.stream.send_all(octets)

    def stall(self, seconds: float) -> None:
        """Send nothing for some time."""
        self._due = max(self._due, trio.current_time() + seconds)

    async def end(self, *, reset: bool) -> None:
        """End the connection without a word.

        Raises:
            trio.ClosedResourceError: always, since that is how it ends.
        """
        if reset:
            _reset(self.stream)
        await trio.aclose_forcefully(self.stream)
        raise trio.ClosedResourceError

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive, up to where a fault happens."""
        piece = next(self._heard, None)
        if piece is None:
            data = bytes(await self.stream.receive_some(max_bytes))
            if not data:
                return b""
            self._heard = self._course.client_sends(data)
            piece = next(self._heard, b"")
        await self._take_steps()
        return piece

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as the stream below does."""
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream below."""
        await self.stream.aclose()


def _reset(stream: trio.abc.Stream) -> None:
    """Have TCP close by a reset; a stream in memory knows of no such thing."""
    while isinstance(stream, trio.SSLStream):
        stream = cast("trio.SSLStream[trio.abc.Stream]", stream).transport_stream
    if isinstance(stream, trio.SocketStream):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
