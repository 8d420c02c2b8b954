"""What each fault does to a stream."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from aimap.testing import (
    Drip,
    Drop,
    Fault,
    FaultyStream,
    Insert,
    Repeat,
    Stall,
)
from aimap.testing._faulty import ServersEnd

# What each of them does to a stream


async def received(*faults: Fault, sent: bytes = b"") -> list[tuple[float, bytes]]:
    """Return what a client gets of a server that greets and leaves, and when."""
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, *faults)
    await theirs.send_all(b"* OK one\r\n")
    await theirs.send_all(b"* OK two\r\n")
    await theirs.send_eof()
    begin = trio.current_time()
    came: list[tuple[float, bytes]] = []
    if sent:
        await stream.send_all(sent)
    while data := await stream.receive_some():
        came.append((trio.current_time() - begin, data))
    return came


async def test_octets_as_they_come(autojump_clock: Any) -> None:
    def octets(came: list[tuple[float, bytes]]) -> bytes:
        return b"".join(data for _, data in came)

    both = b"* OK one\r\n* OK two\r\n"
    assert octets(await received()) == both
    assert octets(await received(Drop(after=3))) == b"* O"
    assert octets(await received(Drop(after=b"two"))) == both[:-2]
    assert octets(await received(Drop(after=re.compile(b"OK t")), Drop(after=19))) == both[:16]
    assert octets(await received(Insert(b"x", after=5), Insert(b"y", times=2, after=5))) == (
        both[:5] + b"xyy" + both[5:]
    )
    assert octets(await received(Repeat(after=b"two\r\n", times=2))) == both + b"two\r\n" * 2
    assert octets(await received(Drop(after=b"BAD"), Drop(after=10**6))) == both
    assert await received(Drip(size=15)) == [(0, both[:15]), (0, both[15:])]
    assert await received(Drip(size=15, seconds=2, after=0)) == [(2, both[:15]), (4, both[15:])]
    assert await received(Stall(seconds=3, after=5)) == [(0, both[:5]), (3, both[5:])]
    assert octets(await received(Insert(b"x", after=b"b", of="client"), sent=b"abc")) == b"x" + both
    assert octets(await received(Insert(b"x", after=b"B", of="client"), sent=b"abc")) == both


async def test_without_faults_it_is_a_stream_like_any(autojump_clock: Any) -> None:
    def maker(
        pair: Callable[[], tuple[trio.abc.Stream, trio.abc.Stream]],
    ) -> Callable[[], Awaitable[tuple[trio.abc.Stream, trio.abc.Stream]]]:
        async def make() -> tuple[trio.abc.Stream, trio.abc.Stream]:
            await trio.lowlevel.checkpoint()
            one, other = pair()
            return FaultyStream(one), FaultyStream(other)

        return make

    await trio.testing.check_two_way_stream(
        maker(trio.testing.memory_stream_pair), maker(trio.testing.lockstep_stream_pair)
    )


async def test_a_moment_in_several_pieces(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Drop(after=b"+ go", reset=True))
    received = b""
    for octet in b"* OK\r\n+ go":
        await theirs.send_all(bytes([octet]))
        received += await stream.receive_some()
    assert received == b"* OK\r\n+ go"
    with pytest.raises(trio.BrokenResourceError, match="reset"):
        await stream.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"x")
    assert await theirs.receive_some() == b""


async def test_a_client_that_is_cut_off(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Drop(after=b"b", of="client"))
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"abc")
    assert await theirs.receive_some() == b"ab"
    assert await stream.receive_some() == b""


async def test_what_the_client_sends_wakes_who_receives(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(
        ours, Insert(b"hello", after=b"a", of="client"), Drop(after=b"b", of="client")
    )
    came: list[bytes] = []
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            while data := await stream.receive_some():
                came.append(data)

        nursery.start_soon(receive)
        await trio.sleep(1)
        await stream.send_all(b"a")
        await trio.sleep(1)
        assert came == [b"hello"]
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"b")
    assert await theirs.receive_some() == b"ab"


async def test_the_moment_is_when_the_last_octet_has_passed(autojump_clock: Any) -> None:
    for moment in (3, b"abc", re.compile(b"b.")):
        ours, theirs = trio.testing.memory_stream_pair()
        stream = FaultyStream(ours, Drop(after=moment))
        await theirs.send_all(b"abc")
        assert await stream.receive_some() == b"abc"
        with trio.fail_after(1):
            assert await stream.receive_some() == b""


async def test_the_server_takes_turns(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    stream = ServersEnd(ours, [Stall(seconds=10)])
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(4):
            # Cancelled, it has to be sent all the same: others follow.
            await stream.send_all(b"a")
        nursery.start_soon(stream.send_all, b"b")
        nursery.start_soon(stream.send_all, b"c")
        received = b""
        while len(received) < 3:
            received += await theirs.receive_some()
            assert trio.current_time() == pytest.approx(10)
        assert received in (b"abc", b"acb")


async def test_a_stream_closed_while_it_stalls(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Stall())
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await stream.receive_some()

        nursery.start_soon(receive)
        await trio.sleep(1)
        await stream.aclose()
    assert await theirs.receive_some() == b""


async def test_a_pause_outlives_who_was_cancelled_in_it(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Stall(seconds=10))
    await theirs.send_all(b"x")
    with trio.move_on_after(4):
        await stream.receive_some()
    assert await stream.receive_some() == b"x"
    assert trio.current_time() == pytest.approx(10)
