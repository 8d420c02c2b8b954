"""COMPRESS=DEFLATE (RFC 4978): what is sent, and what a server can do with it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import BODY_PEEK, LimitExceededError, Limits, RemoteProtocolError
from aimap._deflate import DeflateStream
from aimap.testing import CAPABILITIES

from .support import connected

GREETING = b"* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n"


@asynccontextmanager
async def answered(
    answer: bytes, **options: Any
) -> AsyncGenerator[tuple[aimap.Client, trio.abc.Stream]]:
    """Connect to a server that a test plays, and have it answer COMPRESS."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            await theirs.send_all(GREETING)
            assert await theirs.receive_some() == b"A1 COMPRESS DEFLATE\r\n"
            await theirs.send_all(answer)

        nursery.start_soon(serve)
        async with aimap.connect(
            "localhost", tls="insecure", stream=ours, compress=True, **options
        ) as imap:
            yield imap, theirs
            await theirs.aclose()


def deflated(*pieces: bytes) -> list[bytes]:
    deflate = zlib.compressobj(wbits=-15)
    return [deflate.compress(piece) + deflate.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]


async def test_all_goes_on_compressed(autojump_clock: Any) -> None:
    message = b"Subject: x\r\n\r\n" + b"the same again and again\r\n" * 10_000
    async with connected(compress=True) as (imap, server):
        for _ in range(5):
            server.deliver("joe", message)
        async with imap.select("INBOX") as inbox:
            found = await inbox.fetch_all("1:*", BODY_PEEK())
            assert [each.body() for each in found] == [message] * 5
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(imap.status, "INBOX")
        assert server.commands.count("COMPRESS") == 1


async def test_without_the_capability_nothing_is_asked(autojump_clock: Any) -> None:
    async with connected(compress=True, capabilities=CAPABILITIES - {"COMPRESS=DEFLATE"}) as (
        imap,
        server,
    ):
        await imap.noop()
        assert "COMPRESS" not in server.commands


@pytest.mark.parametrize("together", [True, False])
async def test_what_comes_behind_the_answer(autojump_clock: Any, together: bool) -> None:
    # RFC 4978 section 3: the server compresses from the octet behind the CRLF of its OK on,
    # whether that comes in the same segment or in another.
    (alert,) = deflated(b"* OK [ALERT] read me\r\nA2 OK done\r\n")
    answer = b"A1 OK DEFLATE active\r\n"
    async with answered(answer + alert if together else answer) as (imap, server):
        if together:
            # The answer to a command that is still to come breaks the protocol.
            with pytest.raises(RemoteProtocolError):
                await imap.noop()
        else:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(imap.noop)
                inflate = zlib.decompressobj(wbits=-15)
                assert inflate.decompress(await server.receive_some()) == b"A2 NOOP\r\n"
                for at in range(len(alert)):
                    await server.send_all(alert[at : at + 1])


async def test_compressed_already(autojump_clock: Any) -> None:
    async with answered(b"A1 NO [COMPRESSIONACTIVE] by TLS\r\n") as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(imap.noop)
            assert await server.receive_some() == b"A2 NOOP\r\n"
            await server.send_all(b"A2 OK done\r\n")


async def test_what_is_no_deflate_ends_the_connection(autojump_clock: Any) -> None:
    async with answered(b"A1 OK go\r\n* OK in clear\r\n") as (imap, _):
        with pytest.raises(RemoteProtocolError, match="DEFLATE"):
            await imap.noop()


async def test_deflate_bomb(autojump_clock: Any) -> None:
    bomb = zlib.compressobj(9, wbits=-15)
    octets = bomb.compress(b"* OK " + b"x" * 200_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH)
    assert len(octets) < 250_000
    async with answered(b"A1 OK go\r\n", limits=Limits(max_line=300_000_000)) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.send_all, octets)
            with pytest.raises(LimitExceededError, match="max_deflate_ratio"):
                await imap.noop()
            nursery.cancel_scope.cancel()


async def test_empty_blocks_without_end(autojump_clock: Any) -> None:
    async with answered(b"A1 OK go\r\n") as (imap, server), trio.open_nursery() as nursery:

        async def flood() -> None:
            while True:
                await server.send_all(b"\x00\x00\x00\xff\xff" * 1000)
                await trio.sleep(1)

        nursery.start_soon(flood)
        with pytest.raises(aimap.ConnectionLostError, match="no progress"):
            await imap.noop()
        nursery.cancel_scope.cancel()


async def test_little_is_inflated_at_a_time() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    (octets,) = deflated(b"\0" * 10_000_000)
    await theirs.send_all(octets)
    stream = DeflateStream(ours, max_ratio=2000)
    total = 0
    while total < 10_000_000:
        piece = await stream.receive_some(1000)
        assert 0 < len(piece) <= 1000
        total += len(piece)
    await theirs.aclose()
    assert await stream.receive_some() == b""
    await stream.aclose()
