"""A client that goes away, at whatever moment, takes nobody with it."""

from __future__ import annotations

from typing import Any

import trio

from aimap.testing import serve


async def test_in_idle(autojump_clock: Any) -> None:
    async with serve(tls="insecure", host=None) as server:
        for _ in range(2):
            stream = server.connect()
            await stream.send_all(b"a LOGIN joe secret\r\nb SELECT INBOX\r\nc IDLE\r\n")
            heard = b""
            while b"+ idling" not in heard:
                heard += bytes(await stream.receive_some())
            server.deliver("joe", b"Subject: x\r\n\r\n")
            await stream.aclose()
            await trio.sleep(1)


async def test_while_octets_are_on_their_way(autojump_clock: Any) -> None:
    async with serve(tls="insecure", host=None, latency=0.1) as server:
        for checkpoints in range(20):
            stream = server.connect()
            for _ in range(checkpoints):
                await trio.lowlevel.checkpoint()
            await stream.aclose()
        await trio.sleep(1)
