"""A client connected to the embedded server, or to one that a test plays, in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

import aimap
from aimap.testing import Server, serve

JOE = aimap.Password("joe", "secret")


@asynccontextmanager
async def connected(
    *, messages: int = 0, latency: float = 0.0, **options: Any
) -> AsyncGenerator[tuple[aimap.Client, Server]]:
    """Connect to the embedded server in memory; no rule may be broken meanwhile."""
    timeouts = options.pop("timeouts", None)
    limits = options.pop("limits", None)
    compress = options.pop("compress", False)
    async with serve(
        {"joe": "secret"}, tls="insecure", host=None, latency=latency, **options
    ) as server:
        for number in range(1, messages + 1):
            server.deliver("joe", b"Subject: %d\r\n\r\nbody of %d\r\n" % (number, number))
        async with aimap.connect(
            "localhost",
            tls="insecure",
            stream=server.connect(),
            auth=JOE,
            timeouts=timeouts,
            limits=limits,
            compress=compress,
        ) as imap:
            yield imap, server
        assert server.violations == []


class PlayedServer:
    """The far end of a connection, line by line."""

    def __init__(self, stream: trio.testing.MemoryReceiveStream | trio.abc.Stream) -> None:
        self.stream: Any = stream
        self._buffer = b""

    async def says(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def hears(self) -> bytes:
        while b"\r\n" not in self._buffer:
            data = await self.stream.receive_some()
            if not data:
                return b""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    async def nothing_more(self) -> None:
        with trio.move_on_after(5) as scope:
            data = await self.stream.receive_some()
            assert not data, data
        assert not self._buffer
        assert scope.cancelled_caught or not data


@asynccontextmanager
async def played(
    *, greeting: bytes = b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ ESEARCH] hi\r\n", **options: Any
) -> AsyncGenerator[tuple[aimap.Client, PlayedServer]]:
    """Connect to a server that the test plays."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(greeting)
    async with aimap.connect("localhost", tls="insecure", stream=ours, **options) as imap:
        yield imap, server
        await theirs.aclose()


Conversation = list[tuple[bytes, bytes]]
"""What is heard, without its tag, and what the server says to it: ``%s`` is that tag."""


@asynccontextmanager
async def selected(
    capabilities: str,
    conversation: Conversation,
    *,
    exists: int = 3,
    selecting: bytes = b"",
    **options: Any,
) -> AsyncGenerator[aimap.Mailbox]:
    """Select INBOX on a server that plays a conversation, to its end.

    Args:
        capabilities: what it offers beyond IMAP4rev1, LITERAL+ and UNSELECT.
        conversation: what follows SELECT.
        exists: how many messages there are.
        selecting: more that the server says on SELECT.
        options: of the connection.
    """
    greeting = f"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UNSELECT {capabilities}] hi\r\n"

    async def play(server: PlayedServer) -> None:
        assert await server.hears() == b"A1 SELECT INBOX"
        await server.says(b"* %d EXISTS\r\n%sA1 OK [READ-WRITE] open\r\n" % (exists, selecting))
        for at, (heard, says) in enumerate(conversation, 2):
            tag = b"A%d" % at
            for line in (tag + b" " + heard).split(b"\r\n"):
                assert await server.hears() == line
            await server.says(says.replace(b"%s", tag) + b"\r\n")
        assert (await server.hears()).endswith(b" UNSELECT")

    async with played(greeting=greeting.encode(), **options) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play, server)
            async with imap.select("INBOX") as inbox:
                yield inbox
