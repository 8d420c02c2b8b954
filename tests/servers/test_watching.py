"""Watching a mailbox that another client changes, on each real server."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import trio

import aimap
from aimap import ENVELOPE, FLAGS, UID, Expunged, Flag, UIDSet, WatchEvent

from .dovecot import Dovecot
from .real import RealServer
from .support import fill, tapped


def short(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nx\r\n" % number


def plain(event: WatchEvent) -> tuple[str, int, frozenset[str]]:
    """Return what an event tells, without what only sessions know of each other."""
    flags = frozenset() if isinstance(event, Expunged) else event.flags - {Flag.RECENT}
    return type(event).__name__, event.uid, frozenset(str(flag) for flag in flags)


@pytest.mark.parametrize("qresync", [False, True])
async def test_one_change_after_the_other(any_server: RealServer, qresync: bool) -> None:
    user = any_server.new_user()
    async with tapped(any_server, user) as imap, tapped(any_server, user) as other:
        if qresync:
            if "QRESYNC" not in imap.capabilities:
                return
            # From here on, messages are told gone by UID.
            await imap.enable("QRESYNC")
        await fill(imap, map(short, range(3)))
        async with imap.select("INBOX") as inbox, other.select("INBOX") as same:
            async with inbox.watch() as events:
                with trio.fail_after(120):
                    await other.append("INBOX", short(3), flags=[Flag.FLAGGED])
                    assert plain(await anext(events)) == ("Arrived", 4, {"\\Flagged"})
                    await same.add_flags(2, "$Important")
                    assert plain(await anext(events)) == ("FlagsChanged", 2, {"$Important"})
                    await same.add_flags(1, Flag.DELETED)
                    assert plain(await anext(events)) == ("FlagsChanged", 1, {"\\Deleted"})
                    await same.expunge(1)
                    assert await anext(events) == Expunged(UID(1))
                    await imap.noop()
                    await other.append("INBOX", short(4))
                    assert plain(await anext(events)) == ("Arrived", 5, frozenset())


async def test_every_change_is_seen_once_beside_other_commands(any_server: RealServer) -> None:
    """20 arrivals, 20 changes of flags and 20 removals, while the watcher's client works."""
    user = any_server.new_user()
    elsewhere = any_server.prefix + "Elsewhere"
    async with tapped(any_server, user) as imap, tapped(any_server, user) as other:
        await fill(imap, map(short, range(60)))
        await imap.create(elsewhere)
        async with imap.select("INBOX") as inbox, other.select("INBOX") as same:
            gone = UIDSet("1:20,60")
            await same.add_flags(gone, Flag.DELETED)
            await imap.noop()
            seen: Counter[tuple[str, int, frozenset[str]]] = Counter()
            changes = [("append", n) for n in range(20)]
            changes += [("flag", uid) for uid in range(21, 41)]
            changes += [("expunge", uid) for uid in range(1, 21)]
            random.Random(3).shuffle(changes)

            async def change() -> None:
                for kind, number in changes:
                    match kind:
                        case "append":
                            await other.append("INBOX", short(60 + number), flags=["$New"])
                        case "flag":
                            await same.add_flags(number, Flag.ANSWERED)
                        case _:
                            await same.expunge(number)
                await other.append("INBOX", b"Subject: the last\r\n\r\n")

            async def work() -> None:
                while True:
                    (message,) = await inbox.fetch_all(50, FLAGS, ENVELOPE)
                    assert message.envelope.subject == "49"
                    assert await inbox.search(aimap.IN(50)) == UIDSet(50)
                    assert (await imap.status(elsewhere, ["UIDVALIDITY"])).mailbox == elsewhere

            with trio.fail_after(60):
                async with inbox.watch() as events:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(change)
                        nursery.start_soon(work)
                        while ("Arrived", 81, frozenset()) not in seen:
                            seen[plain(await anext(events))] += 1
                        nursery.cancel_scope.cancel()
                    # What would come late, or twice, comes before this. Another arrival would
                    # not do: news of those may overtake what was told before.
                    await imap.noop()
                    await same.expunge(60)
                    while ("Expunged", 60, frozenset()) not in seen:
                        seen[plain(await anext(events))] += 1
            if any_server.kind == "cyrus":
                # It tells the flags again, unchanged, of what it may not call gone just yet.
                for uid in gone:
                    del seen["FlagsChanged", uid, frozenset({"\\Deleted"})]
            assert seen == Counter(
                [("Arrived", 61 + n, frozenset({"$New"})) for n in range(20)]
                + [("Arrived", 81, frozenset())]
                + [("FlagsChanged", uid, frozenset({"\\Answered"})) for uid in range(21, 41)]
                + [("Expunged", uid, frozenset()) for uid in gone]
            )


async def test_notify_tells_of_arrivals_with_no_question(dovecot: Dovecot) -> None:
    """RFC 5465 section 5.2: UID and flags come by themselves."""
    user = dovecot.new_user()
    async with tapped(dovecot, user) as imap, tapped(dovecot, user) as other:
        await fill(other, [short(1)])
        async with imap.select("INBOX") as inbox, inbox.watch() as events:
            before = imap.statistics().commands
            await other.append("INBOX", short(2), flags=[Flag.FLAGGED])
            with trio.fail_after(30):
                event = await events.__anext__()
            assert plain(event) == ("Arrived", 2, frozenset({r"\Flagged"}))
            # IDLE itself, if it had not been sent yet; to ask for the UID would be another.
            assert imap.statistics().commands - before <= 1
