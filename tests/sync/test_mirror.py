"""The mirror: equal, incremental, and safe to interrupt."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import Flag, MailboxInfo, UIDValidity
from aimap.sync import MaildirStore, MirrorReport, Progress, mirror
from aimap.sync._names import folder_name
from aimap.testing import sample_messages
from tests.client.support import connected
from tests.sync.support import contents, opened


async def test_first_and_again(tmp_path: Path) -> None:
    async with connected() as (imap, server):
        for at, message in enumerate(sample_messages(400, large=2_000_000)):
            flags = [Flag.SEEN, "$Junk"] if at % 2 else [Flag.FLAGGED]
            server.deliver("joe", message, mailbox=("INBOX", "a/b", "Grüße")[at % 3], flags=flags)
        told: list[Progress] = []
        report = await mirror(imap, MaildirStore(tmp_path), on_progress=told.append)
        assert (report.fetched, report.missing, report.failures) == (400, 0, [])
        assert report.is_current
        assert told[-1].fetched == told[-1].expected == 400
        await contents(tmp_path, server)

        before = imap.statistics().octets_received
        again = await mirror(imap, MaildirStore(tmp_path))
        assert again == MirrorReport(mailboxes=again.mailboxes)
        assert imap.statistics().octets_received - before < 40_000

        server.deliver("joe", b"new: x\r\n\r\n", mailbox="a/b")
        server.set_flags("joe", 1, [Flag.ANSWERED, "later"])
        server.expunge("joe", [2, 3])
        third = await mirror(imap, MaildirStore(tmp_path))
        assert (third.fetched, third.flags_changed, third.removed) == (1, 1, 2)
        await contents(tmp_path, server)
        assert "EXAMINE" in server.commands
        assert "SELECT" not in server.commands


async def test_what_is_gone_on_the_server_goes(tmp_path: Path) -> None:
    async with connected(messages=2) as (imap, server):
        server.deliver("joe", b"x: y\r\n\r\n", mailbox="old/inner")
        await mirror(imap, MaildirStore(tmp_path))
        assert (tmp_path / "old" / "inner" / "cur").is_dir()
        await imap.delete("old/inner")
        report = await mirror(imap, MaildirStore(tmp_path))
        assert report.mailboxes_removed == 1
        assert not (tmp_path / "old" / "inner").exists()
        await contents(tmp_path, server)


async def test_another_uidvalidity_is_another_mailbox(tmp_path: Path) -> None:
    async with connected(messages=3) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        box = server.mailbox("joe")
        box.uid_validity += 1000
        box.messages[0].octets = b"Subject: other\r\n\r\n"
        report = await mirror(imap, MaildirStore(tmp_path))
        assert report.fetched == 3
        await contents(tmp_path, server)


@pytest.mark.exhaustive
async def test_cancelled_anywhere_then_run_again(tmp_path: Path) -> None:
    # In real time: a clock that jumps would run ahead of the threads that write files.
    async with connected(latency=0.01) as (imap, server):
        for message in sample_messages(600, large=100_000):
            server.deliver("joe", message)
        for steps in (3, 10, 20, 30, 45, 60, 80):
            with trio.move_on_after(steps / 100):
                await mirror(imap, MaildirStore(tmp_path))
        report = await mirror(imap, MaildirStore(tmp_path))
        assert report.is_current
        await contents(tmp_path, server)


async def test_more_keywords_than_letters(tmp_path: Path) -> None:
    async with connected() as (imap, server):
        server.deliver("joe", b"x: y\r\n\r\n", flags=[f"k{n}" for n in range(30)])
        await mirror(imap, MaildirStore(tmp_path))
        report = await mirror(imap, MaildirStore(tmp_path))
        assert report.fetched == 0
        async with opened(tmp_path, "INBOX", server.mailbox("joe").uid_validity) as kept:
            assert len((await kept.known())[aimap.UID(1)]) == 26


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/../../x", "/etc", "C:x", "a\0b", "CUR", "new", "x" * 300, "a/cur", ".hidden",
     "nul\n", "a.", "%2E", "日本語" * 100, "\\", "~", "tmp/tmp"],
)  # fmt: skip
def test_mirror_path(name: str, tmp_path: Path) -> None:
    folder = folder_name(MailboxInfo(name, "/", aimap.Flags()))
    assert not folder.is_absolute()
    for part in folder.parts:
        assert part not in ("..", ".", "")
        assert part.lower() not in ("cur", "new", "tmp")
        assert len(part.encode()) < 200
        assert "\0" not in part
    (tmp_path / folder).mkdir(parents=True)


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_names_do_not_share_a_folder(one: str, other: str) -> None:
    if one != other:
        a = folder_name(MailboxInfo(one, None, aimap.Flags()))
        b = folder_name(MailboxInfo(other, None, aimap.Flags()))
        encoded = (one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
        assert a != b or encoded[0] == encoded[1]


async def test_names_that_differ_by_case_have_folders_of_their_own(tmp_path: Path) -> None:
    store = MaildirStore(tmp_path)
    validity = UIDValidity(1)
    a = await store.mailbox(MailboxInfo("Work", "/", aimap.Flags()), validity)
    (tmp_path / "WORK").symlink_to(tmp_path / "Work")  # as on a file system without case
    b = await store.mailbox(MailboxInfo("WORK", "/", aimap.Flags()), validity)
    assert a.folder.resolve() != b.folder.resolve()
    again = await store.mailbox(MailboxInfo("WORK", "/", aimap.Flags()), validity)
    assert again.folder == b.folder
    await store.aclose()
