"""Whatever is enabled, and whatever is not offered, all that can be done with a mailbox works."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import aimap
from aimap import (
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    RFC822_SIZE,
    Flag,
    UIDSet,
    criteria,
    items,
)
from aimap.commands import SAVED, Partial, SortKey
from aimap.testing import CAPABILITIES, Server

from .support import connected as connected_at_leisure
from .test_reading import letter

COUNT = 12

# Nobody waits for a minute here, where there is no IDLE.
connected = partial(connected_at_leisure, timeouts=aimap.Timeouts(poll=0.02))
ITEMS = (ENVELOPE, FLAGS, BODYSTRUCTURE, INTERNALDATE, RFC822_SIZE)


def deliver(server: Server) -> None:
    for number in range(1, COUNT + 1):
        message = letter(number).as_bytes().replace(b"\n", b"\r\n")
        server.deliver("joe", message, date=datetime(2026, 1, number, tzinfo=UTC))


async def tour(
    inbox: aimap.Mailbox, server: Server, folder: Path, *, saves: bool, alone: bool = True
) -> None:
    """Use every method; UIDs are 1 to 12, and 2 is none any more."""
    await inbox.delete(2)
    assert await inbox.search() == UIDSet("1,3:12")
    assert inbox.exists == COUNT - 1
    found = await inbox.fetch_all("1:*", *ITEMS)
    assert [message.uid for message in found] == list(UIDSet("1,3:12"))
    assert found[1].envelope.subject == "letter 3"
    assert [len(m.attachments) for m in found] == [1] * (COUNT - 1)
    page = await inbox.fetch_all("1:*", FLAGS, partial=Partial(-1, -2))
    assert [message.uid for message in page] == [11, 12]
    await inbox.add_flags("3:5", Flag.FLAGGED)
    await inbox.remove_flags(5, Flag.FLAGGED)
    await inbox.set_flags(6, Flag.SEEN, "$Work")
    assert await inbox.search(aimap.FLAGGED | criteria.KEYWORD("$Work")) == UIDSet("3:4,6")
    told = await inbox.esearch(aimap.FLAGGED, ["MIN", "MAX", "COUNT", "ALL"])
    assert (told.min, told.max, told.count, told.all) == (3, 4, 2, UIDSet("3:4"))
    if saves:
        await inbox.esearch(aimap.FLAGGED, ["SAVE"])
        assert len(await inbox.fetch_all(SAVED, FLAGS)) == 2
        assert await inbox.search(aimap.IN(SAVED)) == UIDSet("3:4")
    assert await inbox.search(aimap.SUBJECT("letter 7")) == UIDSet(7)
    assert await inbox.search(aimap.TEXT("gr\u00fc\u00dfe 7")) == UIDSet(7)
    assert (await inbox.sort(~SortKey.ARRIVAL))[0] == 12
    assert len(await inbox.thread("ORDEREDSUBJECT")) == COUNT - 1
    assert len(await inbox.thread("REFERENCES")) == COUNT - 1
    assert (await inbox.read(3))[0].text == "gr\u00fc\u00dfe 3\n"
    assert (await inbox.previews(3)).keys() == {3}
    assert len(await inbox.save_attachments(3, folder)) == 1
    into = io.BytesIO()
    await inbox.download(3, into=into)
    assert b"letter 3" in into.getvalue()
    assert dict(await inbox.copy("1:3", "Sent")) in ({1: 1, 3: 2}, {})
    assert dict(await inbox.move("7:8", "Sent")) in ({7: 3, 8: 4}, {})
    async with inbox.search_updates(aimap.FLAGGED) as flagged:
        await inbox.add_flags(9, Flag.FLAGGED)
        assert (await anext(flagged)).added == UIDSet(9)
    async with inbox.watch() as events:
        server.deliver("joe", b"Subject: news\r\n\r\nx")
        arrived = await anext(events)
        assert isinstance(arrived, aimap.Arrived)
        assert arrived.uid == 13
    await inbox.replace(13, b"Subject: newer\r\n\r\nx", flags=[Flag.DRAFT])
    assert await inbox.search(criteria.DRAFT) == UIDSet(14)
    await inbox.add_flags("10:11", Flag.DELETED)
    if alone:
        await inbox.expunge(10)
    await inbox.expunge()
    assert await inbox.search() == UIDSet("1,3:6,9,12,14")
    assert inbox.exists == 8


@pytest.mark.parametrize(
    "enabled",
    [
        "",
        "IMAP4rev2",
        "UIDONLY",
        "UTF8=ACCEPT",
        "QRESYNC",
        "CONDSTORE",
        "IMAP4rev2 UIDONLY QRESYNC",
    ],
)
async def test_whatever_is_enabled(tmp_path: Path, enabled: str) -> None:
    async with connected(capabilities=CAPABILITIES | {"IMAP4REV2"}) as (imap, server):
        deliver(server)
        if enabled:
            await imap.enable(*enabled.split())
        async with imap.select("INBOX") as inbox:
            await tour(inbox, server, tmp_path, saves=True)


@pytest.mark.parametrize("without", sorted(CAPABILITIES))
async def test_whatever_is_not_offered(tmp_path: Path, without: str) -> None:
    async with connected(capabilities=CAPABILITIES - {without}) as (imap, server):
        deliver(server)
        async with imap.select("INBOX") as inbox:
            saves = without not in ("ESEARCH", "SEARCHRES")
            await tour(inbox, server, tmp_path, saves=saves, alone=without != "UIDPLUS")


@pytest.mark.parametrize("offered", [{"UIDPLUS"}, {"UIDPLUS", "MESSAGELIMIT=2"}])
async def test_where_hardly_anything_is_offered(tmp_path: Path, offered: set[str]) -> None:
    async with connected(capabilities=offered) as (imap, server):
        deliver(server)
        async with imap.select("INBOX") as inbox:
            await tour(inbox, server, tmp_path, saves=False)


async def test_items_of_extensions() -> None:
    async with connected(capabilities=CAPABILITIES | {"X-GM-EXT-1"}) as (imap, server):
        deliver(server)
        async with imap.select("INBOX") as inbox:
            (message,) = await inbox.fetch_all(
                3, items.SAVEDATE, items.EMAILID, items.THREADID, items.MODSEQ, items.PREVIEW,
                items.X_GM_MSGID, items.X_GM_LABELS, items.BINARY_SIZE("2"), items.BINARY_PEEK("2"),
            )  # fmt: skip
            assert message.binary("2") == bytes(message.binary_size("2"))
            assert message.modseq > 0
