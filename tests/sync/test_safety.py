"""Whatever goes wrong at either end, what is there is right, and the next run ends it."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import trio

import aimap
from aimap import Flag, MailboxInfo, UIDSet, UIDValidity
from aimap._client import fetching
from aimap.sync import (
    MaildirStore,
    MirroredMessage,
    Progress,
    SQLiteStore,
    _bodies,
    _files,
    _sharing,
    mirror,
)
from aimap.testing import Drop, On, Rewrite, Server, serve
from aimap.testing._handlers import HANDLERS
from aimap.testing._rules import RefusalError
from aimap.testing._selected import Selected
from tests.client.support import JOE, connected
from tests.sync.support import contents, opened


def deliver(server: Server, count: int, mailbox: str = "INBOX", size: int = 10) -> None:
    for number in range(count):
        server.deliver("joe", b"Subject: %d\r\n\r\n" % number + b"x" * size, mailbox=mailbox)


class Connections:
    """What an account is to a mirror."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.opened = self.open = self.most = 0

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[aimap.Client]:
        async with aimap.connect(
            "localhost", tls="insecure", stream=self._server.connect(), auth=JOE
        ) as imap:
            self.opened += 1
            self.open += 1
            self.most = max(self.most, self.open)
            try:
                yield imap
            finally:
                self.open -= 1


# The server's end


async def test_several_connections(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        for number in range(9):
            deliver(server, 10 + number, f"m{number}")
        source = Connections(server)
        report = await mirror(source, MaildirStore(tmp_path), connections=3)
        assert (report.is_current, report.fetched) == (True, 9 * 10 + 36)
        assert (source.opened, source.most) == (3, 3)
        await contents(tmp_path, server)
        report = await mirror(source.connection, MaildirStore(tmp_path), connections=3)
        assert (report.is_current, report.fetched, source.opened) == (True, 0, 4)


async def test_several_connections_share_a_large_mailbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sharing, "PART", 10)
    async with serve(tls="insecure", host=None, latency=0.001) as server:
        deliver(server, 205, size=500)
        deliver(server, 3, "a")
        source = Connections(server)
        report = await mirror(source, MaildirStore(tmp_path), connections=4)
        assert (report.is_current, report.fetched, source.most) == (True, 208, 4)
        await contents(tmp_path, server)


async def test_a_server_that_lets_in_less_connections(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        for number in range(9):
            deliver(server, 10, f"m{number}")
        source = Connections(server)

        places = trio.CapacityLimiter(2)

        @asynccontextmanager
        async def connection() -> AsyncGenerator[aimap.Client]:
            try:
                places.acquire_nowait()
            except trio.WouldBlock:
                raise ConnectionRefusedError from None
            try:
                async with source.connection() as imap:
                    yield imap
            finally:
                places.release()

        report = await mirror(connection, MaildirStore(tmp_path), connections=4)
        assert (report.is_current, report.fetched, source.most) == (True, 90, 2)
        await contents(tmp_path, server)


async def test_no_connection_at_all(tmp_path: Path) -> None:
    @asynccontextmanager
    async def connection() -> AsyncGenerator[aimap.Client]:
        raise ConnectionRefusedError
        yield

    with pytest.raises(ConnectionRefusedError):
        await mirror(connection, MaildirStore(tmp_path))


async def test_helpers_that_fail_only_help_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sharing, "PART", 10)
    async with serve(tls="insecure", host=None, latency=0.001) as server:
        deliver(server, 805, size=500)
        source = Connections(server)

        @asynccontextmanager
        async def connection() -> AsyncGenerator[aimap.Client]:
            async with source.connection() as imap:
                # The first one is good; others drop soon, or are not even opened.
                server.faults = [Drop(after=4000)]
                if source.opened > 5:
                    raise ConnectionRefusedError
                yield imap

        report = await mirror(connection, MaildirStore(tmp_path), connections=3)
        assert (report.is_current, report.fetched) == (True, 805)
        assert source.opened > 3
        server.faults = ()
        await contents(tmp_path, server)


async def test_adding_again_with_other_flags_is_adding_once(tmp_path: Path) -> None:
    async with opened(tmp_path, "INBOX", 1) as kept:
        for flags in ([], [Flag.SEEN], ["k"]):
            message = MirroredMessage(aimap.UID(1), b"x", aimap.Flags(flags), None)
            await kept.add([message])
        assert len(list((tmp_path / "INBOX" / "cur").iterdir())) == 1
        assert await kept.known() == {1: {"k"}}


async def test_a_lost_connection_is_followed_by_another(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        deliver(server, 400, size=3000)
        # A drop every 300 kB: each connection gets further than the one before.
        server.faults = [Drop(after=300_000)]
        source = Connections(server)
        report = await mirror(source, MaildirStore(tmp_path))
        assert (report.is_current, report.fetched) == (True, 400)
        assert source.opened > 4
        server.faults = ()
        await contents(tmp_path, server)


async def test_it_is_given_up_where_nothing_comes(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        deliver(server, 2)
        server.faults = [Drop(after=b"EXISTS")]
        source = Connections(server)
        with pytest.raises(aimap.ConnectionLostError):
            await mirror(source, MaildirStore(tmp_path))
        assert source.opened == 4


async def test_expunge_while_bodies_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bodies, "_BATCH_MESSAGES", 5)
    async with connected() as (imap, server):
        deliver(server, 300, size=20_000)

        def on_progress(progress: Progress) -> None:
            if progress.fetched and server.mailbox("joe").messages[-1].uid == 300:
                server.expunge("joe", [2, 290, 300])

        report = await mirror(imap, MaildirStore(tmp_path), on_progress=on_progress)
        assert report.is_current
        assert report.fetched == 298
        assert (await mirror(imap, MaildirStore(tmp_path))).removed == 1
        await contents(tmp_path, server)


@pytest.mark.parametrize("how", ["deleted", "renamed"])
async def test_a_mailbox_that_goes_meanwhile(how: str, tmp_path: Path) -> None:
    async with connected(messages=3) as (imap, server):
        deliver(server, 2, "a")
        deliver(server, 2, "b")
        await mirror(imap, MaildirStore(tmp_path))
        deliver(server, 1, "a")
        deliver(server, 1, "b")
        deliver(server, 1)

        def on_progress(progress: Progress) -> None:
            mailboxes = server.accounts["joe"].mailboxes
            if "b" in mailboxes:
                box = mailboxes.pop("b")
                if how == "renamed":
                    box.name = "c"
                    mailboxes["c"] = box

        report = await mirror(imap, MaildirStore(tmp_path), on_progress=on_progress)
        assert (report.is_current, report.mailboxes_removed) == (True, 1)
        assert not (tmp_path / "b").exists()
        assert (await mirror(imap, MaildirStore(tmp_path))).is_current
        await contents(tmp_path, server)


async def test_a_refused_mailbox_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, states = HANDLERS["EXAMINE"]

    async def examine(client: Any, arguments: Any) -> None:
        if arguments.peek(1) == b"a":
            raise RefusalError("not you", "NOPERM")
        await original(client, arguments)

    monkeypatch.setitem(HANDLERS, "EXAMINE", (examine, states))
    async with connected(messages=3) as (imap, server):
        deliver(server, 2, "a")
        report = await mirror(imap, MaildirStore(tmp_path))
        assert [failure.mailbox for failure in report.failures] == ["a"]
        assert (report.fetched, report.is_current) == (3, False)


async def test_long_messages_come_in_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bodies, "PIECE", 50_000)
    async with connected() as (imap, server):
        for size in (49_986, 49_987, 49_988, 700_000, 10):
            deliver(server, 1, size=size)
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.is_current, report.fetched) == (True, 5)
        await contents(tmp_path, server)
        await mirror(imap, SQLiteStore(tmp_path / "mail.sqlite"))
        assert len(await SQLiteStore(tmp_path / "mail.sqlite").read("INBOX", 4)) > 700_000


async def test_what_the_server_does_not_give_out_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(messages=3) as (imap, server):
        original = Selected.chosen

        def chosen(self: Selected, numbers: Any) -> Any:
            return [each for each in original(self, numbers) if each[1].uid != 2]

        with monkeypatch.context() as patch:
            patch.setattr(Selected, "chosen", chosen)
            for fetched in (2, 0):
                report = await mirror(imap, MaildirStore(tmp_path))
                assert (report.fetched, report.missing, report.is_current) == (fetched, 1, False)
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.missing, report.is_current) == (1, 0, True)
        await contents(tmp_path, server)


@pytest.mark.parametrize(("bad", "slice_octets"), [([2], 10**6), ([1, 2, 3, 9], 10**6), ([40], 1)])
async def test_one_message_that_is_refused_does_not_stop_the_others(
    bad: list[int], slice_octets: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_SLICE_OCTETS", slice_octets)
    original = Selected.chosen

    def chosen(self: Selected, numbers: Any) -> Any:
        found = original(self, numbers)
        if any(message.uid in bad for _, message in found):
            raise RefusalError("some of the requested messages no longer exist")
        return found

    async with connected(messages=60) as (imap, server):
        with monkeypatch.context() as patch:
            patch.setattr(Selected, "chosen", chosen)
            report = await mirror(imap, MaildirStore(tmp_path))
            assert (report.fetched, report.missing) == (60 - len(bad), len(bad))
            assert not report.failures
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.is_current) == (len(bad), True)
        await contents(tmp_path, server)


class Hollow(bytes):
    """Octets that have a length, and cannot be read."""

    def __getitem__(self, key: Any) -> Any:
        return b""


async def test_what_only_comes_empty_is_missing(tmp_path: Path) -> None:
    async with connected(messages=3) as (imap, server):
        message = server.mailbox("joe").messages[1]
        octets, message.octets = message.octets, Hollow(message.octets)
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.missing) == (2, 1)
        message.octets = octets
        assert (await mirror(imap, MaildirStore(tmp_path))).fetched == 1
        await contents(tmp_path, server)


async def test_what_comes_empty_at_first_is_fetched(tmp_path: Path) -> None:
    """Together with others it comes empty; alone, and asked again, it is there."""

    def emptied(response: bytes) -> bytes:
        return re.sub(rb"(?s) \{[0-9]+\}\r\n.*\)\r\n\Z", rb" {0}\r\n)\r\n", response)

    fault = On("response", Rewrite(emptied), text=r"UID 2 .*BODY\[\]<0>", times=1)
    async with connected(messages=3, faults=[fault]) as (imap, server):
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.missing) == (3, 0)
        await contents(tmp_path, server)


async def test_an_empty_message(tmp_path: Path) -> None:
    async with connected(messages=3) as (imap, server):
        server.mailbox("joe").messages[0].octets = b""
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.missing) == (3, 0)
        await contents(tmp_path, server)


# Windows


async def test_a_window_by_date_and_size(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    async with connected() as (imap, server):
        box = server.mailbox("joe")
        for day, size in ((1, 10), (10, 10), (20, 10), (20, 5000)):
            box.add(b"x: y\r\n\r\n" + b"z" * size, [], datetime(2026, 3, day, 12, tzinfo=UTC))

        async def run(since: date | None, largest: int | None) -> list[int]:
            report = await mirror(imap, MaildirStore(tmp_path), since=since, largest=largest)
            assert report.is_current
            async with opened(tmp_path, "INBOX", box.uid_validity) as kept:
                return sorted(await kept.known())

        assert await run(date(2026, 3, 15), 1000) == [3]
        # The same, and a narrower one: nothing is even opened.
        server.commands.clear()
        assert await run(date(2026, 3, 15), 1000) == [3]
        assert await run(date(2026, 3, 25), 1000) == [3]
        assert "EXAMINE" not in server.commands
        # What is in the store is kept up to date, and what is new is looked at.
        server.set_flags("joe", 3, [Flag.SEEN])
        box.add(b"x: y\r\n\r\n", [], datetime(2026, 3, 26, 12, tzinfo=UTC))
        box.add(b"x: y\r\n\r\n", [], datetime(2026, 3, 1, 12, tzinfo=UTC))
        assert await run(date(2026, 3, 25), 1000) == [3, 5]
        assert await run(date(2026, 3, 5), 1000) == [2, 3, 5]
        server.expunge("joe", [1, 3])
        assert await run(date(2026, 3, 5), None) == [2, 4, 5]
        assert await run(None, None) == [2, 4, 5, 6]
        await contents(tmp_path, server)


async def test_impossible_arguments(tmp_path: Path) -> None:
    async with connected() as (imap, _server):
        with pytest.raises(aimap.InvalidArgumentError):
            await mirror(imap, MaildirStore(tmp_path), connections=0)
        with pytest.raises(aimap.InvalidArgumentError):
            await mirror(imap, MaildirStore(tmp_path), largest=0)


# The store's end


def full_after(monkeypatch: pytest.MonkeyPatch, octets: int) -> Callable[[], None]:
    """Let the disk be full behind so many octets; return what frees it."""
    original = _files.write
    left = octets

    def write(file: Any, data: bytes | memoryview) -> None:
        nonlocal left
        original(file, data[: max(0, left)])
        left -= len(data)
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_files, "write", write)
    return monkeypatch.undo


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected() as (imap, server):
        deliver(server, 700, size=2000)
        for _ in range(2):
            make_room = full_after(monkeypatch, 600_000)
            with pytest.raises(OSError, match="No space left"):
                await mirror(imap, MaildirStore(tmp_path))
            make_room()
            async with opened(tmp_path, "INBOX", server.mailbox("joe").uid_validity) as kept:
                for uid in await kept.known():
                    assert await kept.read(uid) == server.mailbox("joe").messages[uid - 1].octets
        assert (await mirror(imap, MaildirStore(tmp_path))).is_current
        await contents(tmp_path, server)


async def test_a_full_disk_of_a_database(tmp_path: Path) -> None:
    path = tmp_path / "mail.sqlite"
    async with connected() as (imap, server):
        deliver(server, 300, size=2000)
        store = SQLiteStore(path)
        with store._database.transaction() as connection:
            connection.execute("PRAGMA max_page_count = 60")
        with pytest.raises(OSError) as caught:
            await mirror(imap, store)
        assert caught.value.errno == errno.ENOSPC
        assert (await mirror(imap, SQLiteStore(path))).fetched == 300


async def test_a_message_file_that_was_deleted_is_fetched_again(tmp_path: Path) -> None:
    async with connected(messages=5) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        next((tmp_path / "INBOX" / "cur").iterdir()).unlink()
        report = await mirror(imap, MaildirStore(tmp_path))
        assert report.fetched == 1
        await contents(tmp_path, server)


async def test_flags_that_were_changed_here_are_put_back(tmp_path: Path) -> None:
    async with connected(messages=5) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        path = next((tmp_path / "INBOX" / "cur").iterdir())
        path.rename(path.with_name(path.name + "ST"))
        (tmp_path / "INBOX" / "cur" / "somebody else's").write_bytes(b"x")
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.flags_changed) == (0, 1)
        (tmp_path / "INBOX" / "cur" / "somebody else's").unlink()
        await contents(tmp_path, server)


@pytest.mark.parametrize("damage", ["gone", "not a database", "cut", "other"])
async def test_the_state_is_only_a_cache(damage: str, tmp_path: Path) -> None:
    state = tmp_path / ".aimap-state.sqlite"
    async with connected(messages=50) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        server.expunge("joe", [7])
        if damage == "gone":
            state.unlink()
        elif damage == "not a database":
            state.write_bytes(b"nothing of the kind" * 1000)
        elif damage == "cut":
            state.write_bytes(state.read_bytes()[:5000])
        else:
            connection = sqlite3.connect(state)
            connection.execute("UPDATE mailbox SET position = 'from the future'")
            connection.commit()
            connection.close()
        report = await mirror(imap, MaildirStore(tmp_path))
        assert (report.fetched, report.removed) == (0, 1)
        await contents(tmp_path, server)


async def test_files_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(messages=3) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        server.set_flags("joe", 1, [Flag.SEEN])

        def refuse(self: Path, target: Path) -> Path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", refuse)
            with pytest.raises(PermissionError):
                await mirror(imap, MaildirStore(tmp_path))
        assert (await mirror(imap, MaildirStore(tmp_path))).flags_changed == 1
        await contents(tmp_path, server)


@pytest.mark.parametrize("make", [MaildirStore, lambda root: SQLiteStore(root / "x")])
async def test_one_mirror_at_a_time_into_one_store(
    make: Callable[[Path], MaildirStore | SQLiteStore], tmp_path: Path
) -> None:
    async with connected(messages=3) as (imap, _server):
        first = make(tmp_path)
        await first.positions()
        with pytest.raises(BlockingIOError):
            await mirror(imap, make(tmp_path))
        await first.aclose()
        assert (await mirror(imap, make(tmp_path))).fetched == 3


async def test_one_store_does_one_mirror_at_a_time(tmp_path: Path) -> None:
    async with connected(messages=3) as (imap, server):
        store = MaildirStore(tmp_path)
        refused: list[BlockingIOError] = []

        async def again() -> None:
            try:
                await mirror(imap, store)
            except BlockingIOError as error:
                refused.append(error)

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(again)
        assert len(refused) == 1
        await contents(tmp_path, server)


async def test_a_database_that_is_damaged_deep_inside_is_made_anew(tmp_path: Path) -> None:
    state = tmp_path / ".aimap-state.sqlite"
    async with connected(messages=500) as (imap, server):
        await mirror(imap, MaildirStore(tmp_path))
        server.expunge("joe", range(1, 500))
        octets = bytearray(state.read_bytes())
        octets[4096 * 4 :] = b"x" * (len(octets) - 4096 * 4)
        state.write_bytes(octets)
        for _ in range(2):
            try:
                await mirror(imap, MaildirStore(tmp_path))
            except OSError as error:
                assert error.errno == errno.EIO
        assert (await mirror(imap, MaildirStore(tmp_path))).is_current
        await contents(tmp_path, server)


async def test_the_stores_own_error_comes_out_bare(tmp_path: Path) -> None:
    class Stubborn:
        def __init__(self) -> None:
            self.closed = False

        async def positions(self) -> dict[str, aimap.sync.Position]:
            return {}

        async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> Stubborn:
            return self

        async def known(self) -> dict[aimap.UID, aimap.Flags]:
            return {}

        async def position(self) -> None:
            return None

        async def add(self, messages: list[MirroredMessage]) -> None:
            raise ZeroDivisionError

        async def set_flags(self, flags: object) -> None:
            raise NotImplementedError

        async def remove(self, uids: UIDSet) -> None:
            raise NotImplementedError

        async def finish(self, position: object) -> None:
            raise NotImplementedError

        async def remove_others(self, names: object) -> list[str]:
            raise NotImplementedError

        async def aclose(self) -> None:
            await trio.lowlevel.checkpoint()
            self.closed = True

    async with connected() as (imap, server):
        deliver(server, 600, size=20_000)
        store = Stubborn()
        with pytest.raises(ZeroDivisionError):
            await mirror(imap, store)  # type: ignore[arg-type]
        assert store.closed
        # The connection is good.
        await imap.noop()
