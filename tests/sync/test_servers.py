"""Mirrors of real servers, each with what it has: QRESYNC, CONDSTORE, or neither."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import trio

import aimap
from aimap import BODY_PEEK, FLAGS, Flag
from aimap.sync import MaildirStore, MirrorReport, Progress, SQLiteStore, _bodies, mirror
from tests.servers.real import RealServer
from tests.servers.support import fill, tapped
from tests.sync.support import opened


async def is_equal(imap: aimap.Client, root: Path) -> bool:
    """Tell whether the Maildir of INBOX has what the server has."""
    async with imap.examine("INBOX") as inbox:
        assert inbox.uid_validity is not None
        there = {
            m.uid: (m.body(), m.flags - {Flag.RECENT})
            for m in await inbox.fetch_all("1:*", FLAGS, BODY_PEEK())
        }
        async with opened(root, "INBOX", inbox.uid_validity) as kept:
            known = await kept.known()
            return there == {uid: (await kept.read(uid), known[uid]) for uid in known}


async def test_little_crosses_the_wire(any_server: RealServer, tmp_path: Path) -> None:
    user = any_server.new_user()
    async with tapped(any_server, user) as imap:
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(300)])
        await mirror(imap, MaildirStore(tmp_path))
    async with tapped(any_server, user) as imap:
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags("10:12", Flag.FLAGGED)
            await inbox.add_flags("20:22", Flag.DELETED)
            await inbox.expunge()
        await fill(imap, [b"Subject: new\r\n\r\nx\r\n"] * 4)
        before = imap.statistics()
        report = await mirror(imap, MaildirStore(tmp_path))
        after = imap.statistics()
        assert (report.fetched, report.flags_changed, report.removed) == (4, 3, 3)
        if "CONDSTORE" in imap.capabilities:
            assert after.octets_received - before.octets_received < 6000
            # LIST beside ENABLE, EXAMINE, and FETCH.
            assert after.flights - before.flights <= 4
        assert await is_equal(imap, tmp_path)


async def test_what_has_not_changed_is_not_opened(any_server: RealServer, tmp_path: Path) -> None:
    """Whichever connection was at it, be it a mailbox in which nothing ever happened."""
    sent: list[str] = []
    user = any_server.new_user()
    connect = partial(
        aimap.connect,
        any_server.host,
        port=any_server.tls_port,
        ssl_context=any_server.client_context,
        auth=aimap.Password(user, any_server.password),
        wire_log=sent.append,
    )
    async with tapped(any_server, user) as imap:
        await imap.create(f"{any_server.prefix}Untouched")
        await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % number for number in range(300)])
        has_modseqs = imap.offers("CONDSTORE")
    first = await mirror(connect, MaildirStore(tmp_path), connections=2)
    assert first.fetched == 300
    sent.clear()
    again = await mirror(connect, MaildirStore(tmp_path), connections=2)
    assert again == MirrorReport(mailboxes=first.mailboxes)
    if has_modseqs:
        assert not [line for line in sent if "EXAMINE" in line.split()]


async def test_another_client_expunges_meanwhile(
    any_server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bodies, "_BATCH_MESSAGES", 4)
    user = any_server.new_user()
    begun = trio.Event()

    def on_progress(progress: Progress) -> None:
        if progress.fetched:
            begun.set()

    async def expunge() -> None:
        await begun.wait()
        async with tapped(any_server, user) as other, other.select("INBOX") as inbox:
            await inbox.add_flags("2,60:119", Flag.DELETED)
            await inbox.expunge()

    async with tapped(any_server, user) as imap:
        await fill(
            imap, [b"Subject: %d\r\n\r\n" % n + b"y" * 70 + b"\r\n" * 20_000 for n in range(120)]
        )
        run = partial(mirror, imap, MaildirStore(tmp_path), on_progress=on_progress)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expunge)
            report = await run()
        assert report.failures == []
        assert 0 < report.fetched <= 120
        assert (await mirror(imap, MaildirStore(tmp_path))).is_current
        assert await is_equal(imap, tmp_path)


async def test_the_searchable_store(any_server: RealServer, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "mail.sqlite")
    async with tapped(any_server, any_server.new_user()) as imap:
        await fill(imap, [b"Subject: tea %d\r\n\r\nof cups\r\n" % number for number in range(5)])
        assert (await mirror(imap, store)).fetched == 5
        assert [found.uid for found in await store.search("tea 3")] == [4]
    await store.aclose()


async def test_an_account_gives_the_connections(any_server: RealServer, tmp_path: Path) -> None:
    user = any_server.new_user()
    async with tapped(any_server, user) as imap:
        names = [any_server.prefix + f"m{number}" for number in range(4)]
        for name in names:
            await imap.create(name)
            await fill(imap, [b"Subject: %d\r\n\r\nx\r\n" % n for n in range(20)], name)
    config = aimap.AccountConfig(
        host=any_server.host,
        port=any_server.tls_port,
        ssl_context=any_server.client_context,
        auth=aimap.Password(user, any_server.password),
        max_connections=3,
    )
    async with aimap.open_account(config) as account:
        report = await mirror(account, MaildirStore(tmp_path), connections=3)
        assert (report.is_current, report.fetched) == (True, 80)
        report = await mirror(account, MaildirStore(tmp_path), connections=3)
        assert (report.is_current, report.fetched) == (True, 0)
