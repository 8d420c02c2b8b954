"""I1, I4, I5 and I12 on Trio's clock, against the embedded server."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import BODY_PEEK, FLAGS, Flag, Limits, UIDSet
from aimap.commands import Status

from .support import PlayedServer, connected, played

ROUND_TRIP = 0.05


async def test_200_status_from_200_tasks_take_about_one_round_trip(autojump_clock: Any) -> None:
    async with connected(latency=ROUND_TRIP / 2) as (imap, server):
        for number in range(200):
            server.deliver("joe", b"x: y\r\n\r\n", mailbox=f"M{number}")
        found: dict[str, int] = {}

        async def ask(name: str) -> None:
            found[name] = (await imap.status(name, ["MESSAGES"])).messages

        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(ask, f"M{number}")
        assert trio.current_time() - begin < 3 * ROUND_TRIP
        assert found == {f"M{number}": 1 for number in range(200)}
        assert imap.statistics().most_in_flight == 200


async def test_futures_need_no_task(autojump_clock: Any) -> None:
    async with connected(latency=ROUND_TRIP / 2) as (imap, _):
        begin = trio.current_time()
        futures = [imap.submit(Status("INBOX", ["MESSAGES"])) for _ in range(1000)]
        statuses = [await future.wait() for future in futures]
        assert {status.messages for status in statuses} == {0}
        assert trio.current_time() - begin < 3 * ROUND_TRIP


async def test_commands_of_one_task_take_effect_in_order() -> None:
    async with connected() as (imap, _):
        await imap.create("a")
        await imap.rename("a", "b")
        await imap.append("b", b"x: y\r\n\r\n", flags=[Flag.SEEN])
        async with imap.select("b") as mailbox:
            assert mailbox.exists == 1
            await mailbox.set_flags(1)
            assert await mailbox.search(aimap.UNSEEN) == UIDSet(1)
        await imap.delete("b")
        assert "b" not in [info.name for info in await imap.list()]


async def test_cancelled_in_flight_leaves_a_working_connection(autojump_clock: Any) -> None:
    async with connected(messages=300, latency=ROUND_TRIP / 2) as (imap, _):
        async with imap.select("INBOX") as inbox:
            for after in (0, 0.01, 0.03, 0.0501, 0.07):
                with trio.move_on_after(after):
                    await inbox.fetch_all("1:*", BODY_PEEK())
                begin = trio.current_time()
                assert (await imap.status("Sent", ["MESSAGES"])).messages == 0
                assert trio.current_time() - begin < 2.5 * ROUND_TRIP
            assert len(await inbox.search()) == 300


async def test_cancelled_at_every_checkpoint_of_every_command() -> None:
    async with connected(messages=3) as (imap, _), imap.select("INBOX") as inbox:
        commands = [
            lambda: imap.noop(),
            lambda: imap.list(),
            lambda: imap.status("Sent"),
            lambda: imap.append("Sent", b"x: y\r\n\r\n"),
            lambda: imap.id({"name": "x"}),
            lambda: imap.namespace(),
            lambda: inbox.search(aimap.UNSEEN),
            lambda: inbox.fetch_all("1:*", FLAGS, BODY_PEEK()),
            lambda: inbox.add_flags(1, Flag.SEEN),
            lambda: inbox.copy("1:2", "Sent"),
            lambda: inbox.expunge(),
        ]
        for command in commands:
            for steps in range(12):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(command)
                    other = imap.submit(Status("Drafts", ["MESSAGES"]))
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
                assert (await other.wait()).messages == 0
        assert len(await inbox.search()) == 3


async def test_a_command_inside_a_fetch_loop_does_not_deadlock() -> None:
    async with connected(messages=2000) as (imap, server):
        async with imap.select("INBOX") as inbox:
            seen = 0
            async with inbox.fetch("1:*", FLAGS, BODY_PEEK()) as messages:
                async for message in messages:
                    await inbox.add_flags(message.uid, Flag.SEEN)
                    seen += 1
            assert (seen, messages.missing) == (2000, UIDSet())
        assert all(Flag.SEEN in m.flags for m in server.mailbox("joe").messages)


async def test_leaving_a_fetch_early_asks_for_no_more(autojump_clock: Any) -> None:
    async with connected(messages=20_000, latency=ROUND_TRIP / 2) as (imap, server):
        async with imap.select("INBOX") as inbox:
            async with inbox.fetch("1:*", BODY_PEEK()) as messages:
                async for message in messages:
                    assert message.uid == 1
                    break
            begin = trio.current_time()
            await imap.noop()
            assert trio.current_time() - begin < 2.5 * ROUND_TRIP
        assert server.commands.count("UID") < 20


async def test_a_slow_loop_is_not_run_ahead_of() -> None:
    octets = b"x: y\r\n\r\n" + b"z" * 100_000
    async with connected(limits=Limits(max_buffered=1_000_000)) as (imap, server):
        for _ in range(100):
            server.deliver("joe", octets)
        async with imap.select("INBOX") as inbox:
            async with inbox.fetch("1:*", BODY_PEEK()) as messages:
                async for message in messages:
                    if message.uid == 1:
                        await trio.testing.wait_all_tasks_blocked(0.01)
                        assert imap.statistics().octets_received < 3_000_000
            assert not messages.missing


async def test_the_reader_stops_only_while_nobody_waits() -> None:
    # The server sends far more than was to be expected of one slice.
    async with played(limits=Limits(max_buffered=100_000)) as (imap, server):
        async with trio.open_nursery() as nursery:

            async def serve() -> None:
                assert (await server.hears()).startswith(b"A1 SELECT")
                await server.says(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")
                assert (await server.hears()).startswith(b"A2 UID FETCH 1:3 ")
                for uid in (1, 2):
                    await server.says(
                        b"* %d FETCH (UID %d BODY[] {200000}\r\n%s)\r\n"
                        % (uid, uid, b"x" * 200_000)
                    )

            nursery.start_soon(serve)
            async with imap.select("INBOX") as inbox:
                async with inbox.fetch("1:3", BODY_PEEK()) as messages:
                    first = await messages.__anext__()
                    await trio.testing.wait_all_tasks_blocked(0.01)
                    before = imap.statistics().octets_received
                    await server.says(b"* 3 FETCH (UID 3 BODY[] {200000}\r\n" + b"x" * 200_000)
                    await trio.testing.wait_all_tasks_blocked(0.01)
                    assert imap.statistics().octets_received == before
                    # Somebody else waits now: everything is read, and buffered.
                    nursery.start_soon(imap.noop)
                    assert (await server.hears()).endswith(b"NOOP")
                    await server.says(b")\r\nA2 OK x\r\nA3 OK x\r\n")
                    rest = [message.uid async for message in messages]
                    assert (first.uid, rest) == (1, [2, 3])


async def test_a_fetch_tells_what_is_missing() -> None:
    async with connected(messages=5) as (imap, server), imap.select("INBOX") as inbox:
        server.expunge("joe", [2])
        await imap.noop()
        found = await inbox.fetch_all("1:7", FLAGS)
        assert [m.uid for m in found] == [1, 3, 4, 5]
        assert found.missing == UIDSet("2,6:7")
        assert await inbox.fetch_all([], FLAGS) == []


async def test_a_set_wider_than_the_mailbox_is_asked_for_by_what_there_is() -> None:
    async with connected(messages=3) as (imap, _), imap.select("INBOX") as inbox:
        found = await inbox.fetch_all("1:*", FLAGS)
        assert [m.uid for m in found] == [1, 2, 3]
        assert not found.missing


async def test_moves_and_copies() -> None:
    async with connected(messages=5) as (imap, server):
        async with imap.select("INBOX") as inbox:
            assert await inbox.copy("1:2", "Sent") == {1: 1, 2: 2}
            moved = await inbox.move([3], "Sent")
            assert (moved, moved.uid_validity) == (
                {3: 3},
                server.mailbox("joe", "Sent").uid_validity,
            )
            await inbox.add_flags("4:5", Flag.DELETED)
            await inbox.expunge(4)
            assert await inbox.search() == UIDSet("1,2,5")
            with pytest.raises(aimap.NoError) as caught:
                await inbox.copy(1, "nowhere")
            assert caught.value.code is not None
            assert caught.value.code.name == "TRYCREATE"
            assert not await inbox.copy([], "nowhere")
        assert [m.octets[:10] for m in server.mailbox("joe", "Sent").messages][2] == b"Subject: 3"


@pytest.mark.parametrize("without", [set(), {"MOVE"}])
async def test_move_falls_back_safely(without: set[str]) -> None:
    offered = aimap_testing_capabilities() - without
    async with connected(messages=3, capabilities=offered) as (imap, server):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags(3, Flag.DELETED)
            await inbox.move(1, "Sent")
            assert await inbox.search() == UIDSet("2:3")
        assert len(server.mailbox("joe", "Sent").messages) == 1


async def test_without_uidplus_nothing_unnamed_is_expunged() -> None:
    offered = aimap_testing_capabilities() - {"MOVE", "UIDPLUS"}
    async with connected(messages=3, capabilities=offered) as (imap, _):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags("2:3", Flag.DELETED)
            with pytest.raises(aimap.CapabilityError, match="UIDPLUS"):
                await inbox.expunge(3)
            with pytest.raises(aimap.CapabilityError, match="UIDPLUS"):
                await inbox.move(1, "Sent")
            assert await inbox.search() == UIDSet("1:3")
            await inbox.expunge("2:3")
            assert await inbox.search() == UIDSet("1")


def aimap_testing_capabilities() -> set[str]:
    import aimap.testing

    return set(aimap.testing.CAPABILITIES)


async def test_one_mailbox_at_a_time() -> None:
    async with connected(messages=1) as (imap, _):
        async with imap.select("INBOX") as inbox:
            with pytest.raises(aimap.StateError, match="leave that one first"):
                async with imap.select("Sent"):
                    pass
            assert inbox.is_selected
        with pytest.raises(aimap.StateError, match="not selected any more"):
            await inbox.search()
        with pytest.raises(aimap.NoError, match="no such mailbox"):
            async with imap.select("gone"):
                pass
        async with imap.examine("Sent") as sent:
            assert sent.read_only
            with pytest.raises(aimap.StateError, match="reading only"):
                await sent.add_flags(1, Flag.SEEN)


async def test_what_is_not_offered_is_told_before_anything_is_sent() -> None:
    offered = aimap_testing_capabilities() - {"ID", "NAMESPACE", "ENABLE"}
    async with connected(capabilities=offered) as (imap, server):
        for call in (imap.id, imap.namespace, lambda: imap.enable("X")):
            with pytest.raises(aimap.CapabilityError, match="does not offer"):
                await call()
        assert not {"ID", "NAMESPACE", "ENABLE"} & set(server.commands)


async def test_a_list_of_messages_is_in_order_of_uids(autojump_clock: Any) -> None:
    # Dovecot works on pipelined fetches side by side, and a server may answer in any order.
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def serve() -> None:
            await server.hears()
            await server.says(b"* 3 EXISTS\r\nA1 OK x\r\n")
            await server.hears()
            for uid in (2, 3, 1):
                await server.says(b"* %d FETCH (UID %d FLAGS ())\r\n" % (uid, uid))
            await server.says(b"A2 OK x\r\n")
            await server.hears()
            await server.says(b"A3 OK x\r\n")

        nursery.start_soon(serve)
        async with imap.select("INBOX") as inbox:
            assert [m.uid for m in await inbox.fetch_all("1:3", aimap.FLAGS)] == [1, 2, 3]
            nursery.cancel_scope.cancel()


async def test_what_comes_late_is_asked_for_again(autojump_clock: Any) -> None:
    # fetch-late: Apache James sends some FETCH responses behind the tagged OK.
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def serve() -> None:
            await server.hears()
            await server.says(b"* 3 EXISTS\r\nA1 OK x\r\n")
            await server.hears()
            await server.says(
                b"* 1 FETCH (UID 1 FLAGS ())\r\nA2 OK x\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"
            )
            assert await server.hears() == b"A3 UID FETCH 2:3 FLAGS"
            await server.says(b"* 2 FETCH (UID 2 FLAGS ())\r\nA3 OK x\r\n")
            await server.hears()
            await server.says(b"A4 OK x\r\n")

        nursery.start_soon(serve)
        async with imap.select("INBOX") as inbox:
            found = await inbox.fetch_all("1:3", FLAGS)
            assert [message.uid for message in found] == [1, 2]
            assert found.missing == UIDSet(3)
            nursery.cancel_scope.cancel()


async def test_what_leaves_a_mailbox_by_itself_needs_no_unselect() -> None:
    async with connected() as (imap, server):
        async with imap.select("INBOX"):
            pass
        async with imap.examine("Sent"):
            pass
    assert server.commands[-3:] == ["SELECT", "EXAMINE", "LOGOUT"]


async def test_a_mailbox_is_left_where_the_next_is_not_selected_after_all() -> None:
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 UNSELECT] hi\r\n"
    async with played(greeting=greeting) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(says_ok, server, b"SELECT a")
            async with imap.select("a"):
                pass
            with trio.CancelScope() as scope:
                scope.cancel()
                async with imap.select("b"):
                    raise AssertionError("selected")
        # Whether it was sent before it was given up is chance.
        heard = await server.hears()
        if heard == b"A2 SELECT b":
            await server.says(b"A2 OK x\r\n")
            heard = await server.hears()
        assert heard.endswith(b" UNSELECT")


async def says_ok(server: PlayedServer, command: bytes) -> None:
    tag, heard = (await server.hears()).split(b" ", 1)
    assert heard == command
    await server.says(tag + b" OK x\r\n")
