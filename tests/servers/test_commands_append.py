"""Messages into mailboxes, by command objects, on every server that offers it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import aimap
from aimap import BODY_PEEK, FLAGS, AppendUIDCode, Flag, Message, UIDSet, items
from aimap.commands import (
    Append,
    AppendMessage,
    Enable,
    Examine,
    MultiAppend,
    UrlPart,
)

from .probe import COURIER, DOVECOT, NOT_COURIER, Probe, sends


@sends(Append, AppendMessage)
async def test_append(probe: Probe) -> None:
    when = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
    first = await probe(Append("INBOX", b"Subject: 1\r\n\r\n\r\n", flags=[Flag.SEEN], date=when))
    second = await probe(
        Append("INBOX", AppendMessage(b"Subject: 2\r\n\r\n\r\n", flags=["$Work"], date=when))
    )
    assert first is not None
    assert second is not None
    assert (first.uids, second.uids) == (UIDSet(1), UIDSet(2))
    assert first.uid_validity == second.uid_validity
    async with probe.imap.select("INBOX") as inbox:
        found = await inbox.fetch_all("1:2", FLAGS, aimap.INTERNALDATE, BODY_PEEK())
        assert [m.flags - {Flag.RECENT} for m in found] == [{Flag.SEEN}, {"$Work"}]
        assert [m.internal_date for m in found] == [when, when]
        assert [m.body() for m in found] == [b"Subject: %d\r\n\r\n\r\n" % n for n in (1, 2)]
    with pytest.raises(aimap.NoError) as caught:
        await probe(Append(probe.name("none"), b"Subject: 3\r\n\r\n\r\n"))
    assert caught.value.code is not None
    assert caught.value.code.name == "TRYCREATE"


@sends(MultiAppend, AppendMessage, needs="MULTIAPPEND", on=NOT_COURIER)
async def test_multiappend(probe: Probe) -> None:
    messages = [b"Subject: %d\r\n\r\n\r\n" % number for number in range(3)]
    told = await probe(
        MultiAppend("INBOX", [AppendMessage(each, flags=[Flag.SEEN]) for each in messages])
    )
    assert isinstance(told, AppendUIDCode)
    assert told.uids == UIDSet("1:3")
    async with probe.imap.examine("INBOX") as inbox:
        found = await inbox.fetch_all("1:3", FLAGS, BODY_PEEK())
        assert [m.body() for m in found] == messages
        assert all(Flag.SEEN in m.flags for m in found)


@sends(Append, AppendMessage, UrlPart, needs="CATENATE", on=NOT_COURIER)
async def test_catenate(probe: Probe) -> None:
    told = await probe(Append("INBOX", b"Subject: part\r\n\r\nold\r\n"))
    assert told is not None
    part = UrlPart(f"/INBOX;UIDVALIDITY={told.uid_validity}/;UID=1/;SECTION=TEXT")
    await probe(Append("INBOX", AppendMessage([b"Subject: all\r\n\r\n", part, b"new\r\n"])))
    async with probe.imap.examine("INBOX") as inbox:
        (found,) = await inbox.fetch_all(2, BODY_PEEK())
        assert found.body() == b"Subject: all\r\n\r\nold\r\nnew\r\n"
    with pytest.raises(aimap.NoError) as caught:
        await probe(Append("INBOX", AppendMessage([UrlPart("/INBOX/;UID=99"), b"x"])))
    assert isinstance(caught.value.code, aimap.BadUrlCode)
    assert caught.value.code.url == "/INBOX/;UID=99"


@sends(Append, AppendMessage, needs="UTF8=ACCEPT", on=COURIER)
async def test_appending_in_utf_8(probe: Probe) -> None:
    await probe(Enable("UTF8=ACCEPT"))
    message = "Subject: Grüße\r\n\r\nx\r\n".encode()
    await probe(Append("INBOX", AppendMessage(message, utf8=True)))
    async with probe.imap.examine("INBOX") as inbox:
        (found,) = await inbox.fetch_all(1, BODY_PEEK(), aimap.ENVELOPE)
        assert found.body() == message
        assert found.envelope.subject == "Grüße"


@sends(Append, needs="BINARY", on=NOT_COURIER)
async def test_appending_octets_of_any_value(probe: Probe) -> None:
    message = (
        b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + bytes(range(256))
    )
    await probe(Append("INBOX", message))
    (found,) = await fetched(probe, items.BINARY_PEEK("1"))
    # What is kept may be in another transfer encoding (RFC 3516 section 4.4).
    assert found.binary("1") == bytes(range(256))


@sends(Append, AppendMessage, UrlPart, needs="URL-PARTIAL", on=DOVECOT)
async def test_catenating_a_part_of_a_part(probe: Probe) -> None:
    await probe(Append("INBOX", b"Subject: part\r\n\r\n0123456789\r\n"))
    part = UrlPart("/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=2.5")
    await probe(Append("INBOX", AppendMessage([b"Subject: all\r\n\r\n", part])))
    *_, found = await fetched(probe, BODY_PEEK("TEXT"))
    assert found.body("TEXT") == b"23456"


async def fetched(probe: Probe, item: aimap.FetchItem[Any]) -> list[Message]:
    await probe(Examine("INBOX"))
    return await probe.ask(UIDSet("1:*"), item)
