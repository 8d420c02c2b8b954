"""A link before a server that adds time to each way, and counts what goes over it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import trio

from aimap.testing import DelayedStream

_READ_SIZE = 262144


@dataclass
class Traffic:
    """What went over a link.

    Attributes:
        sent: octets to the server.
        received: octets from it.
        flights: how often something was sent behind something received: round trips, for
            a client that does one thing at a time.
        connections: how many there were.
    """

    sent: int = 0
    received: int = 0
    flights: int = 0
    connections: int = 0

    @property
    def octets(self) -> int:
        return self.sent + self.received


async def _carry(port: int, seconds: float, traffic: Traffic, near: trio.SocketStream) -> None:
    far: trio.abc.Stream = await trio.open_tcp_stream("127.0.0.1", port)
    traffic.connections += 1
    heard = True

    async def up(source: trio.abc.Stream, sink: trio.abc.Stream) -> None:
        nonlocal heard
        while data := await source.receive_some(_READ_SIZE):
            traffic.sent += len(data)
            traffic.flights += heard
            heard = False
            await sink.send_all(data)

    async def down(source: trio.abc.Stream, sink: trio.abc.Stream) -> None:
        nonlocal heard
        while data := await source.receive_some(_READ_SIZE):
            traffic.received += len(data)
            heard = True
            await sink.send_all(data)

    async def until_broken(
        carry: Callable[[trio.abc.Stream, trio.abc.Stream], Awaitable[None]],
        source: trio.abc.Stream,
        sink: trio.abc.Stream,
    ) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await carry(source, sink)
        await sink.aclose()
        if carry is down:
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        reading_near: trio.abc.Stream = near
        reading_far: trio.abc.Stream = far
        if seconds:
            slow_near, slow_far = DelayedStream(near, seconds), DelayedStream(far, seconds)
            nursery.start_soon(slow_near.run)
            nursery.start_soon(slow_far.run)
            reading_near, reading_far = slow_near, slow_far
        nursery.start_soon(until_broken, up, reading_near, far)
        nursery.start_soon(until_broken, down, reading_far, near)


async def _serve(port: int, seconds: float) -> None:
    traffic = Traffic()

    async def tell(stream: trio.SocketStream) -> None:
        await stream.send_all(json.dumps(vars(traffic)).encode())
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        for handler in (partial(_carry, port, seconds, traffic), tell):
            listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
            print(listeners[0].socket.getsockname()[1], flush=True)


class Link:
    """A running link.

    Attributes:
        port: where to connect to.
    """

    def __init__(self, port: int, telling: int) -> None:
        self.port = port
        self._telling = telling

    def traffic(self) -> Traffic:
        """Return what went over it so far."""

        async def ask() -> bytes:
            stream = await trio.open_tcp_stream("127.0.0.1", self._telling)
            async with stream:
                return b"".join([data async for data in stream])

        return Traffic(**json.loads(trio.run(ask)))


@contextmanager
def linked(port: int, round_trip: float) -> Iterator[Link]:
    """Run a link before *port* on this machine, in a process of its own.

    Args:
        port: where the server listens.
        round_trip: seconds to add to each round trip.
    """
    command = [sys.executable, "-m", "benchmarks.link", str(port), str(round_trip / 2)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield Link(int(proxy.stdout.readline()), int(proxy.stdout.readline()))
        finally:
            proxy.terminate()


if __name__ == "__main__":
    trio.run(_serve, int(sys.argv[1]), float(sys.argv[2]))
