"""Messages that are read from somewhere while they are sent."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import BODY_PEEK, AppendSource, ConnectionLostError, InvalidArgumentError, NoError
from aimap.testing import CAPABILITIES, Ignore, On, Send, Server

from .support import connected, played

MESSAGE = b"Subject: big\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(20_000))


async def pieces(data: bytes = MESSAGE, size: int = 10_000) -> AsyncGenerator[bytes]:
    for at in range(0, len(data), size):
        await trio.lowlevel.checkpoint()
        yield data[at : at + size]


@pytest.mark.parametrize("without", [set(), {"LITERAL+"}], ids=["at once", "synchronising"])
async def test_from_a_source(without: set[str]) -> None:
    async with connected(capabilities=CAPABILITIES - without) as (imap, _):
        stored = await imap.append("INBOX", pieces(), size=len(MESSAGE), flags=["\\Seen"])
        assert stored is not None
        async with imap.select("INBOX") as inbox:
            (message,) = await inbox.fetch_all(stored.uids, BODY_PEEK(), aimap.FLAGS)
            assert message.body() == MESSAGE
            assert "\\Seen" in message.flags


async def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "message.eml"
    path.write_bytes(MESSAGE)
    async with connected() as (imap, _):
        await imap.append("INBOX", path)
        async with imap.select("INBOX") as inbox:
            (message,) = await inbox.fetch_all(1, BODY_PEEK())
            assert message.body() == MESSAGE


async def test_from_a_stream() -> None:
    near, far = trio.testing.memory_stream_one_way_pair()
    async with connected() as (imap, _), trio.open_nursery() as nursery:

        async def write() -> None:
            await near.send_all(MESSAGE)
            await near.aclose()

        nursery.start_soon(write)
        await imap.append("INBOX", far, size=len(MESSAGE))
        assert (await imap.status("INBOX")).messages == 1


async def test_memory_does_not_grow_with_the_message() -> None:
    size = 50_000_000
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def serve() -> None:
            assert await server.hears() == b"A1 APPEND INBOX {%d+}" % size
            left = size + 2
            while left > 0:
                left -= len(await server.stream.receive_some(65536))
            await server.says(b"A1 OK x\r\n")

        nursery.start_soon(serve)
        piece = b"x" * 50_000

        async def many() -> AsyncGenerator[bytes]:
            for _ in range(size // len(piece)):
                yield piece

        tracemalloc.start()
        await imap.append("INBOX", many(), size=size)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2_000_000


async def test_a_slow_source_is_waited_for(autojump_clock: Any) -> None:
    async def slowly() -> AsyncGenerator[bytes]:
        yield b"Subject: x\r\n"
        await trio.sleep(80_000)
        yield b"\r\nx\r\n"

    async with connected() as (imap, _):
        await imap.append("INBOX", slowly(), size=17)
        assert (await imap.status("INBOX")).messages == 1


async def test_a_source_that_fails_stores_nothing() -> None:
    async def fails() -> AsyncGenerator[bytes]:
        yield b"Subject: x\r\n"
        raise OSError("the disk is gone")

    async with connected() as (imap, server):
        with pytest.raises(OSError, match="the disk is gone"):
            await imap.append("INBOX", fails(), size=1000)
        with pytest.raises(ConnectionLostError, match="given up half sent"):
            await imap.noop()
        assert server.accounts["joe"].mailboxes["INBOX"].messages == []


@pytest.mark.parametrize(
    ("size", "reason"), [(5, "more than the 5"), (3, "more than the 3"), (50, "gave 6 of the 50")]
)
async def test_a_source_of_another_size_stores_nothing(size: int, reason: str) -> None:
    async with connected() as (imap, server):
        with pytest.raises(InvalidArgumentError, match=reason):
            await imap.append("INBOX", pieces(b"123456", 3), size=size)
        with pytest.raises(ConnectionLostError):
            await imap.noop()
        assert server.accounts["joe"].mailboxes["INBOX"].messages == []


async def test_cancelled_half_way_stores_nothing(autojump_clock: Any) -> None:
    async def for_ever() -> AsyncGenerator[bytes]:
        yield b"Subject: x\r\n"
        await trio.sleep_forever()

    async with connected() as (imap, server):
        with trio.move_on_after(5):
            await imap.append("INBOX", for_ever(), size=1000)
        with pytest.raises(ConnectionLostError):
            await imap.noop()
        assert server.accounts["joe"].mailboxes["INBOX"].messages == []


async def test_refused_before_it_is_read() -> None:
    read: list[bytes] = []

    async def source() -> AsyncGenerator[bytes]:
        read.append(b"x")
        yield b"x"

    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:

        async def refuse() -> None:
            assert await server.hears() == b"A1 APPEND INBOX {1}"
            await server.says(b"A1 NO [OVERQUOTA] full\r\n")
            assert await server.hears() == b"A2 NOOP"
            await server.says(b"A2 OK x\r\n")

        nursery.start_soon(refuse)
        with pytest.raises(NoError, match="full"):
            await imap.append("INBOX", source(), size=1)
        await imap.noop()
        assert read == []


class Refusing(trio.abc.Stream):
    """A server that takes literals unasked, and refuses messages as soon as it hears of them."""

    def __init__(self) -> None:
        self._said = trio.testing.MemoryReceiveStream()
        self._said.put_data(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
        self.heard = b""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        *lines, self.heard = (self.heard + bytes(data)).split(b"\r\n")
        for line in lines:
            tag, _, command = line.partition(b" ")
            if command:
                word = b"NO" if command.startswith(b"APPEND") else b"OK"
                self._said.put_data(tag + b" " + word + b" so\r\n")
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._said.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._said.aclose()


async def test_refused_before_its_turn_is_noticed() -> None:
    # Which of the two tasks goes first is a matter of chance.
    async with aimap.connect("localhost", tls="insecure", stream=Refusing()) as imap:
        for _ in range(20):
            with pytest.raises(NoError, match="so"):
                await imap.append("INBOX", pieces(b"message"), size=7)
        await imap.noop()


async def test_a_lost_connection_ends_the_reading() -> None:
    async with played() as (imap, server):
        read = 0

        async def source() -> AsyncGenerator[bytes]:
            nonlocal read
            for _ in range(1000):
                read += 1
                if read == 3:
                    await server.stream.aclose()
                await trio.testing.wait_all_tasks_blocked()
                yield b"x"

        with pytest.raises(ConnectionLostError):
            await imap.append("INBOX", source(), size=1000)
        assert read < 10


async def test_others_wait_until_it_is_whole(autojump_clock: Any) -> None:
    begun, may_go_on = trio.Event(), trio.Event()

    async def source() -> AsyncGenerator[bytes]:
        yield b"Subject: "
        begun.set()
        await may_go_on.wait()
        yield b"x\r\n\r\n"

    async with connected() as (imap, _), trio.open_nursery() as nursery:

        async def append() -> None:
            await imap.append("INBOX", source(), size=14)

        nursery.start_soon(append)
        await begun.wait()
        status = imap.submit(aimap.commands.Status("INBOX", ["MESSAGES"]))
        await trio.sleep(10)
        assert not status.done
        may_go_on.set()
        assert (await status.wait()).messages == 1


async def test_arguments_that_make_no_sense(tmp_path: Path) -> None:
    async with connected() as (imap, _):
        with pytest.raises(InvalidArgumentError, match="needs size="):
            await imap.append("INBOX", pieces())
        with pytest.raises(InvalidArgumentError, match="size is not for files"):
            await imap.append("INBOX", tmp_path / "x", size=3)
        with pytest.raises(InvalidArgumentError, match="size is for a message that is read"):
            await imap.append("INBOX", b"x", size=1)
        with pytest.raises(InvalidArgumentError, match="not a int"):
            await imap.append("INBOX", 3)  # type: ignore[arg-type]
        with pytest.raises(FileNotFoundError):
            await imap.append("INBOX", tmp_path / "missing")
        await imap.noop()


OFFERS = {
    "at once": CAPABILITIES,
    "waiting": CAPABILITIES - {"LITERAL+"},
    "one by one": CAPABILITIES - {"MULTIAPPEND"},
    "waiting one by one": CAPABILITIES - {"MULTIAPPEND", "LITERAL+"},
}


def stored(server: Server) -> list[bytes]:
    return [m.octets for m in server.accounts["joe"].mailboxes["INBOX"].messages]


@pytest.mark.parametrize("offers", OFFERS)
async def test_several_from_anywhere(offers: str, tmp_path: Path) -> None:
    path = tmp_path / "three.eml"
    path.write_bytes(b"Subject: three\r\n\r\n")
    async with connected(capabilities=OFFERS[offers]) as (imap, server):
        codes = await imap.append_all(
            "INBOX",
            [
                AppendSource(pieces(), size=len(MESSAGE), flags=["\\Seen"]),
                b"Subject: two\r\n\r\n",
                path,
                AppendSource(str(path), date=datetime(2026, 1, 2, tzinfo=UTC)),
            ],
        )
        assert [code and list(code.uids) for code in codes] == [[1], [2], [3], [4]]
        three = path.read_bytes()
        assert stored(server) == [MESSAGE, b"Subject: two\r\n\r\n", three, three]
        first, *_, last = server.accounts["joe"].mailboxes["INBOX"].messages
        assert list(map(str, first.flags)) == ["\\Seen"]
        assert last.date == datetime(2026, 1, 2, tzinfo=UTC)


async def test_one_that_says_all_of_itself() -> None:
    async with connected() as (imap, server):
        source = AppendSource(pieces(b"123456", 3), size=6)
        code = await imap.append("INBOX", source)
        assert code is not None
        assert stored(server) == [b"123456"]
        with pytest.raises(InvalidArgumentError, match="in itself"):
            await imap.append("INBOX", source, size=6)


async def closed_when_done(closed: list[str], *, fails: bool = False) -> AsyncGenerator[bytes]:
    try:
        yield b"123"
        if fails:
            raise OSError("the disk is gone")
        yield b"456"
    finally:
        closed.append("closed")


@pytest.mark.parametrize("size", [6, 5, 7])
@pytest.mark.parametrize("offers", OFFERS)
async def test_a_source_that_fails_stores_none_that_goes_with_it(offers: str, size: int) -> None:
    closed: list[str] = []
    async with connected(capabilities=OFFERS[offers]) as (imap, server):
        with pytest.raises((OSError, InvalidArgumentError)):
            await imap.append_all(
                "INBOX",
                [
                    AppendSource(closed_when_done(closed), size=6),
                    AppendSource(closed_when_done(closed, fails=size == 6), size=size),
                    AppendSource(closed_when_done(closed), size=6),
                ],
            )
        with pytest.raises(ConnectionLostError):
            await imap.noop()
        assert closed == ["closed", "closed"]
        if "one by one" in offers:
            assert stored(server) in ([], [b"123456"])
        else:
            assert stored(server) == []


async def test_what_cannot_be_sent_is_told_before_anything_is(tmp_path: Path) -> None:
    async with connected() as (imap, server):
        before = imap.statistics().commands
        for last, error in (
            (tmp_path / "none.eml", FileNotFoundError),
            (AppendSource(pieces(b"", 3), size=0), InvalidArgumentError),
        ):
            with pytest.raises(error):
                await imap.append_all("INBOX", [b"Subject: x\r\n\r\n", last])
        assert imap.statistics().commands == before
        assert stored(server) == []


async def test_one_refused_leaves_the_others() -> None:
    full = On(
        "command", Send("{tag} NO [OVERQUOTA] full"), Ignore(), command="APPEND", nth=2, times=1
    )
    async with connected(capabilities=OFFERS["one by one"], faults=[full]) as (imap, server):
        with pytest.raises(aimap.PartlyStoredError) as caught:
            await imap.append_all(
                "INBOX", [AppendSource(pieces(b"%d" % n, 1), size=1) for n in range(3)]
            )
        assert list(caught.value.stored) == [0, 2]
        assert stored(server) == [b"0", b"2"]
