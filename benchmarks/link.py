"""A TCP proxy that adds time to each way, at full throughput, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import trio

from aimap.testing import DelayedStream

_READ_SIZE = 65536


async def _pump(source: trio.abc.ReceiveStream, sink: trio.abc.SendStream) -> None:
    try:
        while data := await source.receive_some(_READ_SIZE):
            await sink.send_all(data)
        await sink.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


async def _carry(port: int, seconds: float, near: trio.SocketStream) -> None:
    far = await trio.open_tcp_stream("127.0.0.1", port)
    slow_near, slow_far = DelayedStream(near, seconds), DelayedStream(far, seconds)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(slow_near.run)
        nursery.start_soon(slow_far.run)
        nursery.start_soon(_pump, slow_near, far)
        nursery.start_soon(_pump, slow_far, near)


async def _serve(port: int, seconds: float) -> None:
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_tcp, partial(_carry, port, seconds), 0, host="127.0.0.1")
        )
        print(listeners[0].socket.getsockname()[1], flush=True)


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """Run the proxy before *port* on this machine; yield the port to connect to.

    Args:
        port: where the server listens.
        round_trip: seconds to add to each round trip.
    """
    command = [sys.executable, "-m", "benchmarks.link", str(port), str(round_trip / 2)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.terminate()


if __name__ == "__main__":
    trio.run(_serve, int(sys.argv[1]), float(sys.argv[2]))
