"""Events of the selected mailbox, by IDLE and by polling."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

import aimap
import aimap.testing
from aimap import Arrived, Expunged, FlagsChanged, Timeouts, WatchEvent

from .support import PlayedServer, connected, played


async def take(watcher: Any, count: int) -> list[WatchEvent]:
    with trio.fail_after(600):
        return [await watcher.__anext__() for _ in range(count)]


@pytest.mark.parametrize("without", [set(), {"IDLE"}, {"ESEARCH"}])
async def test_what_happens_is_told_by_uid(without: set[str], autojump_clock: Any) -> None:
    offered = aimap.testing.CAPABILITIES - without
    async with connected(messages=5, capabilities=offered) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            server.deliver("joe", b"x: y\r\n\r\n", flags=["\\Flagged"])
            server.set_flags("joe", 2, ["\\Seen"])
            server.expunge("joe", [3])
            server.expunge("joe", [1])
            found = await take(events, 4)
            assert Arrived(6, aimap.Flags(["\\Flagged"])) in found  # type: ignore[arg-type]
            assert FlagsChanged(2, aimap.Flags(["\\Seen"])) in found  # type: ignore[arg-type]
            assert [e.uid for e in found if isinstance(e, Expunged)] == [3, 1]
            server.deliver("joe", b"x: y\r\n\r\n")
            server.expunge("joe", [6])
            assert {type(e) for e in await take(events, 2)} == {Arrived, Expunged}


async def test_other_commands_go_on_meanwhile(autojump_clock: Any) -> None:
    async with connected(messages=1) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            for number in range(5):
                await trio.sleep(1)
                assert (await imap.status("Sent", ["MESSAGES"])).messages == 0
                server.deliver("joe", b"x: y\r\n\r\n")
                (event,) = await take(events, 1)
                assert event.uid == number + 2
        assert server.commands.count("IDLE") >= 5


async def test_a_command_in_idle_costs_two_round_trips_at_most(autojump_clock: Any) -> None:
    async with connected(messages=1, latency=0.025) as (imap, _):
        async with imap.select("INBOX") as inbox, inbox.watch():
            await trio.sleep(10)
            begin = trio.current_time()
            await imap.status("Sent", ["MESSAGES"])
            assert trio.current_time() - begin < 0.11


async def test_idle_is_renewed(autojump_clock: Any) -> None:
    async with connected(timeouts=Timeouts(idle_renewal=100)) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            await trio.sleep(1050)
            assert 10 <= server.commands.count("IDLE") <= 12
            server.deliver("joe", b"x: y\r\n\r\n")
            assert (await take(events, 1))[0].uid == 1


async def test_a_dead_link_is_noticed_in_idle(autojump_clock: Any) -> None:
    timeouts = Timeouts(idle_renewal=100, idle_probe=20)
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n"
    async with played(greeting=greeting, timeouts=timeouts) as (imap, server):

        async def serve() -> None:
            await server.hears()
            await server.says(b"* 0 EXISTS\r\nA1 OK x\r\n")
            await server.hears()
            await server.says(b"* SEARCH\r\nA2 OK x\r\n")
            await server.hears()
            await server.says(b"+ idling\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                begin = trio.current_time()
                with pytest.raises(aimap.ConnectionLostError, match="no progress"):
                    await events.__anext__()
                assert trio.current_time() - begin == pytest.approx(120, abs=1)


async def test_no_event_is_lost_by_cancelling(autojump_clock: Any) -> None:
    async with connected(messages=1, latency=0.02) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            found: list[WatchEvent] = []
            for _ in range(20):
                server.deliver("joe", b"x: y\r\n\r\n")
                with trio.move_on_after(0.015):
                    while True:
                        found.append(await events.__anext__())
            while len(found) < 20:
                found += await take(events, 1)
            assert [event.uid for event in found] == list(range(2, 22))


async def test_leaving_the_mailbox_ends_the_watch() -> None:
    async with connected(messages=1) as (imap, _):
        async with imap.select("INBOX") as inbox:
            watcher = inbox.watch()
            await watcher.__aenter__()
        with pytest.raises(aimap.StateError, match="not selected any more"):
            await watcher.__anext__()
        await watcher.__aexit__(None, None, None)


async def test_a_flood_of_events_is_bounded() -> None:
    async with connected(messages=1, limits=aimap.Limits(max_events=50)) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            for number in range(100):
                server.set_flags("joe", 1, [f"k{number}"])
                server.deliver("joe", b"x: y\r\n\r\n")
                await trio.sleep(0.001)
            with pytest.raises(aimap.LimitExceededError, match="max_events"):
                while True:
                    await events.__anext__()


async def test_with_notify_arrivals_need_no_question(autojump_clock: Any) -> None:
    """RFC 5465 section 5.2."""
    async with watched(b"NOTIFY IDLE ESEARCH") as (server, events):
        assert await server.hears() == (
            b"A2 NOTIFY SET (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))"
        )
        await server.says(b"A2 OK x\r\n")
        await begin_to_idle(server, 3)
        await server.says(
            b"* 5 EXISTS\r\n* 0 RECENT\r\n* 4 FETCH (UID 20 FLAGS (\\Seen))\r\n"
            b"* 5 FETCH (UID 21 FLAGS ())\r\n* 1 FETCH (UID 11 FLAGS ())\r\n"
        )
        assert [(type(e), e.uid) for e in await take(events, 3)] == [
            (Arrived, 20),
            (Arrived, 21),
            (FlagsChanged, 11),
        ]
        await server.nothing_more()
        # One that the server does not tell of, such as one's own.
        await server.says(b"* 6 EXISTS\r\n")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer_arrivals, server)
            assert [e.uid for e in await take(events, 1)] == [22]


async def test_where_notify_is_refused_idle_does(autojump_clock: Any) -> None:
    async with watched(b"NOTIFY IDLE ESEARCH") as (server, _):
        assert (await server.hears()).startswith(b"A2 NOTIFY")
        await server.says(b"A2 NO [NOTIFICATIONOVERFLOW] too much\r\n")
        await begin_to_idle(server, 3)


async def test_a_view_in_doubt_is_compared_with_what_there_is(autojump_clock: Any) -> None:
    async with watched(b"IDLE ESEARCH") as (server, events):
        await begin_to_idle(server, 2)
        await server.says(b"* -1 EXPUNGE\r\n")

        async def answer() -> None:
            assert await server.hears() == b"DONE"
            assert (await server.hears()).startswith(b"A4 UID SEARCH")
            await server.says(b'A3 OK x\r\n* ESEARCH (TAG "A4") UID ALL 11,13,30\r\nA4 OK x\r\n')
            line = await server.hears()
            if line == b"A5 IDLE":
                await server.says(b"+ idling\r\n")
                assert await server.hears() == b"DONE"
                await server.says(b"A5 OK x\r\n")
                line = await server.hears()
            tag, _, asked = line.partition(b" ")
            assert asked == b"UID FETCH 14:4294967295 FLAGS"
            await server.says(b"* 3 FETCH (UID 30 FLAGS ())\r\n%s OK x\r\n" % tag)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            assert [(type(e), e.uid) for e in await take(events, 2)] == [
                (Expunged, 12),
                (Arrived, 30),
            ]


@asynccontextmanager
async def watched(capabilities: bytes) -> AsyncGenerator[tuple[PlayedServer, Any]]:
    """Watch a mailbox of three messages of a server that the test plays."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 %s] hi\r\n" % capabilities
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:
        opened, entered = trio.open_memory_channel[Any](1)

        async def watch() -> None:
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                await opened.send(events)
                await trio.sleep_forever()

        nursery.start_soon(watch)
        assert await server.hears() == b"A1 SELECT INBOX"
        await server.says(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")

        yield server, _Events(entered)
        nursery.cancel_scope.cancel()


class _Events:
    """The events of a watch that begins only once its questions are answered."""

    def __init__(self, opened: trio.MemoryReceiveChannel[Any]) -> None:
        self._opened = opened
        self._watcher: Any = None

    async def __anext__(self) -> WatchEvent:
        if self._watcher is None:
            self._watcher = await self._opened.receive()
        event: WatchEvent = await self._watcher.__anext__()
        return event


async def begin_to_idle(server: PlayedServer, number: int) -> None:
    assert (await server.hears()).startswith(b"A%d UID SEARCH" % number)
    tag = b"A%d" % number
    await server.says(b'* ESEARCH (TAG "%s") UID ALL 11:13\r\n%s OK x\r\n' % (tag, tag))
    assert await server.hears() == b"A%d IDLE" % (number + 1)
    await server.says(b"+ idling\r\n")


async def answer_arrivals(server: PlayedServer) -> None:
    assert await server.hears() == b"DONE"
    assert await server.hears() == b"A5 UID FETCH 22:4294967295 FLAGS"
    await server.says(b"A4 OK x\r\n* 6 FETCH (UID 22 FLAGS ())\r\nA5 OK x\r\n")


async def test_an_idle_that_is_refused_is_not_asked_for_in_a_circle(autojump_clock: Any) -> None:
    """The server offers it, and refuses it: NOOP now and then brings the news."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n"
    async with played(greeting=greeting) as (imap, server):
        heard: list[bytes] = []

        async def serve() -> None:
            await server.hears()
            await server.says(b"* 0 EXISTS\r\nA1 OK x\r\n")
            await server.hears()
            await server.says(b"* SEARCH\r\nA2 OK x\r\n")
            while line := await server.hears():
                tag, _, command = line.partition(b" ")
                heard.append(command)
                await server.says(tag + (b" NO no\r\n" if command == b"IDLE" else b" OK x\r\n"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                with trio.move_on_after(3000):
                    await events.__anext__()
            nursery.cancel_scope.cancel()
        assert 5 < heard.count(b"NOOP") <= heard.count(b"IDLE") < 15


async def test_one_task_at_a_time_waits_for_a_watcher(autojump_clock: Any) -> None:
    async with connected(messages=1) as (imap, server):
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            found: list[WatchEvent] = []

            async def wait() -> None:
                found.append(await events.__anext__())

            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait)
                await trio.sleep(1)
                with pytest.raises(trio.BusyResourceError, match="another task"):
                    await events.__anext__()
                server.deliver("joe", b"x: y\r\n\r\n")
            assert found == [Arrived(aimap.UID(2), aimap.Flags())]
            with trio.move_on_after(1):
                await events.__anext__()
            server.expunge("joe", [1])
            assert await events.__anext__() == Expunged(aimap.UID(1))
