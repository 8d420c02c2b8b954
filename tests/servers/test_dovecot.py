"""Everything that matters, against a real Dovecot."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from email.message import EmailMessage
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
    Arrived,
    Expunged,
    Flag,
    FlagsChanged,
    UIDSet,
)
from aimap.commands import Append, Search, Status
from aimap.testing import sample_messages

from .dovecot import Dovecot
from .real import PASSWORD


@asynccontextmanager
async def connected(
    dovecot: Dovecot, user: str, *, tls: Any = "implicit", compress: bool = False
) -> AsyncGenerator[aimap.Client]:
    async with aimap.connect(
        dovecot.host,
        port=dovecot.tls_port if tls == "implicit" else dovecot.port,
        tls=tls,
        ssl_context=dovecot.client_context,
        auth=aimap.Password(user, PASSWORD),
        compress=compress,
    ) as imap:
        yield imap


async def fill(imap: aimap.Client, messages: list[bytes]) -> None:
    futures = [imap.submit(Append("INBOX", message)) for message in messages]
    for future in futures:
        await future.wait()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_the_first_example(dovecot: Dovecot, tls: Any) -> None:
    async with connected(dovecot, dovecot.new_user(), tls=tls) as imap:
        await fill(
            imap,
            [
                b"From: joe@example.org\r\nSubject: =?utf-8?Q?=C3=9C?=\r\n\r\n1\r\n",
                b"From: noreply@example.org\r\nSubject: no\r\n\r\n2\r\n",
                b"From: ann@example.org\r\nSubject: yes\r\n\r\n3\r\n",
            ],
        )
        names = ["INBOX", "Drafts"]
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
            for name in names:
                nursery.start_soon(show, imap, name)
        assert subjects == ["Ü", "yes"]
        assert shown == {"INBOX": 3, "Drafts": 0}


async def test_a_store_inside_a_loop_over_10_000_messages(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(10_000)])
        async with imap.select("INBOX") as inbox:
            seen = 0
            async with inbox.fetch("1:*", FLAGS, ENVELOPE) as messages:
                async for message in messages:
                    assert message.envelope.subject == str(message.uid - 1)
                    await inbox.add_flags(message.uid, Flag.FLAGGED)
                    seen += 1
            assert (seen, messages.missing) == (10_000, UIDSet())
            assert len(await inbox.search(aimap.FLAGGED)) == 10_000


async def test_cancelled_in_flight_leaves_a_working_connection(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(imap, list(sample_messages(400, large=200_000)))
        async with imap.select("INBOX") as inbox:
            for after in (0.0, 0.001, 0.003, 0.01, 0.03):
                with trio.move_on_after(after):
                    await inbox.fetch_all("1:*", BODY_PEEK())
                assert (await imap.status("Drafts", ["MESSAGES"])).messages == 0
                assert len(await inbox.search()) == 400
            for steps in range(6):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(inbox.fetch_all, "1:*", BODY_PEEK())
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
            found = await inbox.fetch_all("1:*", FLAGS)
            assert len(found) == 400


async def test_messages_come_as_they_went(dovecot: Dovecot) -> None:
    samples = list(sample_messages(300, seed=7, large=2_000_000))
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            items = (BODY_PEEK(), ENVELOPE, BODYSTRUCTURE, RFC822_SIZE, INTERNALDATE, FLAGS)
            found = await inbox.fetch_all("1:*", *items)
            assert not found.missing
            assert [m.body() for m in found] == samples
            for message in found:
                assert message.size == len(message.body())
                assert message.internal_date.tzinfo is not None
                parsed = message.email()
                assert message.envelope.message_id == parsed["Message-ID"]
                leaves = [p for p in message.body_structure.walk() if not p.parts]
                assert all(leaf.section for leaf in leaves)
            attachment = next(
                (m, p) for m in found for p in m.body_structure.walk() if p.is_attachment
            )
            message, part = attachment
            assert part.filename == "naïve report.bin"
            (again,) = await inbox.fetch_all(message.uid, BODY_PEEK(part.section))
            assert len(again.body(part.section)) == part.size


async def test_1000_mixed_commands_from_50_tasks(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(imap, list(sample_messages(100)))
        async with imap.select("INBOX") as inbox:
            found: dict[tuple[int, int], object] = {}

            async def ask(task: int, step: int) -> object:
                uid = (task * 20 + step) % 100 + 1
                match step % 5:
                    case 0:
                        (message,) = await inbox.fetch_all(uid, RFC822_SIZE, ENVELOPE)
                        return message.uid, message.size, message.envelope.message_id
                    case 1:
                        return await inbox.search(aimap.IN(uid))
                    case 2:
                        return (await imap.status("Drafts", ["MESSAGES"])).messages
                    case 3:
                        return [info.name for info in await imap.list()]
                    case _:
                        (message,) = await inbox.fetch_all(uid, BODY_PEEK("HEADER"))
                        return message.uid, message.body("HEADER")

            async def work(task: int) -> None:
                for step in range(20):
                    found[task, step] = await ask(task, step)

            async with trio.open_nursery() as nursery:
                for task in range(50):
                    nursery.start_soon(work, task)
            assert len(found) == 1000
            for (task, step), value in found.items():
                assert await ask(task, step) == value


@pytest.mark.parametrize("extended", [True, False])
async def test_many_searches_at_once(dovecot: Dovecot, extended: bool) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(50)])
        async with imap.select("INBOX"):
            futures = [
                imap.submit(Search(aimap.IN(uid), extended=extended)) for uid in range(1, 51)
            ]
            assert [await future.wait() for future in futures] == [UIDSet(n) for n in range(1, 51)]


async def test_watching_what_another_client_does(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    async with connected(dovecot, user) as imap, connected(dovecot, user) as other:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(3)])
        async with imap.select("INBOX") as inbox, other.select("INBOX") as same:
            async with inbox.watch() as events:
                with trio.fail_after(30):
                    await other.append("INBOX", b"x: y\r\n\r\n", flags=[Flag.FLAGGED])
                    event = await events.__anext__()
                    assert isinstance(event, Arrived)
                    assert (event.uid, Flag.FLAGGED in event.flags) == (4, True)
                    await same.add_flags(2, "$Important")
                    event = await events.__anext__()
                    assert isinstance(event, FlagsChanged)
                    assert (event.uid, "$Important" in event.flags) == (2, True)
                    await same.add_flags(1, Flag.DELETED)
                    assert isinstance(await events.__anext__(), FlagsChanged)
                    await same.expunge(1)
                    assert await events.__anext__() == Expunged(1)  # type: ignore[arg-type]
                    # Commands go on meanwhile, on the connection that idles.
                    assert (await imap.status("Drafts", ["MESSAGES"])).messages == 0
                    await other.append("INBOX", b"x: y\r\n\r\n")
                    event = await events.__anext__()
                    assert (type(event), event.uid) == (Arrived, 5)


async def test_everything_about_mailboxes(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await imap.create("Grüße/日本語 & Co")
        await imap.subscribe("Grüße")
        await imap.unsubscribe("Grüße")
        names = {info.name: info for info in await imap.list()}
        assert names["Grüße/日本語 & Co"].delimiter == "/"
        assert names["Drafts"].special_use == "\\Drafts"
        assert [info.name for info in await imap.list("Gr*", special_use=False)] == [
            "Grüße",
            "Grüße/日本語 & Co",
        ]
        await imap.rename("Grüße/日本語 & Co", 'with "quotes" and \\')
        assert (await imap.status('with "quotes" and \\')).messages == 0
        await imap.delete('with "quotes" and \\')
        with pytest.raises(aimap.NoError, match="doesn't exist"):
            await imap.status("gone")
        assert (await imap.namespace()).personal[0].delimiter == "/"
        assert (await imap.id({"name": "aimap"}))["name"] == "Dovecot"
        assert "CONDSTORE" in await imap.enable("CONDSTORE")


async def test_append_copy_move_expunge(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        message = EmailMessage()
        message["Subject"] = "Grüße"
        message.set_content("hällo\n")
        date_ = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
        appended = await imap.append("INBOX", message, flags=[Flag.SEEN, "$Junk"], date=date_)
        assert appended is not None
        await imap.create("Other")
        async with imap.select("INBOX") as inbox:
            assert appended.uid_validity == inbox.uid_validity
            (found,) = await inbox.fetch_all(appended.uids, FLAGS, INTERNALDATE, BODY_PEEK())
            assert found.flags - {Flag.RECENT} == {Flag.SEEN, "$Junk"}
            assert found.internal_date == date_
            assert found.email()["Subject"] == "Grüße"
            (copied,) = await inbox.copy(1, "Other")
            assert copied.source == ((1, 1),)
            (moved,) = await inbox.move(1, "Other")
            assert moved.destination == ((2, 2),)
            assert inbox.exists == 0
        async with imap.select("Other") as other:
            await other.add_flags("1:2", Flag.DELETED)
            await other.expunge(1)
            assert await other.search() == UIDSet(2)
            await other.set_flags(2)
            await other.remove_flags(2, Flag.SEEN)
            (found,) = await other.fetch_all(2, FLAGS)
            assert found.flags - {Flag.RECENT} == set()
        async with imap.examine("Other") as other:
            with pytest.raises(aimap.StateError):
                await other.expunge()


async def test_search_text_of_any_kind(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        await fill(
            imap,
            [b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n", b"Subject: {9}\r\n\r\nx\r\n"],
        )
        async with imap.select("INBOX") as inbox:
            assert await inbox.search(aimap.SUBJECT("Grüße")) == UIDSet(1)
            assert await inbox.search(aimap.SUBJECT("{9}")) == UIDSet(2)
            assert await inbox.search(aimap.SUBJECT('x"\r\nA1 LOGOUT')) == UIDSet()
            assert await inbox.search(aimap.LARGER(1) & ~aimap.SEEN) == UIDSet("1:2")


async def test_200_status_are_in_flight_together(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user()) as imap:
        for number in range(20):
            await imap.create(f"M{number}")
        futures = [imap.submit(Status(f"M{n % 20}", ["MESSAGES"])) for n in range(200)]
        assert [(await future.wait()).mailbox for future in futures] == [
            f"M{n % 20}" for n in range(200)
        ]
        assert imap.statistics().most_in_flight >= 180


async def test_a_wrong_password_and_a_wrong_authority(dovecot: Dovecot) -> None:
    with pytest.raises(aimap.AuthenticationError):
        async with aimap.connect(
            dovecot.host,
            port=dovecot.tls_port,
            ssl_context=dovecot.client_context,
            auth=aimap.Password("joe", "wrong"),
        ):
            pass
    modes: list[tuple[Any, int]] = [("implicit", dovecot.tls_port), ("starttls", dovecot.port)]
    for tls, port in modes:
        with pytest.raises(aimap.ConnectionLostError, match="certificate is not valid"):
            async with aimap.connect(
                dovecot.host, port=port, tls=tls, auth=aimap.Password("joe", PASSWORD)
            ):
                pass


async def test_compressed(dovecot: Dovecot) -> None:
    samples = list(sample_messages(100, seed=3))
    user = dovecot.new_user()
    async with connected(dovecot, user, compress=True) as imap:
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            found = await inbox.fetch_all("1:*", BODY_PEEK())
            assert [message.body() for message in found] == samples
            async with inbox.watch() as events, connected(dovecot, user, compress=True) as other:
                await other.append("INBOX", samples[0])
                assert isinstance(await anext(aiter(events)), aimap.Arrived)


_DOWNLOAD = """
import sys, trio, aimap

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])

async def main(port, user, password, path):
    auth = aimap.Password(user, password)
    async with aimap.connect("127.0.0.1", port=port, tls="insecure", auth=auth) as imap:
        async with imap.select("INBOX") as inbox:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            before = peak()
            octets = await inbox.download(1, into=path)
            print(octets, peak() - before)

trio.run(main, int(sys.argv[1]), *sys.argv[2:])
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
async def test_a_message_of_300_mb_takes_little_memory(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.new_user()
    message = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * (300_000_000 // 78)
    async with connected(dovecot, user, tls="insecure") as imap:
        await imap.append("INBOX", message)
    arguments = (str(dovecot.port), user, PASSWORD, str(tmp_path / "big"))
    done = await trio.run_process(
        [sys.executable, "-c", _DOWNLOAD, *arguments], capture_stdout=True
    )
    octets, kibibytes = map(int, done.stdout.split())
    assert octets == len(message)
    assert kibibytes < 16 * 1024
    assert await trio.Path(tmp_path / "big").read_bytes() == message
