"""aimap copes with servers that have ways of their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

import aimap
from aimap import InvalidArgumentError, criteria
from aimap.items import BODY_PEEK, BODYSTRUCTURE, ENVELOPE, FLAGS, X_GM_LABELS
from aimap.testing import CAPABILITIES, PRESETS, Server, sample_messages, serve
from tests.account.support import opened

from .test_obligations import talk
from .wrong_lines import LOGIN

JOE = aimap.Password("joe", "secret")
ATTACHED = (
    b"Subject: with a file\r\nTo: a@x, b@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
)


@asynccontextmanager
async def server_like(preset: str, **options: Any) -> AsyncGenerator[Server]:
    async with serve(
        {"joe": "secret"}, preset=preset, tls="insecure", host=None, **options
    ) as server:
        for message in sample_messages(5):
            server.deliver("joe", message)
        server.deliver("joe", ATTACHED)
        yield server


def connect(server: Server) -> Any:
    return aimap.connect("x", tls="insecure", stream=server.connect(), auth=JOE)


async def _daily(server: Server) -> dict[str, object]:
    """Do what every client does; return what came of it."""
    found: dict[str, object] = {}
    async with connect(server) as imap:
        names = sorted(info.name for info in await imap.list())
        assert "INBOX" in names
        assert sorted(server.accounts["joe"].mailboxes) == names
        found["messages"] = (await imap.status("INBOX")).messages
        async with imap.select("INBOX") as inbox:
            await imap.noop()
            items = (ENVELOPE, BODYSTRUCTURE, FLAGS)
            found["fetched"] = [
                (m.uid, m.envelope, len(list(m.body_structure.walk())))
                for m in await inbox.fetch_all("1:*", *items)
            ]
            sections = await inbox.fetch_all(6, BODY_PEEK("1"), BODY_PEEK("2"))
            found["sections"] = [(m.body("1"), m.body("2")) for m in sections]
            found["searched"] = list(await inbox.search(criteria.SUBJECT("with a file")))
            if server.preset is not PRESETS["yahoo"]:
                found["not ASCII"] = list(await inbox.search(criteria.SUBJECT("Köln")))
            await inbox.add_flags("1:2", aimap.Flag.SEEN)
            copied = await inbox.copy("1:3", names[-1])
            found["copied"] = dict(copied)
            try:
                found["moved"] = dict(await inbox.move("1:2", names[-1]))
            except aimap.CapabilityError:
                # Neither MOVE nor UIDPLUS: there is no safe way, and nothing was done.
                assert server.preset is PRESETS["rev1"]
                await inbox.add_flags("1:2", aimap.Flag.DELETED)
                await inbox.expunge()
            found["left"] = list(await inbox.search(aimap.ALL))
    return found


async def _expected() -> dict[str, object]:
    async with serve({"joe": "secret"}, tls="insecure", host=None) as server:
        for message in sample_messages(5):
            server.deliver("joe", message)
        server.deliver("joe", ATTACHED)
        return await _daily(server)


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"microsoft365"}))
async def test_daily_work(preset: str, autojump_clock: Any) -> None:
    async with server_like(preset) as server:
        found = await _daily(server)
    expected = await _expected()
    for name in found.keys() - {"copied", "moved"}:
        assert found[name] == expected[name], name
    if preset not in ("rev1", "no-uidplus"):
        assert (found["copied"], found["moved"]) == (expected["copied"], expected["moved"])


async def test_microsoft_365_throttles(autojump_clock: Any) -> None:
    async with opened(messages=3, preset="microsoft365") as (account, server, _):
        server.deliver("joe", ATTACHED)
        for _ in range(4):
            assert (await account.status("INBOX")).messages == 4
        # The fifth one is throttled, and is asked again when the server says.
        begun = trio.current_time()
        assert (await account.status("INBOX")).messages == 4
        assert 2 <= trio.current_time() - begun < 5
        assert account.statistics().losses == 0
        (message,) = await account.fetch_all("INBOX", 4, BODYSTRUCTURE, ENVELOPE)
        assert [str(address) for address in message.envelope.to] == ["a@x", "b@x"]
        assert [leaf.encoding.lower() for leaf in message.body_structure.parts] == [
            "7bit",
            "base64",
        ]
        async with account.select("INBOX") as inbox:
            assert dict(await inbox.move(4, "Sent")) == {4: 1}


async def test_james_empties_sections() -> None:
    async with server_like("james") as server, connect(server) as imap:
        async with imap.select("INBOX") as inbox:
            sections = [BODY_PEEK(section) for section in ("1", "1.MIME", "2", "2.MIME")]
            (message,) = await inbox.fetch_all(6, *sections)
            assert (message.body("1"), message.body("2")) == (b"hello", b"aGVsbG8=")
            assert b"image/png" in message.body("2.MIME")
            assert (message.uid, len(message.keys())) == (6, 5)


async def test_gmail_ends_idle(autojump_clock: Any) -> None:
    async with server_like("gmail") as server:
        async with connect(server) as imap, imap.select("INBOX") as inbox:
            assert imap.profile.name == "Gmail"
            async with inbox.watch() as events:
                # It is renewed before the server has had enough of it.
                with trio.move_on_after(3600):
                    await anext(events)
                server.deliver("joe", ATTACHED)
                assert isinstance(await anext(events), aimap.Arrived)
            server.mailbox("joe").messages[0].labels.add("work")
            (message,) = await inbox.fetch_all(1, X_GM_LABELS)
            assert message.gmail_labels == ("work",)


@pytest.mark.exhaustive
async def test_yahoo_moves_by_the_thousand(autojump_clock: Any) -> None:
    async with server_like("yahoo") as server:
        for _ in range(2494):
            server.deliver("joe", b"\r\n")
        async with connect(server) as imap, imap.select("INBOX") as inbox:
            with pytest.raises(aimap.NoError, match="BADCHARSET"):
                await inbox.search(criteria.SUBJECT("Köln"))
            assert len(await inbox.search(aimap.ALL)) == 2500
            odd = aimap.UIDSet(range(1, 2501, 2))
            await inbox.add_flags(odd, aimap.Flag.FLAGGED)
            assert len(await inbox.search(criteria.FLAGGED)) == 1250
            moved = await inbox.move("1:*", "Archive")
            assert len(moved) == 2500
        assert len(server.mailbox("joe", "Archive").messages) == 2500
        assert server.mailbox("joe").messages == []


async def test_what_is_offered_goes_before() -> None:
    async with server_like("gmail", capabilities=CAPABILITIES) as server:
        answer = await talk(server, LOGIN)
        assert answer.startswith(b"* OK Gimap ready")
        assert b"MULTISEARCH" in answer
    async with server_like("yahoo") as server:
        assert b" XYMHIGHESTMODSEQ]" in await talk(server, LOGIN)


async def test_a_preset_misspelt() -> None:
    with pytest.raises(InvalidArgumentError, match="did you mean 'gmail'"):
        async with serve(preset="gmial"):
            pass
