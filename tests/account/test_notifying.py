"""Many mailboxes on one connection, by NOTIFY (RFC 5465)."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from aimap import Arrived, Expunged, Flag, Flags, FlagsChanged, NoError
from aimap.testing import CAPABILITIES, Change, On, Send

from .support import opened
from .test_watch import take

NAMES = ("INBOX", "Drafts", "Sent", "Trash")
NOTIFIED = CAPABILITIES | {"NOTIFY"}
MAIL = b"x: y\r\n\r\n"


@pytest.mark.parametrize("without", [set(), {"QRESYNC"}])
async def test_one_connection_for_all(without: set[str], autojump_clock: Any) -> None:
    async with opened(messages=3, capabilities=NOTIFIED - without) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            for name in (*NAMES, *NAMES[::-1]):
                before = trio.current_time()
                server.deliver("joe", MAIL, mailbox=name)
                (event,) = await take(events, 1)
                assert isinstance(event, Arrived)
                assert event.mailbox == name
                assert trio.current_time() - before < 1
            server.set_flags("joe", 1, ["\\Seen"])
            assert await take(events, 1) == [FlagsChanged(1, Flags([Flag.SEEN]), "INBOX")]  # type: ignore[arg-type]
            server.expunge("joe", [1], mailbox="Sent")
            assert await take(events, 1) == [Expunged(1, "Sent")]  # type: ignore[arg-type]
            with trio.move_on_after(5000) as scope:
                raise AssertionError(await anext(events))
            assert scope.cancelled_caught
            assert account.statistics().connected == 1
        await account.status("INBOX")
        assert server.violations == []


async def test_what_happens_in_all_at_once(autojump_clock: Any) -> None:
    async with opened(capabilities=NOTIFIED, latency=0.05) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            for _ in range(5):
                for name in NAMES:
                    server.deliver("joe", MAIL, mailbox=name)
                await trio.sleep(0.03)
            found = await take(events, 20)
            for name in NAMES:
                assert [e.uid for e in found if e.mailbox == name] == [1, 2, 3, 4, 5]
            assert account.statistics().connected == 1


async def test_what_happened_while_there_was_no_link(autojump_clock: Any) -> None:
    async with opened(messages=2, capabilities=NOTIFIED) as (account, server, road):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            road.shut = OSError("down")
            await road.cut()
            server.deliver("joe", MAIL, mailbox="Trash")
            server.expunge("joe", [1])
            await trio.sleep(100)
            road.shut = None
            found = await take(events, 2)
            assert set(found) == {
                Arrived(1, Flags(), "Trash"),  # type: ignore[arg-type]
                Expunged(1, "INBOX"),  # type: ignore[arg-type]
            }


async def test_what_else_the_account_does_comes_first(autojump_clock: Any) -> None:
    """The one connection there may be is given up, and taken again."""
    async with opened(messages=2, capabilities=NOTIFIED, max_connections=1) as (
        account,
        server,
        _,
    ):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            for number in range(1, 4):
                with trio.fail_after(10):
                    await account.append("Sent", MAIL)
                    async with account.select("Drafts") as drafts:
                        assert drafts.exists == number - 1
                        server.deliver("joe", MAIL, mailbox="Drafts")
                    found = await take(events, 2)
                assert {e.mailbox for e in found} == {"Sent", "Drafts"}
            assert account.statistics().connected == 1
        # Whoever has the connection next hears of what is selected, and of nothing else.
        async with account.select("INBOX") as inbox:
            server.deliver("joe", MAIL, mailbox="Sent")
            server.deliver("joe", MAIL)
            await inbox.search()
            assert inbox.exists == 3
            async with inbox.watch() as news:
                server.deliver("joe", MAIL)
                assert await anext(news) == Arrived(4, Flags())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "capabilities", [NOTIFIED - {"CONDSTORE", "QRESYNC"}, CAPABILITIES - {"NOTIFY"}]
)
async def test_without_mod_sequences_or_notify_each_is_looked_at(
    capabilities: set[str], autojump_clock: Any
) -> None:
    async with opened(capabilities=capabilities, max_connections=2) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            for name in NAMES:
                server.deliver("joe", MAIL, mailbox=name)
            assert {e.mailbox for e in await take(events, 4)} == set(NAMES)
            assert account.statistics().connected == 2


async def test_a_mailbox_that_is_not_there(autojump_clock: Any) -> None:
    async with opened(capabilities=NOTIFIED) as (account, _, _road):
        async with account.watch("INBOX", "Nowhere") as events:
            with pytest.raises(NoError), trio.fail_after(100):
                await events.caught_up()


@pytest.mark.parametrize("name", ["Sent", "Trash"])
async def test_a_mailbox_that_is_deleted(name: str, autojump_clock: Any) -> None:
    """Be it the one that is selected just now or not."""
    async with opened(capabilities=NOTIFIED) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            server.delete("joe", name)
            with pytest.raises(NoError), trio.fail_after(100):
                await anext(events)


class Notes:
    """Counts what the client asks for."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def count(self, word: str) -> int:
        return sum(line.startswith("C:") and f" {word}" in line for line in self.lines)


async def test_the_same_status_again_is_no_reason_to_look_for_ever(autojump_clock: Any) -> None:
    """A server whose STATUS is always ahead of what SELECT says."""
    lie = [On("response", Change(rb"(STATUS.*HIGHESTMODSEQ )\d+", rb"\g<1>999"), text="STATUS")]
    notes = Notes()
    async with opened(
        messages=1, capabilities=NOTIFIED, faults=lie, open_={"wire_log": notes.lines.append}
    ) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            await trio.sleep(100)
            looked = notes.count("EXAMINE")
            assert looked <= 2 * len(NAMES)
            await trio.sleep(1000)
            assert notes.count("EXAMINE") == looked
            server.deliver("joe", MAIL)
            assert await take(events, 1) == [Arrived(2, Flags(), "INBOX")]  # type: ignore[arg-type]


async def test_a_server_that_gives_up_notifying(autojump_clock: Any) -> None:
    overflow = On("continuation", Send("* OK [NOTIFICATIONOVERFLOW] too much"), nth=3, times=1)
    notes = Notes()
    async with opened(
        capabilities=NOTIFIED,
        max_connections=2,
        faults=[overflow],
        open_={"wire_log": notes.lines.append},
    ) as (account, server, _):
        async with account.watch(*NAMES) as events:
            await events.caught_up()
            for _ in range(3):
                for name in NAMES:
                    server.deliver("joe", MAIL, mailbox=name)
                assert {e.mailbox for e in await take(events, 4)} == set(NAMES)
                await trio.sleep(100)
            asked = notes.count("NOTIFY SET")
            for name in NAMES:
                server.deliver("joe", MAIL, mailbox=name)
            assert {e.mailbox for e in await take(events, 4)} == set(NAMES)
            assert notes.count("NOTIFY SET") == asked
            assert account.statistics().connected == 2
