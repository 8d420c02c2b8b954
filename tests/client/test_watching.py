"""Events of the selected mailbox, by IDLE and by polling."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import aimap
import aimap.testing
from aimap import Arrived, Expunged, FlagsChanged, Timeouts, WatchEvent

from .support import connected


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
    from .support import played

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
