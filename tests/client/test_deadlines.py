"""I11: silence, and what is as good as silence, ends; so does no work that makes progress."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import BODY_PEEK, Limits, Timeouts
from aimap.commands import Noop

from .support import PlayedServer, connected, played


async def test_silence_ends_the_connection(autojump_clock: Any) -> None:
    async with played(timeouts=Timeouts(response=10, keepalive=math.inf)) as (imap, _):
        await trio.sleep(1000)
        begin = trio.current_time()
        with pytest.raises(aimap.ConnectionLostError, match="no progress for 10 seconds"):
            await imap.noop()
        assert trio.current_time() - begin == pytest.approx(10)


async def test_octets_that_come_are_no_silence(autojump_clock: Any) -> None:
    async with played(timeouts=Timeouts(response=10)) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(imap.noop)
            for _ in range(5):
                await trio.sleep(8)
                await server.says(b"* OK still here\r\n")
            await server.says(b"A1 OK x\r\n")


async def select_and_fetch(imap: aimap.Client) -> list[aimap.Message]:
    async with imap.select("INBOX") as inbox:
        return await inbox.fetch_all(1, BODY_PEEK())


async def drip(server: PlayedServer, octets: int, seconds: float) -> None:
    """Answer SELECT and FETCH; send the message so many octets at a time."""
    await server.hears()
    await server.says(b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")
    await server.hears()
    await server.says(b"* 1 FETCH (UID 1 BODY[] {100000}\r\n")
    for _ in range(0, 100_000, octets):
        await trio.sleep(seconds)
        await server.says(b"x" * octets)
    await server.says(b")\r\nA2 OK x\r\n")


async def test_a_literal_that_drips_is_silence(autojump_clock: Any) -> None:
    async with played(timeouts=Timeouts(response=60)) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drip, server, 1, 1)
            begin = trio.current_time()
            with pytest.raises(aimap.ConnectionLostError, match="no progress for 60 seconds"):
                await select_and_fetch(imap)
            assert trio.current_time() - begin == pytest.approx(60, abs=1)
            nursery.cancel_scope.cancel()


async def test_a_slow_link_is_no_silence(autojump_clock: Any) -> None:
    limits = Limits(min_progress=4000)
    async with played(timeouts=Timeouts(response=60), limits=limits) as (imap, server):
        async with trio.open_nursery() as nursery:
            # 100 octets a second: a thousand seconds in all.
            nursery.start_soon(drip, server, 100, 1)
            (message,) = await select_and_fetch(imap)
            assert len(message.body()) == 100_000


async def test_a_slow_upload_is_no_silence(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    pump = _hook(ours)

    async def slowly() -> None:
        # The server takes 64 KiB in 50 seconds.
        await pump()
        await trio.sleep(50)

    ours.send_stream.send_all_hook = slowly
    await theirs.send_all(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
    timeouts = Timeouts(response=60, logout=1000)
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            server = PlayedServer(theirs)
            assert (await server.hears()).startswith(b"A1 APPEND")
            await server.hears()
            await server.says(b"A1 OK x\r\n")
            assert await server.hears() == b"A2 LOGOUT"
            await server.says(b"* BYE x\r\nA2 OK x\r\n")

        nursery.start_soon(serve)
        async with aimap.connect("x", tls="insecure", stream=ours, timeouts=timeouts) as imap:
            begin = trio.current_time()
            await imap.append("INBOX", b"x" * 600_000)
            assert trio.current_time() - begin > 400


async def test_read_stop(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(theirs.send_all, b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
        timeouts = Timeouts(response=10)
        async with aimap.connect("x", tls="insecure", stream=ours, timeouts=timeouts) as imap:
            with pytest.raises(aimap.ConnectionLostError, match="no progress for 10 seconds"):
                await imap.append("INBOX", b"x" * 1000)


async def test_a_complaint_is_quoted_when_nothing_else_comes(autojump_clock: Any) -> None:
    """The quirk status-for-tagged."""
    async with played(timeouts=Timeouts(response=10)) as (imap, server):
        async with trio.open_nursery() as nursery:

            async def fails() -> None:
                with pytest.raises(
                    aimap.ConnectionLostError, match="complaint was: mailbox in use"
                ):
                    await imap.noop()

            nursery.start_soon(fails)
            assert await server.hears() == b"A1 NOOP"
            await server.says(b"* BAD mailbox in use\r\n")


async def test_an_idle_connection_is_kept_alive(autojump_clock: Any) -> None:
    async with connected(timeouts=Timeouts(keepalive=100)) as (imap, server):
        server.commands.clear()
        await trio.sleep(350)
        assert server.commands == ["NOOP"] * 3
        await imap.noop()
        await trio.sleep(99)
        assert server.commands == ["NOOP"] * 4


async def test_keeping_alive_notices_a_dead_link(autojump_clock: Any) -> None:
    async with played(timeouts=Timeouts(keepalive=100, response=10)) as (imap, _):
        await trio.sleep(120)
        begin = trio.current_time()
        with pytest.raises(aimap.ConnectionLostError, match="no progress for 10 seconds"):
            await imap.noop()
        assert trio.current_time() == begin


async def test_a_lost_connection_is_closed(autojump_clock: Any) -> None:
    async with played(timeouts=Timeouts(response=10)) as (imap, server):
        with pytest.raises(aimap.ConnectionLostError):
            await imap.noop()
        assert await server.hears() == b"A1 NOOP"
        # The server sees the end, though the block goes on.
        assert await server.hears() == b""


async def test_the_reader_does_not_pause_while_the_server_does_not_read() -> None:
    """Both sides would wait for the other to read, for ever."""
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
    limits = Limits(max_buffered=1000)
    async with aimap.connect("x", tls="insecure", stream=ours, limits=limits) as imap:
        server = PlayedServer(theirs)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer_with_too_much, server)
            async with imap.select("INBOX") as inbox, inbox.fetch("1:2", BODY_PEEK()):
                await trio.testing.wait_all_tasks_blocked(0.01)
                assert await received_meanwhile(imap, server) == 0
                pump, reads = _hook(ours), trio.Event()

                async def once_it_reads() -> None:
                    await reads.wait()
                    await pump()

                ours.send_stream.send_all_hook = once_it_reads
                noop = imap.submit(Noop())
                await trio.testing.wait_all_tasks_blocked(0.01)
                assert await received_meanwhile(imap, server) > 0
                reads.set()
                assert await server.hears() == b"A3 NOOP"
                assert not noop.done
        await theirs.aclose()


async def test_silence_counts_from_the_moment_that_the_reader_goes_on(autojump_clock: Any) -> None:
    """Also where that is the very moment at which it had given up waiting before."""
    for _ in range(8):
        ours, theirs = trio.testing.memory_stream_pair()
        await theirs.send_all(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
        limits, timeouts = Limits(max_buffered=1000), Timeouts(response=10)
        async with (
            aimap.connect(
                "x", tls="insecure", stream=ours, limits=limits, timeouts=timeouts
            ) as imap,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(partial(answer_with_too_much, PlayedServer(theirs), heard=2))
            async with imap.select("INBOX") as inbox:
                noop = imap.submit(Noop())
                await trio.testing.wait_all_tasks_blocked(0.01)
                async with inbox.fetch("1:2", BODY_PEEK()):
                    await trio.testing.wait_all_tasks_blocked(0.01)
                    await trio.sleep_until(imap._driver._patience.deadline)
                with trio.fail_after(100), pytest.raises(aimap.ConnectionLostError):
                    await noop.wait()


async def test_an_upload_that_is_given_up_closes_at_once(autojump_clock: Any) -> None:
    """The server reads nothing, and the writer waits for it."""
    ours, theirs = trio.testing.lockstep_stream_pair()

    async def source() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 1000

    async with trio.open_nursery() as nursery:
        nursery.start_soon(theirs.send_all, b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
        async with aimap.connect("x", tls="insecure", stream=ours) as imap:
            appending = trio.CancelScope()

            async def append() -> None:
                with appending:
                    await imap.append("INBOX", source(), size=100_000)

            nursery.start_soon(append)
            await theirs.receive_some(10_000)
            await trio.testing.wait_all_tasks_blocked(0.01)
            appending.cancel()
            await trio.testing.wait_all_tasks_blocked(0.01)
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some(1)


async def answer_with_too_much(server: PlayedServer, *, heard: int = 1) -> None:
    await server.hears()
    await server.says(b"* 2 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")
    for _ in range(heard):
        await server.hears()
    await server.says(b"* 1 FETCH (UID 1 BODY[] {5000}\r\n%s)\r\n" % (b"x" * 5000))


async def received_meanwhile(imap: aimap.Client, server: PlayedServer) -> int:
    before = imap.statistics().octets_received
    await server.says(b"* OK hello\r\n")
    await trio.testing.wait_all_tasks_blocked(0.01)
    return imap.statistics().octets_received - before


def _hook(stream: Any) -> Callable[[], Awaitable[object]]:
    """Return what moves the octets of a memory stream to its other end."""
    hook: Callable[[], Awaitable[object]] = stream.send_stream.send_all_hook
    return hook


@pytest.mark.parametrize("closes", [True, False])
async def test_the_last_word_is_read_where_nothing_can_be_sent(
    closes: bool, autojump_clock: Any
) -> None:
    async with unsendable() as (imap, server):
        await server.says(b"* BYE [UNAVAILABLE] going down\r\n")
        if closes:
            await server.stream.aclose()
        with pytest.raises(aimap.ByeError, match="going down"):
            await imap.noop()


@pytest.mark.parametrize("closes", [True, False])
async def test_without_a_last_word_the_failure_is_told(closes: bool, autojump_clock: Any) -> None:
    async with unsendable(closes=closes) as (imap, _):
        begin = trio.current_time()
        with pytest.raises(aimap.ConnectionLostError, match="while sending: no route") as caught:
            await imap.noop()
        assert not isinstance(caught.value, aimap.ByeError)
        assert trio.current_time() - begin <= 1


@asynccontextmanager
async def unsendable(*, closes: bool = False) -> AsyncGenerator[tuple[aimap.Client, PlayedServer]]:
    """Connect to a server that can be heard and not be spoken to."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")

    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        if closes:
            # Seen only behind the failure: nothing else runs in between.
            theirs.send_stream.close()
        raise trio.BrokenResourceError("no route")

    async with aimap.connect("localhost", tls="insecure", stream=ours) as imap:
        ours.send_stream.send_all_hook = fail
        yield imap, server
