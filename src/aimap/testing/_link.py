"""A stream whose octets take time to arrive, on Trio's clock."""

from __future__ import annotations

import math
from typing import final

import trio
import trio.testing


@final
class DelayedStream(trio.abc.Stream):
    """Delays what is received by a fixed time, at full throughput, in order.

    :meth:`run` must run in a nursery that lives as long as the stream.

    Args:
        stream: the stream below.
        seconds: how long each octet is on its way.
    """

    def __init__(self, stream: trio.abc.Stream, seconds: float) -> None:
        self._stream = stream
        self._seconds = seconds
        self._send, self._receive = trio.open_memory_channel[tuple[float, bytes]](math.inf)
        self._rest = b""

    async def run(self) -> None:
        """Take octets from the stream below, and note when they are due."""
        with self._send:
            while True:
                try:
                    data = bytes(await self._stream.receive_some())
                    due = trio.current_time() + self._seconds
                    self._send.send_nowait((due, data))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    # The link is broken, or its end here was closed meanwhile.
                    return
                if not data:
                    return

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive what is due."""
        if not self._rest:
            try:
                due, self._rest = await self._receive.receive()
            except trio.EndOfChannel:
                return b""
            await trio.sleep_until(due)
        size = len(self._rest) if max_bytes is None else max_bytes
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send at once; the other end's stream delays it."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait as the stream below does."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream below."""
        self._send.close()
        await self._stream.aclose()


def memory_link() -> tuple[trio.abc.Stream, trio.abc.Stream]:
    """Return the two ends of a connection in memory."""
    return trio.testing.memory_stream_pair()
