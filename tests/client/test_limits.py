"""A server that deals with no more than so many messages at once (RFC 9738)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import aimap
from aimap import ALL, FLAGS, Flag, UIDSet
from aimap.commands import SAVED, Partial, SortKey
from aimap.testing import CAPABILITIES, Server

from .support import connected

MANY = 50_000
LIMITED = CAPABILITIES | {"MESSAGELIMIT=1000"}


@asynccontextmanager
async def full(
    capabilities: set[str] | frozenset[str] = LIMITED, *, count: int = MANY
) -> AsyncGenerator[tuple[aimap.Mailbox, Server]]:
    """Select a mailbox of very many messages, every tenth of which is not there."""
    async with connected(capabilities=capabilities) as (imap, server):
        box = server.mailbox("joe")
        for number in range(1, count + count // 9 + 1):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        box.expunge([message for message in box.messages if message.uid % 10 == 0])
        assert len(box.messages) == count
        async with imap.select("INBOX") as inbox:
            yield inbox, server


@pytest.mark.parametrize(("everything", "count"), [("1:*", 5000), ("1:55555", MANY)])
async def test_everything_is_moved(autojump_clock: Any, everything: str, count: int) -> None:
    async with full(count=count) as (inbox, server):
        moved = await inbox.move(everything, "Sent")
        assert len(moved) == count
        assert moved[count + count // 9] == count
        assert not server.mailbox("joe").messages
        assert len(server.mailbox("joe", "Sent").messages) == count
        assert inbox.exists == 0


@pytest.mark.parametrize("without", [set(), {"MOVE"}, {"ESEARCH", "ESORT", "SEARCHRES", "PARTIAL"}])
async def test_what_is_done_to_many(autojump_clock: Any, without: set[str]) -> None:
    count = 4500
    async with full(LIMITED - without, count=count) as (inbox, server):
        assert len(await inbox.search()) == count
        await inbox.add_flags("1:*", Flag.FLAGGED)
        assert len(await inbox.search(aimap.FLAGGED)) == count
        found = await inbox.fetch_all("1:*", FLAGS)
        assert (len(found), found.missing) == (count, UIDSet())
        told = await inbox.esearch(aimap.FLAGGED, ["MIN", "MAX", "COUNT"])
        assert (told.min, told.max, told.count) == (1, 4999, count)
        page = await inbox.esearch(aimap.FLAGGED, [Partial(1, 3)])
        assert page.partial is not None
        assert UIDSet.from_ranges(page.partial.order) == UIDSet("1:3")
        newest = await inbox.sort(~SortKey.ARRIVAL, window=Partial(1, 2))
        assert len(newest) == 2
        assert len(await inbox.thread("REFERENCES")) == count
        assert len(await inbox.copy("1:*", "Sent")) == count
        assert len(await inbox.move("1:2500", "Trash")) == 2250
        await inbox.delete("1:*")
        assert not server.mailbox("joe").messages
        assert len(server.mailbox("joe", "Sent").messages) == count


async def test_all_that_is_marked_goes(autojump_clock: Any) -> None:
    async with full(count=3000) as (inbox, server):
        await inbox.add_flags("1:*", Flag.DELETED)
        await inbox.expunge()
        assert not server.mailbox("joe").messages


async def test_what_is_gone_is_told_too(autojump_clock: Any) -> None:
    async with connected(capabilities=LIMITED, messages=2500) as (imap, server):
        await imap.enable("QRESYNC")
        async with imap.select("INBOX") as inbox:
            known = inbox.highest_modseq
            server.expunge("joe", [1, 999, 1000, 1001, 2000, 2500])
            await inbox.add_flags("2:3,1500,2499", Flag.SEEN)
            for uids in ("1:*", "1:2500"):
                found = await inbox.fetch_all(uids, FLAGS, changed_since=known, vanished=True)
                assert [message.uid for message in found] == [2, 3, 1500, 2499]
                assert found.vanished == UIDSet("1,999:1001,2000,2500")
            await inbox.delete("1:*")
            found = await inbox.fetch_all("1:*", FLAGS, changed_since=known, vanished=True)
            assert (found, found.vanished) == ([], UIDSet("1:2500"))


async def test_saving_alone_may_be_limited(autojump_clock: Any) -> None:
    async with full(CAPABILITIES | {"SAVELIMIT=500"}, count=2000) as (inbox, _):
        await inbox.esearch(ALL, ["SAVE"])
        assert len(await inbox.copy(SAVED, "Sent")) == 2000
        assert len(await inbox.fetch_all(SAVED, FLAGS)) == 2000
        assert len(await inbox.move("1:*", "Trash")) == 2000
