"""What the client does, against every real server; each of them differs in something."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import trio

import aimap
from aimap import (
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    FROM,
    INTERNALDATE,
    RFC822_SIZE,
    SINCE,
    UNSEEN,
    BodyStructure,
    Flag,
    MailboxInfo,
    UIDSet,
)
from aimap.commands import Lsub
from aimap.sync import MaildirStore, MirrorReport, mirror
from aimap.testing import sample_messages
from tests.client.support import connected as embedded

from .real import RealServer
from .support import as_stored, connected, fill, tapped


@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
async def test_the_first_example(any_server: RealServer, tls: Any) -> None:
    async with connected(any_server, any_server.new_user(), tls=tls) as imap:
        await fill(
            imap,
            [
                b"From: joe@example.org\r\nSubject: =?utf-8?Q?=C3=9C?=\r\n\r\n1\r\n",
                b"From: noreply@example.org\r\nSubject: no\r\n\r\n2\r\n",
                b"From: ann@example.org\r\nSubject: yes\r\n\r\n3\r\n",
            ],
        )
        other = any_server.prefix + "Other"
        await imap.create(other)
        shown: dict[str, int] = {}

        async def show(imap: aimap.Client, name: str) -> None:
            shown[name] = (await imap.status(name)).messages

        subjects: list[str] = []
        async with imap.select("INBOX") as inbox:
            unread = await inbox.search(UNSEEN & SINCE(date(2026, 1, 1)) & ~FROM("noreply@"))
            async with inbox.fetch(unread, ENVELOPE, FLAGS) as messages:
                async for message in messages:
                    subjects.append(message.envelope.subject)
                    await inbox.add_flags(message.uid, Flag.SEEN)
            assert await inbox.search(UNSEEN) == UIDSet(2)
        async with trio.open_nursery() as nursery:
            for name in ["INBOX", other]:
                nursery.start_soon(show, imap, name)
        assert subjects == ["Ü", "yes"]
        assert shown == {"INBOX": 3, other: 0}


def names_to_try(server: RealServer) -> list[str]:
    inner = server.delimiter.join(("Grüße", "日本語 & Co", "&-"))
    names = ["Grüße", inner, "a & b", "(x) *?", 'q"u\\o', "{3+}"]
    return [server.prefix + name for name in names if not set(name) & set(server.refuses)]


async def test_mailboxes_of_any_name(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        personal = (await imap.namespace()).personal[0]
        assert (personal.prefix, personal.delimiter) == (any_server.prefix, any_server.delimiter)
        names = names_to_try(any_server)
        for name in names:
            await imap.create(name)
            await imap.subscribe(name)
        listed = {info.name: info for info in await imap.list()}
        assert set(names) | {"INBOX"} <= set(listed)
        assert listed[names[0]].delimiter == any_server.delimiter
        assert r"\HasChildren" in listed[names[0]].attributes
        if "SPECIAL-USE" in imap.capabilities:
            assert listed["Drafts"].special_use == r"\Drafts"
        for name in names:
            await imap.append(name, b"Subject: x\r\n\r\n")
            assert (await imap.status(name)).messages == 1
            async with imap.select(name) as mailbox:
                assert (mailbox.name, mailbox.exists) == (name, 1)
        # Not "Grü*": Cyrus compares what travels, where "ü" alone is not how "üß" begins.
        pattern = any_server.prefix + "Gr*"
        assert [info.name for info in await imap.list(pattern)][:1] == [names[0]]
        assert set(names) <= {info.name for info in await imap.list(subscribed=True)}
        await imap.unsubscribe(names[2])
        assert names[2] not in [info.name for info in await imap.list(subscribed=True)]
        assert names[2] not in [info.name for info in await imap.submit(Lsub("*")).wait()]


def compare(part: BodyStructure, message: Message, octets: dict[str, bytes]) -> None:
    """Compare a body structure with what the email package finds in the same message."""
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and not isinstance(payload, list):
        # A multipart without a boundary is nothing, and each server makes its own of it.
        return
    assert part.content_type == message.get_content_type()
    for name, value in message.get_params([], "content-type")[1:]:
        assert part.parameters[name.lower()] == value
    disposition = message.get_content_disposition()
    assert (part.disposition.kind if part.disposition else None) == disposition
    assert part.filename == message.get_filename()
    assert part.content_id == message["Content-ID"]
    if part.is_multipart:
        assert len(part.parts) == len(payload)
        for inner, each in zip(part.parts, payload, strict=True):
            assert isinstance(each, Message)
            compare(inner, each, octets)
        return
    encoding = message["Content-Transfer-Encoding"]
    # Courier takes what nothing is said of as 8bit, so as to be safe.
    assert part.encoding in ({encoding.lower()} if encoding else {"7bit", "8bit"})
    octets_of_part = octets[part.section]
    assert part.size == len(octets_of_part)
    if part.content_type == "message/rfc822":
        assert isinstance(payload, list)
        (inner_message,) = payload
        assert isinstance(inner_message, EmailMessage)
        assert part.envelope is not None
        compare_envelope(part.envelope, inner_message)
        assert len(part.parts) == 1
        compare(part.parts[0], inner_message, octets)
    else:
        assert isinstance(payload, str)
        # What is not ASCII has no transfer encoding, so there is nothing to decode.
        coded = payload.encode() if payload.isascii() else message.get_payload(decode=True)
        assert octets_of_part == coded
    if part.maintype == "text":
        assert part.lines is not None
        # Servers do not agree on whether what follows the last line end is one.
        assert abs(part.lines - octets_of_part.count(b"\n")) <= 1


def compare_envelope(envelope: aimap.Envelope, message: EmailMessage) -> None:
    assert envelope.subject == message["Subject"]
    assert envelope.message_id == message["Message-ID"]
    assert envelope.date == parsedate_to_datetime(message["Date"])
    for ours, name in (
        (envelope.from_, "From"),
        (envelope.sender, "From"),
        (envelope.reply_to, "From"),
        (envelope.to, "To"),
    ):
        theirs = message[name].addresses
        assert [str(each) for each in ours] == [str(each) for each in theirs]
    assert envelope.cc == envelope.bcc == ()
    assert envelope.in_reply_to == ""


async def test_messages_come_as_they_went(any_server: RealServer) -> None:
    samples = list(sample_messages(100, seed=7))
    samples.append(max(sample_messages(200, large=500_000), key=len))
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            items = (BODY_PEEK(), ENVELOPE, BODYSTRUCTURE, RFC822_SIZE, INTERNALDATE, FLAGS)
            found = await inbox.fetch_all("1:*", *items)
            assert not found.missing
            assert [m.body() for m in found] == as_stored(any_server, samples)
            for message in found:
                assert message.size == len(message.body())
                assert message.internal_date.tzinfo is not None
                parsed = message_from_bytes(message.body(), policy=policy.default)
                assert isinstance(parsed, EmailMessage)
                compare_envelope(message.envelope, parsed)
                leaves = [p for p in message.body_structure.walk() if not p.is_multipart]
                asked = [BODY_PEEK(p.section) for p in leaves]
                (parts,) = await inbox.fetch_all(message.uid, FLAGS, *asked)
                octets = {p.section: parts.body(p.section) for p in leaves}
                compare(message.body_structure, parsed, octets)


async def test_append_copy_move_expunge(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        message = EmailMessage()
        message["Subject"] = "Grüße"
        message.set_content("hällo\n")
        when = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
        appended = await imap.append("INBOX", message, flags=[Flag.SEEN, "$Junk"], date=when)
        assert appended is not None
        assert appended.uids == UIDSet(1)
        await imap.append("INBOX", b"Subject: 2\r\n\r\n")
        other = any_server.prefix + "Öther"
        await imap.create(other)
        async with imap.select("INBOX") as inbox:
            assert appended.uid_validity == inbox.uid_validity
            (found,) = await inbox.fetch_all(appended.uids, FLAGS, INTERNALDATE, BODY_PEEK())
            assert found.flags - {Flag.RECENT} == {Flag.SEEN, "$Junk"}
            assert found.internal_date == when
            assert found.email()["Subject"] == "Grüße"
            assert await inbox.copy(1, other) == {1: 1}
            assert await inbox.move("1:2", other) == {1: 2, 2: 3}
            assert inbox.exists == 0
            with pytest.raises(aimap.NoError):
                await imap.append(any_server.prefix + "none", b"x: y\r\n\r\n")
        async with imap.select(other) as mailbox:
            await mailbox.add_flags("1:3", Flag.DELETED)
            await mailbox.expunge(1)
            assert await mailbox.search() == UIDSet("2:3")
            assert mailbox.exists == 2
            await mailbox.set_flags(2, Flag.ANSWERED, "$Junk")
            await mailbox.remove_flags("2:3", Flag.DELETED, "$Junk")
            flags = {m.uid: m.flags - {Flag.RECENT} for m in await mailbox.fetch_all("1:*", FLAGS)}
            assert flags == {2: {Flag.ANSWERED}, 3: set()}
            await mailbox.expunge()
            assert await mailbox.search() == UIDSet("2:3")
            await mailbox.add_flags(2, Flag.DELETED)
            await mailbox.expunge()
            assert await mailbox.search() == UIDSet(3)
        async with imap.examine(other) as mailbox:
            assert mailbox.read_only
            with pytest.raises(aimap.StateError):
                await mailbox.expunge()


async def test_search(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(
            imap,
            [
                b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nFrom: a@b.example\r\n\r\nx\r\n",
                b"Subject: {9}\r\nX-List: a b\r\n\r\n" + b"long " * 2000 + b"\r\n",
                b'Subject: he said "yes" \\ no\r\n\r\nneedle\r\n',
            ],
        )
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags(3, Flag.FLAGGED)
            for criteria, expected in (
                (aimap.ALL, "1:3"),
                (aimap.SUBJECT("Grüße"), "1"),
                (aimap.SUBJECT("{9}"), "2"),
                (aimap.SUBJECT('he said "yes" \\'), "3"),
                (aimap.SUBJECT('x"\r\nA1 LOGOUT'), ""),
                (aimap.LARGER(1) & ~aimap.SEEN, "1:3"),
                (aimap.LARGER(5000), "2"),
                (aimap.BODY_TEXT("needle"), "3"),
                (aimap.HEADER("X-List", "a b"), "2"),
                (aimap.FROM("b.example") | aimap.FLAGGED, "1,3"),
                (~(aimap.IN(1) | aimap.FLAGGED), "2"),
                (aimap.BEFORE(date(2020, 1, 1)), ""),
            ):
                assert await inbox.search(criteria) == UIDSet(expected), criteria


async def test_cancelled_in_flight_leaves_a_working_connection(any_server: RealServer) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, sample_messages(100, large=200_000))
        async with imap.select("INBOX") as inbox:
            for after in (0.0, 0.001, 0.01, 0.05):
                with trio.move_on_after(after):
                    await inbox.fetch_all("1:*", BODY_PEEK())
                with trio.move_on_after(after):
                    await imap.append("INBOX", b"Subject: maybe\r\n\r\n")
                await imap.noop()
                assert UIDSet("1:100") <= await inbox.search()
            for steps in range(6):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(inbox.fetch_all, "1:*", BODY_PEEK())
                    nursery.start_soon(imap.append, "INBOX", b"Subject: maybe\r\n\r\n")
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
            assert len(await inbox.fetch_all("1:100", FLAGS)) == 100


async def contents(imap: aimap.Client, root: Path) -> dict[str, dict[int, tuple[bytes, object]]]:
    """Compare every Maildir with the server; return what there is."""
    store = MaildirStore(root)
    there: dict[str, dict[int, tuple[bytes, object]]] = {}
    for info in await imap.list():
        async with imap.examine(info.name) as mailbox:
            assert mailbox.uid_validity is not None
            kept = await store.mailbox(
                MailboxInfo(info.name, info.delimiter, aimap.Flags()), mailbox.uid_validity
            )
            known = await kept.known()
            found = await mailbox.fetch_all("1:*", FLAGS, BODY_PEEK())
            there[info.name] = {m.uid: (m.body(), m.flags - {Flag.RECENT}) for m in found}
            ours = {
                int(uid): (await kept.read(uid), flags - {Flag.RECENT})
                for uid, flags in known.items()
            }
            assert ours == there[info.name]
    await store.aclose()
    return there


async def test_the_mirror(any_server: RealServer, tmp_path: Path) -> None:
    async with tapped(any_server, any_server.new_user()) as imap:
        samples = list(sample_messages(90, seed=3))
        inner = any_server.prefix + any_server.delimiter.join(("a", "Grüße & Co"))
        names = ("INBOX", any_server.prefix + "a", inner)
        for name in names[1:]:
            await imap.create(name)
        for at, name in enumerate(names):
            await fill(imap, samples[at::3], name)
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.missing, report.failures) == (90, 0, [])
        there = await contents(imap, tmp_path)
        for at, name in enumerate(names):
            expected = as_stored(any_server, samples[at::3])
            assert [octets for octets, _ in there[name].values()] == expected

        again = await mirror(imap, MaildirStore(tmp_path))
        assert again == MirrorReport(mailboxes=again.mailboxes)

        await imap.append(inner, b"new: x\r\n\r\n")
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags(1, Flag.ANSWERED, "later")
            await inbox.add_flags("2:3", Flag.DELETED)
            await inbox.expunge("2:3")
        third = await mirror(imap, MaildirStore(tmp_path))
        assert (third.fetched, third.flags_changed, third.removed) == (1, 1, 2)
        await contents(imap, tmp_path)

        await imap.delete(inner)
        assert (await mirror(imap, MaildirStore(tmp_path))).mailboxes_removed == 1


async def test_messages_are_read_alike(any_server: RealServer) -> None:
    samples = as_stored(any_server, list(sample_messages(60)))
    found: list[list[aimap.MessageContent]] = []
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            found.append(await inbox.read("1:*"))
    async with embedded() as (imap, server):
        for sample in samples:
            server.deliver("joe", sample)
        async with imap.select("INBOX") as inbox:
            found.append(await inbox.read("1:*"))
    assert len(found[0]) == len(samples)
    for theirs, ours in zip(*found, strict=True):
        assert (theirs.text, theirs.html) == (ours.text, ours.html)
        assert [shown(each) for each in theirs.attachments] == [
            shown(each) for each in ours.attachments
        ]


def shown(attachment: aimap.Attachment) -> tuple[object, ...]:
    return (
        attachment.section,
        attachment.filename,
        attachment.content_type,
        attachment.size,
        attachment.is_inline,
    )
