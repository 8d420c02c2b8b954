"""Quirks that the client answers to: each a test of the row's name, with its octets."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import FLAGS, FROM, BadError, NoError
from aimap.testing import Drop, serve

from .support import JOE, PlayedServer, played


async def answered(server: PlayedServer, *turns: tuple[bytes, bytes]) -> None:
    """Hear what is expected, and say what the server says to it, turn by turn."""
    for heard, said in turns:
        assert await server.hears() == heard
        await server.says(said)


SELECTED = (b"A1 SELECT INBOX", b"* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")
EXTENDED = b"* PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] hi\r\n"


async def test_list_extended_silent(autojump_clock: Any) -> None:
    async with played(greeting=EXTENDED) as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(
            answered,
            server,
            (b'A1 LIST "" "INBOX" RETURN (CHILDREN SPECIAL-USE)', b"A1 OK done\r\n"),
            (b'A2 LIST "" "INBOX"', b'* LIST () "/" INBOX\r\nA2 OK done\r\n'),
        )
        assert [mailbox.name for mailbox in await imap.list("INBOX")] == ["INBOX"]


async def test_list_special_use_bad(autojump_clock: Any) -> None:
    async with played(greeting=EXTENDED) as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(
            answered,
            server,
            (b'A1 LIST "" "*" RETURN (CHILDREN SPECIAL-USE)', b"A1 BAD what?\r\n"),
            (b'A2 LIST "" "*"', b'* LIST () "/" INBOX\r\nA2 OK done\r\n'),
        )
        assert [mailbox.name for mailbox in await imap.list()] == ["INBOX"]


async def test_lsub_bad_rev2(autojump_clock: Any) -> None:
    """A server of IMAP4rev2, which has no LSUB, is not asked by it."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2] hi\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(
            answered,
            server,
            (
                b'A1 LIST (SUBSCRIBED) "" "*"',
                b'* LIST (\\Subscribed) "/" INBOX\r\nA1 OK done\r\n',
            ),
        )
        assert [mailbox.name for mailbox in await imap.list(subscribed=True)] == ["INBOX"]


@pytest.mark.parametrize("answer", [b"NO [BADCHARSET (US-ASCII)] x", b"BAD x"])
async def test_search_charset_refused(answer: bytes, autojump_clock: Any) -> None:
    """ASCII is searched for without CHARSET; what needs one, and is refused, raises."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:

        async def serve_it() -> None:
            await answered(
                server,
                SELECTED,
                (b'A2 UID SEARCH FROM "joe"', b"* SEARCH 1\r\nA2 OK done\r\n"),
            )
            assert (await server.hears()).startswith(b"A3 UID SEARCH CHARSET UTF-8 FROM {3+}")
            assert await server.hears() == "jö".encode()
            await server.says(b"A3 " + answer + b"\r\n")

        nursery.start_soon(serve_it)
        async with imap.select("INBOX") as inbox:
            assert list(await inbox.search(FROM("joe"))) == [1]
            with pytest.raises((NoError, BadError), match="UID SEARCH failed"):
                await inbox.search(FROM("jö"))


async def test_fetch_one_bad_message(autojump_clock: Any) -> None:
    """The others are given out; what the server said of that one names it."""
    refused = b"NO [UNAVAILABLE] UID FETCH Server error while fetching messages\r\n"
    async with played() as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(
            answered,
            server,
            SELECTED,
            (b"A2 UID FETCH 1:3 FLAGS", b"* 1 FETCH (UID 1 FLAGS ())\r\nA2 " + refused),
            (b"A3 UID FETCH 2 FLAGS", b"A3 " + refused),
            (b"A4 UID FETCH 3 FLAGS", b"* 3 FETCH (UID 3 FLAGS ())\r\nA4 OK done\r\n"),
        )
        async with imap.select("INBOX") as inbox:
            async with inbox.fetch("1:3", FLAGS) as messages:
                assert [message.uid async for message in messages] == [1, 3]
            assert messages.missing == aimap.UIDSet(2)
            error = messages.refused[aimap.UID(2)]
            assert str(error).startswith("UID FETCH 2 failed: [UNAVAILABLE] UID FETCH Server error")


async def test_id_before_auth_refused(autojump_clock: Any) -> None:
    """ID goes out behind the login, also to whom it matters most."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            answered,
            server,
            (b"A1 LOGIN joe secret", b"A1 OK [CAPABILITY IMAP4rev1 ID] welcome\r\n"),
            (b'A2 ID ("name" "aimap")', b'* ID ("name" "Coremail")\r\nA2 OK done\r\n'),
            (b"A3 LOGOUT", b"* BYE x\r\nA3 OK x\r\n"),
        )
        await server.says(b"* OK [CAPABILITY IMAP4rev1 ID] Coremail ready\r\n")
        async with aimap.connect("x", tls="insecure", stream=ours, auth=JOE):
            pass


async def test_idle_silent_death(autojump_clock: Any) -> None:
    """Nothing comes, ever: renewing IDLE finds it out."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n"
    timeouts = aimap.Timeouts(idle_renewal=100, idle_probe=20)
    async with played(greeting=greeting, timeouts=timeouts) as (imap, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                answered,
                server,
                SELECTED,
                (b"A2 UID SEARCH ALL", b"* SEARCH 1 2 3\r\nA2 OK x\r\n"),
                (b"A3 IDLE", b"+ idling\r\n"),
            )
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                begin = trio.current_time()
                with pytest.raises(aimap.ConnectionLostError, match="no progress for 20 seconds"):
                    await events.__anext__()
                assert trio.current_time() - begin == pytest.approx(120, abs=1)


@pytest.mark.parametrize("asked", [False, True])
async def test_eof_no_close_notify(asked: bool, autojump_clock: Any) -> None:
    """The end of TCP without TLS's own is a loss, unless LOGOUT was asked for."""
    after = b"* BYE" if asked else b"* STATUS"
    async with serve({"joe": "secret"}, host=None, faults=[Drop(after=after)]) as server:
        async with aimap.connect(
            "localhost", stream=server.connect(), ssl_context=server.client_ssl_context, auth=JOE
        ) as imap:
            if not asked:
                with pytest.raises(aimap.ConnectionLostError):
                    await imap.status("INBOX")


NAMES = [
    name.removeprefix("test_").replace("_", "-")
    for name in list(globals())
    if name.startswith("test_")
]
