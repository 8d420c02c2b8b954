"""What the embedded server offers, it does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import aimap
from aimap import UIDSet, commands, items
from aimap.commands import SAVED, AppendMessage, Partial, QResync, SortKey, UrlPart
from aimap.testing import CAPABILITIES, Server, serve

from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, SELECT, enabled

MESSAGES = (
    b"Date: Thu, 1 Jan 2026 12:00:00 +0000\r\nFrom: zoe@x\r\nSubject: Re: apples\r\n\r\nlong text\r\n",
    b"Date: Sat, 3 Jan 2026 12:00:00 +0000\r\nFrom: amy@x\r\nSubject: pears\r\n\r\n2\r\n",
    b"Date: Fri, 2 Jan 2026 12:00:00 +0000\r\nFrom: joe@x\r\nSubject: [list] Fwd: Apples (fwd)\r\n\r\n33\r\n",
)


@asynccontextmanager
async def open_inbox(*enabled: str, **options: Any) -> AsyncGenerator[tuple[Any, Any, Server]]:
    async with serve(tls="insecure", host=None, **options) as server:
        for message in MESSAGES:
            server.deliver("joe", message)
        async with aimap.connect(
            "x", tls="insecure", stream=server.connect(), auth=aimap.Password("joe", "secret")
        ) as imap:
            if enabled:
                assert set(await imap.enable(*enabled)) == set(enabled)
            async with imap.select("INBOX") as inbox:
                yield imap, inbox, server


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ([SortKey.DATE], [1, 3, 2]),
        ([SortKey.ARRIVAL], [1, 2, 3]),
        ([~SortKey.DATE], [2, 3, 1]),
        ([SortKey.FROM], [2, 3, 1]),
        ([SortKey.SIZE], [2, 1, 3]),
        ([SortKey.SUBJECT, ~SortKey.DATE], [3, 1, 2]),
    ],
)
async def test_sort(keys: list[SortKey], order: list[int]) -> None:
    async with open_inbox() as (imap, _, _server):
        found = await imap.submit(commands.Sort(keys, aimap.ALL)).wait()
        assert list(found.numbers) == order


async def test_thread() -> None:
    async with quiet() as server:
        for message in MESSAGES:
            server.deliver("joe", message, mailbox="Sent")
        server.deliver("joe", MESSAGES[0], mailbox="Sent")
        answer = await talk(
            server, LOGIN, b"b SELECT Sent\r\n", b"c UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n"
        )
        assert b"* THREAD (1 (4)(3))(2)\r\n" in answer


async def test_partial_and_saved_results() -> None:
    async with open_inbox() as (imap, inbox, _):
        found = await imap.submit(commands.ESearch(aimap.ALL, [Partial(-1, -2), "COUNT"])).wait()
        assert found.partial is not None
        assert (list(found.partial.order), found.count) == ([(2, 3)], 3)
        await imap.submit(commands.ESearch(aimap.ALL, ["SAVE", "MIN"])).wait()
        got: list[aimap.Message] = []
        await imap.submit(commands.Fetch(SAVED, [items.FLAGS], got.extend)).wait()
        assert [message.uid for message in got] == [1]
        await imap.submit(commands.ESearch(aimap.ALL, ["SAVE"])).wait()
        await imap.submit(commands.Move(SAVED, "Sent")).wait()
        assert await inbox.search() == UIDSet()


async def test_conditional_store_and_resynchronizing() -> None:
    async with open_inbox("QRESYNC") as (imap, inbox, server):
        box = server.mailbox("joe")
        since = box.highest_modseq
        assert inbox.highest_modseq == since
        await inbox.add_flags(2, "X")
        await inbox.add_flags(1, "\\Deleted")
        await inbox.expunge(1)
        changed: list[aimap.Message] = []
        vanished: list[UIDSet] = []
        await imap.submit(
            commands.Fetch(
                UIDSet("1:9"),
                [items.FLAGS],
                changed.extend,
                changed_since=since,
                on_vanished=vanished.append,
            )
        ).wait()
        assert [(m.uid, m.modseq > since) for m in changed] == [(2, True)]
        assert vanished == [UIDSet(1)]
        left = await imap.submit(
            commands.Store(UIDSet("2:3"), "+", ["Y"], unchanged_since=since)
        ).wait()
        assert left == UIDSet(2)
        known = QResync(box.uid_validity, since)
        again = await imap.submit(commands.Select("INBOX", qresync=known)).wait()
        assert again.vanished == UIDSet(1)
        assert [m.uid for m in again.changed] == [2, 3]


async def test_uid_only() -> None:
    async with open_inbox("UIDONLY") as (_, inbox, server):
        assert [m.flags for m in await inbox.fetch_all("1:2", items.FLAGS)] == [set(), set()]
        async with inbox.watch() as events:
            server.expunge("joe", [2])
            assert await events.__anext__() == aimap.Expunged(aimap.UID(2))
            server.set_flags("joe", 3, ["X"])
            assert (await events.__anext__()).uid == 3


async def test_utf8_names() -> None:
    async with open_inbox("UTF8=ACCEPT") as (imap, _, server):
        await imap.create("Grüße")
        assert "Grüße" in {info.name for info in await imap.list()}
        assert (await imap.status("Grüße")).messages == 0
        assert "Grüße" in server.accounts["joe"].mailboxes


async def test_rev2() -> None:
    async with quiet(capabilities=CAPABILITIES | {"IMAP4REV2"}) as server:
        answer = await talk(
            server, *enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH ALL\r\n", SELECT])
        )
        assert b"* ENABLED IMAP4rev2\r\n" in answer
        assert b"RECENT" not in answer
        assert b'* LIST () "/" "INBOX"\r\n' in answer
        assert b'* ESEARCH (TAG "c") UID ALL 1:2\r\n' in answer
        assert b"* OK [CLOSED]" in answer


async def test_access_control_and_metadata() -> None:
    async with open_inbox() as (imap, _, _server):
        changes: list[tuple[Any, str]] = [("", "lrs"), ("+", "kx"), ("-", "s")]
        for change, rights in changes:
            await imap.submit(commands.SetAcl("INBOX", "fred", rights, change=change)).wait()
        acl = await imap.submit(commands.GetAcl("INBOX")).wait()
        assert acl.rights["fred"] == set("lrkx")
        assert set("lrsa") <= (await imap.submit(commands.MyRights("INBOX")).wait()).rights
        await imap.submit(commands.DeleteAcl("INBOX", "fred")).wait()
        assert "fred" not in (await imap.submit(commands.GetAcl("INBOX")).wait()).rights
        for name in ("INBOX", ""):
            entries = {"/shared/a": b"1", "/shared/a/b": b"2\0", "/shared/a/b/c": b"3"}
            await imap.submit(commands.SetMetadata(name, entries)).wait()
            await imap.submit(commands.SetMetadata(name, {"/shared/a": None})).wait()
            depths: list[tuple[Any, set[str]]] = [
                (0, set()),
                (1, {"/shared/a/b"}),
                ("infinity", {"/shared/a/b", "/shared/a/b/c"}),
            ]
            for depth, found in depths:
                told = await imap.submit(
                    commands.GetMetadata(name, "/shared/a", depth=depth)
                ).wait()
                assert set(told.values) == found, depth


async def test_messages_put_together() -> None:
    async with open_inbox() as (imap, _, server):
        validity = server.mailbox("joe").uid_validity
        parts: list[bytes | UrlPart] = [
            b"Subject: x\r\n\r\n",
            UrlPart(f"/INBOX;UIDVALIDITY={validity}/;UID=2/;SECTION=TEXT"),
        ]
        code = await imap.submit(
            commands.MultiAppend(
                "Sent", [AppendMessage(parts), AppendMessage(b"a\0b", flags=["X"])]
            )
        ).wait()
        assert code.uids == UIDSet("1:2")
        assert [
            (m.octets, set(map(str, m.flags))) for m in server.mailbox("joe", "Sent").messages
        ] == [
            (b"Subject: x\r\n\r\n2\r\n", set()),
            (b"a\0b", {"X"}),
        ]
        for url in (
            "/Nowhere/;UID=1",
            f"/INBOX;UIDVALIDITY={validity + 1}/;UID=2",
            "/INBOX/;UID=9",
        ):
            with pytest.raises(aimap.NoError, match="BADURL"):
                await imap.submit(commands.Append("Sent", AppendMessage([UrlPart(url)]))).wait()


async def test_binary() -> None:
    encoded = b"Content-Transfer-Encoding: base64\r\n\r\nYQBi\r\n"
    quoted = b"Content-Transfer-Encoding: quoted-printable\r\n\r\na=62"
    odd = b"Content-Transfer-Encoding: x-odd\r\n\r\na"
    async with quiet() as server:
        for message in (encoded, quoted, odd):
            server.deliver("joe", message)
        answer = await talk(
            server,
            LOGIN,
            SELECT,
            b"c UID FETCH 3 (BINARY[1] BINARY.SIZE[1] BINARY.PEEK[1]<1.1>)\r\n",
            b"d UID FETCH 4 BINARY.PEEK[1]\r\n",
            b"e UID FETCH 5 BINARY.PEEK[1]\r\n",
        )
        assert b"BINARY[1] ~{3}\r\na\0b BINARY.SIZE[1] 3 BINARY[1]<1> ~{1}\r\n\0" in answer
        assert b"BINARY[1] {2}\r\nab" in answer
        assert b"e NO [UNKNOWN-CTE]" in answer


async def test_unauthenticate_ends_compression() -> None:
    async with serve({"joe": "secret", "ann": "other"}, tls="insecure", host=None) as server:
        async with aimap.connect(
            "x",
            tls="insecure",
            stream=server.connect(),
            auth=aimap.Password("joe", "secret"),
            compress=True,
        ) as imap:
            await imap.enable("CONDSTORE")
            await imap.submit(commands.Unauthenticate()).wait()
            await imap.submit(commands.Login("ann", "other")).wait()
            assert imap.enabled == set()
            assert server.commands[:2] == ["AUTHENTICATE", "COMPRESS"]
            await imap.create("Hers")
        assert "Hers" in server.accounts["ann"].mailboxes
