"""Many commands at once, on one connection to each real server."""

from __future__ import annotations

import random

import pytest
import trio

import aimap
from aimap import BODY_PEEK, BODYSTRUCTURE, ENVELOPE, FLAGS, INTERNALDATE, RFC822_SIZE, Flag, UIDSet
from aimap.commands import GetQuotaRoot, Lsub, Search, Sort, SortKey, Status
from aimap.testing import sample_messages

from .real import RealServer
from .support import fill, tapped

pytestmark = pytest.mark.exhaustive

TASKS, STEPS = 50, 20
OWN = 4  # messages of INBOX that each task has to itself
KINDS = [
    "status",
    "list",
    "lsub",
    "search",
    "sort",
    "fetch",
    "body",
    "flags",
    "store",
    "append",
    "copy",
    "noop",
    "quota",
    "namespace",
    "subscribe",
    "refused",
]
Results = dict[tuple[int, int], object]


def plan(server: RealServer, task: int) -> list[str]:
    """Return what a task does; it makes its mailbox first, and some delete it last."""
    # Courier takes two seconds to delete one.
    deletes = task == 0 if server.kind == "courier" else task % 5 == 0
    between = random.Random(task).choices(KINDS, k=STEPS - 2)
    return ["create", *between, "delete" if deletes else "status"]


async def take_step(
    kind: str, task: int, step: int, server: RealServer, imap: aimap.Client, inbox: aimap.Mailbox
) -> object:
    """Do something with what the task has to itself; return what came of it.

    That does not depend on what other tasks do meanwhile.
    """
    chance = random.Random(task * STEPS + step)
    box = f"{server.prefix}T{task}"
    uids = UIDSet(
        chance.sample(range(task * OWN + 1, task * OWN + OWN + 1), chance.randint(1, OWN))
    )
    match kind:
        case "create":
            await imap.create(box)
        case "delete":
            await imap.delete(box)
        case "status":
            status = await imap.status(box, ["MESSAGES", "UNSEEN", "UIDNEXT"])
            return status.messages, status.unseen, status.uid_next
        case "list":
            return [
                (info.name, "\\HasChildren" in info.attributes) for info in await imap.list(box)
            ]
        case "lsub":
            return [info.name for info in await imap.submit(Lsub(box)).wait()]
        case "search":
            wanted = chance.choice(
                [aimap.SEEN, aimap.FLAGGED, aimap.LARGER(1000), aimap.SUBJECT("a")]
            )
            return await inbox.search(aimap.IN(uids) & wanted)
        case "sort":
            keys = [chance.choice([SortKey.SIZE, ~SortKey.SIZE]), SortKey.SUBJECT, SortKey.DATE]
            return (await imap.submit(Sort(keys, aimap.IN(uids))).wait()).numbers
        case "fetch":
            found = await inbox.fetch_all(uids, ENVELOPE, BODYSTRUCTURE, RFC822_SIZE, INTERNALDATE)
            return [(m.uid, m.envelope, m.body_structure, m.size) for m in found], found.missing
        case "body":
            section = chance.choice(["", "HEADER", "TEXT"])
            found = await inbox.fetch_all(uids, BODY_PEEK(section))
            return [(m.uid, m.body(section)) for m in found], found.missing
        case "flags":
            found = await inbox.fetch_all(uids, FLAGS)
            return [(m.uid, m.flags - {Flag.RECENT}) for m in found], found.missing
        case "store":
            change = chance.choice([inbox.add_flags, inbox.remove_flags, inbox.set_flags])
            flags = chance.sample([Flag.SEEN, Flag.FLAGGED, Flag.ANSWERED, "$Work"], 2)
            await change(uids, *flags)
        case "append":
            message = b"Subject: %d\r\n\r\n%s\r\n" % (step, b"x" * chance.randint(0, 20_000))
            told = await imap.append(box, message, flags=[Flag.SEEN])
            return told and told.uids
        case "copy":
            return dict(await inbox.copy(uids, box))
        case "noop":
            await imap.noop()
        case "quota":
            return (await imap.submit(GetQuotaRoot(box)).wait()).roots
        case "namespace":
            return await imap.namespace()
        case "subscribe":
            await chance.choice([imap.subscribe, imap.unsubscribe])(box)
        case _:
            with pytest.raises(aimap.NoError) as caught:
                await imap.append(f"{box}-none", b"Subject: x\r\n\r\n")
            return caught.value.code
    return None


async def work_off(
    plans: list[list[str]],
    server: RealServer,
    imap: aimap.Client,
    inbox: aimap.Mailbox,
    *,
    at_once: bool,
) -> Results:
    """Do what is planned: all tasks at once, or one behind the other."""
    found: Results = {}

    async def work(task: int) -> None:
        for step, kind in enumerate(plans[task]):
            found[task, step] = await take_step(kind, task, step, server, imap, inbox)

    async with trio.open_nursery() as nursery:
        for task in range(len(plans)):
            if at_once:
                nursery.start_soon(work, task)
            else:
                await work(task)
    return found


async def what_is_there(imap: aimap.Client) -> dict[str, list[object]]:
    """Return every message of every mailbox, but not when it came."""
    there: dict[str, list[object]] = {}
    for info in await imap.list():
        async with imap.examine(info.name) as mailbox:
            found = await mailbox.fetch_all("1:*", FLAGS, BODY_PEEK())
            there[info.name] = [(m.uid, m.flags - {Flag.RECENT}, m.body()) for m in found]
    return there


async def test_1000_mixed_commands_from_50_tasks(any_server: RealServer) -> None:
    samples = list(sample_messages(TASKS * OWN, seed=11))
    plans = [plan(any_server, task) for task in range(TASKS)]
    results: list[Results] = []
    left: list[dict[str, list[object]]] = []
    for at_once in (True, False):
        async with tapped(any_server, any_server.new_user()) as imap:
            await fill(imap, samples)
            async with imap.select("INBOX") as inbox:
                results.append(await work_off(plans, any_server, imap, inbox, at_once=at_once))
            left.append(await what_is_there(imap))
            assert imap.statistics().most_in_flight > TASKS // 2 or not at_once
    assert len(results[0]) == TASKS * STEPS
    assert results[0] == results[1]
    assert left[0] == left[1]


async def test_200_status_are_in_flight_together(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        names = [f"{any_server.prefix}M{number}" for number in range(20)]
        for name in names:
            await imap.create(name)
        futures = [imap.submit(Status(names[n % 20], ["MESSAGES"])) for n in range(200)]
        assert [(await future.wait()).mailbox for future in futures] == names * 10
        assert imap.statistics().most_in_flight >= 180


async def test_many_searches_at_once(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(50)])
        async with imap.select("INBOX"):
            for extended in {False, "ESEARCH" in imap.capabilities}:
                futures = [
                    imap.submit(Search(aimap.IN(uid), extended=extended)) for uid in range(1, 51)
                ]
                found = [await future.wait() for future in futures]
                assert found == [UIDSet(n) for n in range(1, 51)]


async def test_a_store_inside_a_loop(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(1000)])
        async with imap.select("INBOX") as inbox:
            seen: list[int] = []
            async with inbox.fetch("1:*", FLAGS, ENVELOPE, BODY_PEEK()) as messages:
                async for message in messages:
                    assert message.envelope.subject == str(message.uid - 1)
                    change = inbox.add_flags if message.uid % 3 else inbox.set_flags
                    await change(message.uid, Flag.FLAGGED)
                    seen.append(message.uid)
            assert (sorted(seen), messages.missing) == (list(range(1, 1001)), UIDSet())
            assert await inbox.search(aimap.FLAGGED) == UIDSet("1:1000")


async def test_a_storm_of_cancellations(any_server: RealServer) -> None:
    """200 commands from as many tasks; half are cancelled, after some of the others."""
    chance = random.Random(5)
    samples = list(sample_messages(TASKS * OWN, seed=12, large=100_000))
    cancelled = set(chance.sample(range(200), 100))
    elsewhere = any_server.prefix + "Elsewhere"
    async with tapped(any_server, any_server.new_user()) as imap:
        await imap.create(elsewhere)
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            stored = {int(m.uid): m.body() for m in await inbox.fetch_all("1:*", BODY_PEEK())}
            when = {number: chance.randint(0, 30) for number in cancelled}
            scopes = {number: trio.CancelScope() for number in range(200)}
            right: dict[int, bool] = {}

            async def ask(number: int) -> bool:
                uid = number + 1
                match number % 5:
                    case 0:
                        (message,) = await inbox.fetch_all(uid, BODY_PEEK())
                        return message.body() == stored[uid]
                    case 1:
                        return await inbox.search(aimap.IN(uid)) == UIDSet(uid)
                    case 2:
                        await inbox.add_flags(uid, Flag.FLAGGED)
                        return True
                    case 3:
                        told = await imap.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
                        return told is not None and len(told.uids) == 1
                    case _:
                        return (await imap.status(elsewhere, ["MESSAGES"])).messages == 0

            async def work(number: int) -> None:
                with scopes[number]:
                    right[number] = await ask(number)
                    for other, after in when.items():
                        if after <= len(right):
                            scopes[other].cancel()

            async with trio.open_nursery() as nursery:
                for number in chance.sample(range(200), 200):
                    nursery.start_soon(work, number)
                for number in cancelled:
                    if when[number] == 0:
                        scopes[number].cancel()
            assert set(right) >= set(range(200)) - cancelled
            assert len(right) < 150
            assert all(right.values())

            # Courier says what came into the mailbox when it is asked for nothing else.
            await imap.noop()
            flagged = await inbox.search(aimap.FLAGGED)
            asked = {n + 1 for n in range(2, 200, 5)}
            assert {n + 1 for n in right if n % 5 == 2} <= set(flagged) <= asked
            appended = await inbox.fetch_all(UIDSet("201:400"), ENVELOPE)
            subjects = [int(m.envelope.subject) for m in appended]
            assert len(set(subjects)) == len(subjects)
            assert {n for n in right if n % 5 == 3} <= set(subjects) <= set(range(3, 200, 5))
            found = await inbox.fetch_all("1:200", BODY_PEEK())
            assert {m.uid: m.body() for m in found} == stored
