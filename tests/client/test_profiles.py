"""What is peculiar about servers: recognised, respected, and overridable."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import trio

import aimap
from aimap import PROFILES, Capabilities, CapabilityError, InvalidArgumentError, Profile, Timeouts
from aimap._client.profiles import choose_profile

from .support import JOE, played

BY_NAME = {profile.name.split()[0].rstrip(","): profile for profile in PROFILES}

GREETINGS = {
    "* OK Coremail System IMap Server Ready(163com[10774b260cc7a37d26d71b52404dcf5c])": "Coremail",
    "* OK [CAPABILITY IMAP4REV1 LOGIN-REFERRALS] imap IMAP4rev1 2007e.404 at x": "UW",
    "* OK Gimap ready for requests from 192.0.2.1 a15mb1": "Gmail",
    "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 ready.": "Exchange",
    "* OK [CAPABILITY IMAP4rev1 IDLE NAMESPACE] Twisted IMAP4rev1 Ready": "Twisted",
    "* OK [CAPABILITY IMAP4rev1 XYMHIGHESTMODSEQ] IMAP4rev1 imapgate": "Yahoo",
    "* OK Dovecot ready.": "any",
    "* OK Twisting by the pool": "any",
}


@pytest.mark.parametrize(("greeting", "name"), GREETINGS.items())
async def test_recognised_by_greeting_or_capability(greeting: str, name: str) -> None:
    opened = greeting.replace("* OK", "* PREAUTH")
    if "CAPABILITY" not in opened:
        opened = opened.replace("PREAUTH", "PREAUTH [CAPABILITY IMAP4rev1]")
    async with played(greeting=opened.encode() + b"\r\n") as (imap, _):
        assert imap.profile == BY_NAME.get(name, Profile())


def test_recognised_by_id() -> None:
    nothing = Capabilities()
    assert choose_profile("hello", nothing, {"name": "GImap"}).name == "Gmail"
    assert choose_profile("hello", nothing, {"name": None}) == Profile()
    assert choose_profile("hello", nothing, {"vendor": "coremail"}) == Profile()


async def test_id_answered_later_counts() -> None:
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 ID] hello\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(imap.id)
        assert await server.hears() == b"A1 ID NIL"
        await server.says(b'* ID ("name" "Coremail")\r\nA1 OK x\r\n')
        await trio.testing.wait_all_tasks_blocked()
        assert imap.profile is BY_NAME["Coremail"]


async def test_yours_is_taken() -> None:
    mine = Profile(name="mine", max_line=500, pipeline_depth=2)
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 X-GM-EXT-1 ID] Gimap ready\r\n"
    async with played(greeting=greeting, profile=mine) as (imap, server):
        assert imap.profile is mine
        async with trio.open_nursery() as nursery:
            nursery.start_soon(imap.id)
            await server.hears()
            await server.says(b'* ID ("name" "GImap")\r\nA1 OK x\r\n')
        assert imap.profile is mine
        with pytest.raises(InvalidArgumentError, match="over 500 octets"):
            await imap.append("INBOX", b"x", flags=[f"keyword{n}" for n in range(100)])


def test_every_row_has_evidence() -> None:
    assert all(profile.evidence for profile in PROFILES)
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)


def test_values_that_make_no_sense() -> None:
    with pytest.raises(InvalidArgumentError, match=r"Profile\.max_line is above 0, not 0"):
        Profile(max_line=0)
    with pytest.raises(InvalidArgumentError, match=r"Profile\.idle_renewal is above 0, not -1"):
        Profile(idle_renewal=-1)


async def test_one_command_at_a_time_where_no_more_is_borne(autojump_clock: Any) -> None:
    """The quirk pipelining-broken."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1] Twisted IMAP4rev1 Ready\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(imap.noop)
        for number in (1, 2, 3):
            assert await server.hears() == b"A%d NOOP" % number
            await server.nothing_more()
            await server.says(b"A%d OK x\r\n" % number)


async def test_long_sets_are_split_where_lines_are_short() -> None:
    """The quirk command-too-long."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 XYMHIGHESTMODSEQ] hello\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:

        async def store() -> None:
            async with imap.select("INBOX") as inbox:
                await inbox.add_flags(range(1, 4000, 2), "\\Seen")

        nursery.start_soon(store)
        await server.hears()
        await server.says(b"* 4000 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK x\r\n")
        seen = aimap.UIDSet()
        number = 1
        while len(seen) < 2000:
            number += 1
            line = await server.hears()
            assert len(line) <= 1000
            seen |= aimap.UIDSet(line.split()[3].decode())
            await server.says(b"A%d OK x\r\n" % number)
        assert number > 9


async def test_namespace_is_not_asked_of_whom_it_kills() -> None:
    """The quirk namespace-drops."""
    greeting = (
        b"* PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE] "
        b"Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1\r\n"
    )
    async with played(greeting=greeting) as (imap, server):
        with pytest.raises(CapabilityError, match="Exchange 2003 ends the connection at it"):
            await imap.namespace()
        await server.nothing_more()


async def test_id_before_the_first_mailbox_and_no_initial_response(autojump_clock: Any) -> None:
    """The quirk unsafe-login; SASL-IR that is offered and refused."""
    ours, theirs = trio.testing.memory_stream_pair()
    from .support import PlayedServer

    server = PlayedServer(theirs)
    tag = b"A%d "

    async def serve() -> None:
        await server.says(
            b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN ID] Coremail System IMap Server Ready\r\n"
        )
        assert await server.hears() == tag % 1 + b"AUTHENTICATE PLAIN"
        await server.says(b"+ \r\n")
        assert base64.b64decode(await server.hears()) == b"\0joe\0secret"
        await server.says(b"A1 OK [CAPABILITY IMAP4rev1 ID] welcome\r\n")
        assert await server.hears() == b'A2 ID ("name" "aimap")'
        await server.says(b"A2 NO not today\r\n")
        assert await server.hears() == b"A3 LOGOUT"
        await server.says(b"* BYE x\r\nA3 OK x\r\n")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        async with aimap.connect("x", tls="insecure", stream=ours, auth=JOE):
            pass


async def test_idle_is_renewed_before_it_dies(autojump_clock: Any) -> None:
    """The quirk idle-short-life."""
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE X-GM-EXT-1] Gimap ready\r\n"
    timeouts = Timeouts(idle_renewal=1500)
    async with played(greeting=greeting, timeouts=timeouts) as (imap, server):

        async def watch() -> None:
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                await events.__anext__()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            await server.hears()
            await server.says(b"* 0 EXISTS\r\nA1 OK x\r\n")
            await server.hears()
            await server.says(b"* SEARCH\r\nA2 OK x\r\n")
            assert await server.hears() == b"A3 IDLE"
            await server.says(b"+ idling\r\n")
            begin = trio.current_time()
            assert await server.hears() == b"DONE"
            assert trio.current_time() - begin == pytest.approx(540)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("works", "asked"), [(True, b"A1 COMPRESS DEFLATE"), (False, b"A1 NOOP")])
async def test_compress_where_it_works(works: bool, asked: bytes) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    from .support import PlayedServer

    server = PlayedServer(theirs)
    await server.says(b"* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
    profile = Profile(compress=works)

    async def talk() -> None:
        options: dict[str, Any] = {"tls": "insecure", "stream": ours, "profile": profile}
        async with aimap.connect("x", compress=True, **options) as imap:
            await imap.noop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        assert await server.hears() == asked
        nursery.cancel_scope.cancel()
