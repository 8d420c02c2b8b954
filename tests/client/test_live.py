"""Searches whose results are kept current (RFC 5267), by the server or by the client."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

import aimap
from aimap import Flag, SearchChange, StateError, UIDSet
from aimap.testing import CAPABILITIES

from .support import Conversation, connected, selected

NONE = UIDSet()


OFFERED = {
    "all": CAPABILITIES,
    "NOTIFY": CAPABILITIES | {"NOTIFY"},
    "no CONTEXT": CAPABILITIES - {"CONTEXT=SEARCH"},
    "no IDLE": CAPABILITIES - {"CONTEXT=SEARCH", "IDLE"},
}


@pytest.mark.parametrize("offered", OFFERED)
async def test_changes(autojump_clock: Any, offered: str) -> None:
    async with connected(messages=4, capabilities=OFFERED[offered]) as (imap, server):
        box = server.mailbox("joe")
        box.set_flags(box.messages[0], {Flag.SEEN})
        async with imap.select("INBOX") as inbox:
            async with inbox.search_updates(aimap.UNSEEN) as unread:
                assert unread.results == UIDSet("2:4")
                box.set_flags(box.messages[1], {Flag.SEEN})
                assert await anext(unread) == SearchChange(added=NONE, removed=UIDSet(2))
                server.deliver("joe", b"Subject: new\r\n\r\n")
                assert await anext(unread) == SearchChange(added=UIDSet(5), removed=NONE)
                server.expunge("joe", [3])
                assert await anext(unread) == SearchChange(added=NONE, removed=UIDSet(3))
                # One of our own, while others use the connection
                await inbox.remove_flags(1, Flag.SEEN)
                assert await anext(unread) == SearchChange(added=UIDSet(1), removed=NONE)
                assert unread.results == UIDSet("1,4:5")
                # What does not concern it is not told.
                await inbox.add_flags(4, Flag.FLAGGED)
                with trio.move_on_after(5 * 60) as scope:
                    await anext(unread)
                assert scope.cancelled_caught
            assert await inbox.search(aimap.UNSEEN) == UIDSet("1,4:5")


async def test_two_beside_a_watch(autojump_clock: Any) -> None:
    async with connected(messages=2) as (imap, server), imap.select("INBOX") as inbox:
        async with (
            inbox.search_updates(aimap.UNSEEN) as unread,
            inbox.search_updates(aimap.FLAGGED) as flagged,
            inbox.watch() as events,
        ):
            box = server.mailbox("joe")
            box.set_flags(box.messages[0], {Flag.SEEN, Flag.FLAGGED})
            assert (await anext(unread)).removed == UIDSet(1)
            assert (await anext(flagged)).added == UIDSet(1)
            event = await anext(events)
            assert isinstance(event, aimap.FlagsChanged)


async def test_when_the_mailbox_is_left(autojump_clock: Any) -> None:
    async with connected(messages=2) as (imap, _):
        async with imap.select("INBOX") as inbox:
            updates = inbox.search_updates(aimap.UNSEEN)
            await updates.__aenter__()
        with pytest.raises(StateError, match="not selected"):
            await anext(updates)
        await updates.__aexit__(None, None, None)
        with pytest.raises(StateError):
            inbox.search_updates(aimap.UNSEEN)


SEARCHED = (
    b"UID SEARCH RETURN (UPDATE ALL) UNSEEN",
    b'* ESEARCH (TAG "%s") UID ALL 1:2\r\n%s OK searched',
)


async def test_a_server_that_ceases_to_tell() -> None:
    conversation: Conversation = [
        SEARCHED,
        (
            b"NOOP",
            b'* ESEARCH (TAG "A2") UID ADDTO (0 7) REMOVEFROM (0 1)\r\n'
            b'* ESEARCH (TAG "A9") UID ADDTO (0 8)\r\n%s OK',
        ),
        (b"NOOP", b'* NO [NOUPDATE "A9"] of no concern\r\n* NO [NOUPDATE "A2"] too many\r\n%s OK'),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b'* ESEARCH (TAG "%s") UID ALL 7:9\r\n%s OK'),
    ]
    async with selected("ESEARCH CONTEXT=SEARCH", conversation) as inbox:
        async with inbox.search_updates(aimap.UNSEEN) as unread:
            assert unread.results == UIDSet("1:2")
            await inbox._driver.call(aimap.commands.Noop())
            assert await anext(unread) == SearchChange(added=UIDSet(7), removed=UIDSet(1))
            await inbox._driver.call(aimap.commands.Noop())
            assert await anext(unread) == SearchChange(added=UIDSet("8:9"), removed=UIDSet(2))


async def test_a_server_that_does_not_begin() -> None:
    conversation: Conversation = [
        (SEARCHED[0], b"%s NO [NOUPDATE] none"),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b'* ESEARCH (TAG "%s") UID ALL 7\r\n%s OK'),
        (b"NOOP", b"* 4 EXISTS\r\n%s OK"),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b'* ESEARCH (TAG "%s") UID ALL 7:8\r\n%s OK'),
    ]
    async with selected("ESEARCH CONTEXT=SEARCH", conversation) as inbox:
        async with inbox.search_updates(aimap.UNSEEN) as unread:
            await inbox._driver.call(aimap.commands.Noop())
            assert (await anext(unread)).added == UIDSet(8)


@pytest.mark.parametrize(
    "first",
    [
        b"* ESEARCH UID ALL 7\r\n%s OK without a tag",
        b'* ESEARCH (TAG "%s") UID ALL 7\r\n%s OK [MESSAGELIMIT 1 7] in part',
    ],
)
async def test_a_server_that_cannot_be_followed(first: bytes) -> None:
    rest = (b"UID SEARCH RETURN (UPDATE ALL) UID 1:6 UNSEEN", b'* ESEARCH (TAG "%s") UID\r\n%s OK')
    cancel = (b'CANCELUPDATE "A2"', b"%s OK cancelled")
    conversation: Conversation = [
        (SEARCHED[0], first),
        *([rest, cancel] if b"LIMIT" in first else []),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b'* ESEARCH (TAG "%s") UID ALL 7\r\n%s OK'),
        (b"NOOP", b"* 4 EXISTS\r\n* OK [X-NEWS] of no concern\r\n%s OK"),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b"%s NO not now"),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b'* ESEARCH (TAG "%s") UID ALL 7:8\r\n%s OK'),
    ]
    async with selected("ESEARCH CONTEXT=SEARCH", conversation) as inbox:
        async with inbox.search_updates(aimap.UNSEEN) as unread:
            assert unread.results == UIDSet(7)
            await inbox._driver.call(aimap.commands.Noop())
            with pytest.raises(aimap.NoError):
                await anext(unread)
            # It is tried again.
            assert (await anext(unread)).added == UIDSet(8)


async def test_a_search_that_is_refused() -> None:
    conversation: Conversation = [
        (SEARCHED[0], b"%s NO none"),
        (b"UID SEARCH RETURN (ALL) UNSEEN", b"%s NO neither"),
    ]
    async with selected("ESEARCH CONTEXT=SEARCH", conversation) as inbox:
        with pytest.raises(aimap.NoError, match="neither"):
            await inbox.search_updates(aimap.UNSEEN).__aenter__()


async def test_nobody_looks_for_long(autojump_clock: Any) -> None:
    limits = aimap.Limits(max_events=10)
    async with connected(messages=40, limits=limits) as (imap, server):
        async with imap.select("INBOX") as inbox:
            async with inbox.search_updates(aimap.UNSEEN) as unread:
                box = server.mailbox("joe")
                for message in box.messages[:30]:
                    box.set_flags(message, {Flag.SEEN})
                    await imap.noop()
                changes = UIDSet()
                while len(changes) < 30:
                    changes |= (await anext(unread)).removed
                assert changes == UIDSet("1:30")


CRITERIA = (
    aimap.UNSEEN
    | (aimap.FLAGGED & aimap.SUBJECT("1"))
    | (~aimap.ANSWERED & aimap.IN("3:7"))
)  # fmt: skip
STEPS = st.tuples(
    st.sampled_from(["deliver", "expunge", "set", "store", "noop"]),
    st.integers(1, 12),
    st.sets(st.sampled_from([Flag.SEEN, Flag.FLAGGED, Flag.ANSWERED])),
)


@pytest.mark.parametrize("without", [set(), {"CONTEXT=SEARCH"}])
@settings(max_examples=30)
@given(steps=st.lists(STEPS, max_size=12))
async def test_whatever_happens(without: set[str], steps: list[tuple[str, int, set[Flag]]]) -> None:
    async with connected(messages=6, capabilities=CAPABILITIES - without) as (imap, server):
        box = server.mailbox("joe")
        async with imap.select("INBOX") as inbox:
            async with inbox.search_updates(CRITERIA) as live:
                for what, uid, flags in steps:
                    there = [message for message in box.messages if message.uid == uid]
                    if what == "deliver":
                        server.deliver("joe", b"Subject: %d\r\n\r\n" % uid, flags=flags)
                    elif what == "expunge" and there:
                        server.expunge("joe", [uid])
                    elif what == "set" and there:
                        box.set_flags(there[0], flags)
                    elif what == "store" and there:
                        await inbox.set_flags(uid, *flags)
                    else:
                        await imap.noop()
                await imap.noop()
                now = await inbox.search(CRITERIA)
                with trio.fail_after(5):
                    while live.results != now:
                        change = await anext(live)
                        assert change.added | change.removed
                        assert change.added <= live.results
                        assert not change.removed & live.results
