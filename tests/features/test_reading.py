"""Data of messages, and messages as people want them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from aimap import FLAGS, UIDSet, criteria, items
from aimap.commands import ConvertItem

from .frame import FALLS_BACK, WORKS, Scene, feature

CONTENT = bytes(range(256)) * 40


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "The plan"
    message["From"] = "Ann <ann@example.org>"
    message.set_content(
        "gr\u00fc\u00dfe, and so on\n", charset="iso-8859-1", cte="quoted-printable"
    )
    message.add_alternative("<p>gr\u00fc\u00dfe, <b>and</b> so on</p>", subtype="html")
    message.add_attachment(
        CONTENT, maintype="application", subtype="octet-stream", filename="../pl\u00e4n.pdf"
    )
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("from within\n")
    message.add_attachment(inner)
    return message


@feature("BINARY")
async def test_texts_and_attachments(scene: Scene, tmp_path: Path) -> None:
    await scene.imap.append("INBOX", letter())
    async with scene.imap.select("INBOX") as inbox:
        (message,) = await inbox.read(1)
        assert message.text == "gr\u00fc\u00dfe, and so on\n"
        assert message.html == "<p>gr\u00fc\u00dfe, <b>and</b> so on</p>\n"
        plan, inner = message.attachments
        assert (plan.filename, plan.sent_filename) == ("pl\u00e4n.pdf", "../pl\u00e4n.pdf")
        assert plan.size is not None
        assert abs(plan.size - len(CONTENT)) < 10
        (within,) = await inbox.read(1, inside=inner.section)
        assert (within.envelope.subject, within.text.strip()) == ("inner", "from within")
        into = io.BytesIO()
        await inbox.download(1, plan.section, into=into, decode=True)
        assert into.getvalue() == CONTENT
        paths = await inbox.save_attachments(1, tmp_path)
        assert [path.name for path in paths] == ["pl\u00e4n.pdf", "inner.eml"]
        (whole,) = await inbox.fetch_all(1, items.BODY_PEEK())
        assert whole.email()["Subject"] == "The plan"
        if scene.offers("BINARY"):
            (found,) = await inbox.fetch_all(1, items.BINARY_SIZE(plan.section))
            assert found.binary_size(plan.section) == len(CONTENT)
    scene.saw("BINARY", WORKS if scene.offers("BINARY") else FALLS_BACK)


@feature("PREVIEW")
async def test_previews(scene: Scene) -> None:
    await scene.imap.append("INBOX", letter())
    await scene.imap.append("INBOX", b"Subject: x\r\n\r\nno more than this\r\n")
    async with scene.imap.select("INBOX") as inbox:
        found = await inbox.previews("1:2")
        first, second = found.values()
        assert (first or "").startswith("gr\u00fc\u00dfe, and so on")
        assert (second or "").strip() == "no more than this"
        lazy = await inbox.previews("1:2", lazy=True)
        assert lazy.keys() == {1, 2}
    scene.saw("PREVIEW", WORKS if scene.offers("PREVIEW") else FALLS_BACK)


@feature("SAVEDATE")
async def test_when_it_was_saved(scene: Scene) -> None:
    await scene.imap.append("INBOX", letter(), date=datetime(2020, 1, 1, tzinfo=UTC))
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("SAVEDATE"):
            await scene.refuses("SAVEDATE", lambda: inbox.fetch_all(1, items.SAVEDATE))
            return
        (message,) = await inbox.fetch_all(1, items.SAVEDATE, items.INTERNALDATE)
        assert message.internal_date.year == 2020
        assert message.save_date is not None
        assert abs(datetime.now(UTC) - message.save_date) < timedelta(minutes=5)
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
        assert await inbox.search(criteria.SAVEDSINCE(yesterday)) == UIDSet(1)
    scene.saw("SAVEDATE", WORKS)


@feature("OBJECTID")
async def test_names_that_last(scene: Scene) -> None:
    await scene.imap.append("INBOX", letter())
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("OBJECTID"):
            await scene.refuses("OBJECTID", lambda: inbox.fetch_all(1, items.EMAILID))
            return
        (message,) = await inbox.fetch_all(1, items.EMAILID, items.THREADID)
        assert await inbox.search(criteria.EMAILID(message.email_id)) == UIDSet(1)
        assert message.thread_id
        await scene.imap.create("box")
        await inbox.copy(1, "box")
    async with scene.imap.select("box") as box:
        (copied,) = await box.fetch_all(1, items.EMAILID)
        assert copied.email_id == message.email_id
    scene.saw("OBJECTID", WORKS)


@feature("CONVERT")
async def test_conversion(scene: Scene) -> None:
    await scene.imap.append("INBOX", b"Content-Type: text/html\r\n\r\n<p>so <b>be</b> it</p>\r\n")
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("CONVERT"):
            await scene.refuses(
                "CONVERT", lambda: inbox.convert(1, "text/plain", ConvertItem.binary("1"))
            )
            return
        (made,) = await inbox.convert(1, "text/plain", ConvertItem.binary("1"))
        assert isinstance(made.items["BINARY[1]"], bytes)
        assert made.items["BINARY[1]"].split() == [b"so", b"be", b"it"]
    scene.saw("CONVERT", WORKS)


@feature("UIDONLY")
async def test_without_sequence_numbers(scene: Scene) -> None:
    if not scene.offers("UIDONLY"):
        await scene.refuses("UIDONLY", lambda: scene.imap.enable("UIDONLY"))
        return
    for number in range(1, 6):
        await scene.imap.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
    await scene.imap.enable("UIDONLY")
    async with scene.imap.select("INBOX") as inbox:
        found = await inbox.fetch_all("1:5", FLAGS)
        assert [message.uid for message in found] == [1, 2, 3, 4, 5]
        await inbox.delete(2)
        assert await inbox.search() == UIDSet("1,3:5")
        await inbox.move(3, "Trash")
        assert len(await inbox.read("1:5")) == 3
    scene.saw("UIDONLY", WORKS)
