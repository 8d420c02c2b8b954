"""Changes of messages: what is sent, what comes of it, and what is done where a server lacks it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import CapabilityError, CopyUIDCode, Flag, InvalidArgumentError, UIDSet, UIDValidity
from aimap._model.copied import is_credible
from aimap._model.flag import COLOR_BITS
from aimap.commands import SAVED, ConvertItem
from aimap.items import X_GM_LABELS
from aimap.testing import CAPABILITIES

from .support import Conversation, connected, selected


async def test_unchanged_since_tells_what_was_left_alone(autojump_clock: Any) -> None:
    async with connected(messages=3) as (imap, server):
        async with imap.select("INBOX", condstore=True) as inbox:
            known = inbox.highest_modseq
            assert known is not None
            box = server.mailbox("joe")
            box.set_flags(box.messages[1], {Flag.ANSWERED})
            left = await inbox.add_flags("1:3", Flag.FLAGGED, unchanged_since=known)
            assert left == UIDSet(2)
            assert [Flag.FLAGGED in message.flags for message in box.messages] == [
                True,
                False,
                True,
            ]
            assert await inbox.add_flags(2, Flag.FLAGGED) == UIDSet()
            assert await inbox.remove_flags("1:3", Flag.FLAGGED, unchanged_since=known) == UIDSet(
                "1:3"
            )


async def test_unchanged_since_in_several_steps() -> None:
    conversation: Conversation = [
        (
            b"UID STORE 1:2 (UNCHANGEDSINCE 5) FLAGS.SILENT ()",
            b"* 2 FETCH (UID 2 MODSEQ (9))\r\n%s OK [MODIFIED 1] one",
        ),
        (b"UID STORE 3 (UNCHANGEDSINCE 5) FLAGS.SILENT ()", b"%s OK [MODIFIED 3] none"),
    ]
    async with selected("CONDSTORE MESSAGELIMIT=2", conversation) as inbox:
        assert await inbox.set_flags("1:3", unchanged_since=5) == UIDSet("1,3")


@pytest.mark.parametrize("since", [None, 5])
async def test_a_store_that_is_refused_since_a_message_is_gone(since: int | None) -> None:
    word = b"" if since is None else b"(UNCHANGEDSINCE 5) "
    conversation: Conversation = [
        (b"UID STORE 1:3 %b+FLAGS.SILENT (X)" % word, b"%s NO [EXPUNGEISSUED] some are gone"),
    ]
    if since is None:
        conversation += [
            (b"UID SEARCH UID 1:3", b"* SEARCH 1 2\r\n%s OK there"),
            (b"UID STORE 1:2 +FLAGS.SILENT (X)", b"%s OK stored"),
        ]
    async with selected("CONDSTORE", conversation) as inbox:
        if since is None:
            await inbox.add_flags("1:3", "X")
        else:
            # What it has stored would be taken for what somebody else changed.
            with pytest.raises(aimap.NoError, match="EXPUNGEISSUED"):
                await inbox.add_flags("1:3", "X", unchanged_since=since)


async def test_labels() -> None:
    conversation: Conversation = [
        (b'UID STORE 1:2 +X-GM-LABELS.SILENT ("two words" \\Starred)', b"%s OK done"),
        (b"UID STORE 1 -X-GM-LABELS.SILENT (\\Inbox)", b"%s OK done"),
        (b"UID STORE 2 X-GM-LABELS.SILENT ()", b"%s OK done"),
        (
            b"UID FETCH 1 X-GM-LABELS",
            b'* 1 FETCH (UID 1 X-GM-LABELS ("two words" \\Starred))\r\n%s OK done',
        ),
    ]
    async with selected("X-GM-EXT-1", conversation) as inbox:
        await inbox.add_labels("1:2", "two words", "\\Starred")
        await inbox.remove_labels(1, "\\Inbox")
        await inbox.set_labels(2)
        (message,) = await inbox.fetch_all(1, X_GM_LABELS)
        assert message.gmail_labels == ("two words", "\\Starred")


async def test_annotations() -> None:
    # RFC 5257 section 4.5
    conversation: Conversation = [
        (
            b'UID STORE 1 ANNOTATION (/comment (value.priv "My new comment"))',
            b"%s OK done",
        ),
    ]
    async with selected("ANNOTATE-EXPERIMENT-1", conversation) as inbox:
        comment = {"/comment": {"value.priv": "My new comment"}}
        assert await inbox.store_annotations(1, comment) == UIDSet()


async def test_what_is_not_offered_is_not_sent() -> None:
    async with selected("IDLE", []) as inbox:
        for act, capability in (
            (inbox.add_labels(1, "x"), "X-GM-EXT-1"),
            (inbox.remove_labels(1, "x"), "X-GM-EXT-1"),
            (inbox.set_labels(1), "X-GM-EXT-1"),
            (
                inbox.store_annotations(1, {"/comment": {"value.priv": "x"}}),
                "ANNOTATE-EXPERIMENT-1",
            ),
            (inbox.add_flags(1, "x", unchanged_since=1), "CONDSTORE"),
            (inbox.convert(1, "text/plain", ConvertItem.binary("1")), "CONVERT"),
            (inbox.replace(1, b"x"), "UIDPLUS"),
            (inbox.move(1, "Sent"), "UIDPLUS"),
            (inbox.copy(SAVED, "Sent"), "SEARCHRES"),
            (inbox.fetch_all(1, aimap.items.MODSEQ), "CONDSTORE"),
            (inbox.fetch_all(1, aimap.items.PREVIEW), "PREVIEW"),
            (inbox.fetch_all(1, aimap.items.BINARY_SIZE("1")), "BINARY"),
            (inbox.fetch_all(1, aimap.items.BINARY_PEEK("1")), "BINARY"),
            (inbox.fetch_all(1, aimap.items.SAVEDATE), "SAVEDATE"),
            (inbox.fetch_all(1, aimap.items.THREADID), "OBJECTID"),
            (inbox.fetch_all(1, aimap.items.X_GM_MSGID), "X-GM-EXT-1"),
            (inbox.fetch_all(1, aimap.items.ANNOTATION("/comment", "value")), "ANNOTATE"),
            (inbox.fetch_all(1, aimap.FLAGS, changed_since=1), "CONDSTORE"),
        ):
            with pytest.raises(CapabilityError, match=capability):
                await act


async def test_colors(autojump_clock: Any) -> None:
    async with connected(messages=2) as (imap, _), imap.select("INBOX") as inbox:
        for color in (*aimap.FlagColor, "green", "red", None):
            await inbox.set_color("1:2", color)
            (first, second) = await inbox.fetch_all("1:2", aimap.FLAGS)
            assert first.flags.color == second.flags.color == color
        assert not first.flags
        with pytest.raises(InvalidArgumentError, match="not 'pink'"):
            await inbox.set_color(1, "pink")
        await inbox.add_flags(1, *COLOR_BITS, Flag.FLAGGED)
        assert (await inbox.fetch_all(1, aimap.FLAGS))[0].flags.color is None


async def test_delete(autojump_clock: Any) -> None:
    async with connected(messages=5) as (imap, server), imap.select("INBOX") as inbox:
        await inbox.add_flags(5, Flag.DELETED)
        await inbox.delete("1:2")
        assert [message.uid for message in server.mailbox("joe").messages] == [3, 4, 5]
        await inbox.esearch(aimap.IN("3:4"), ["SAVE"])
        await inbox.delete(SAVED)
        assert [message.uid for message in server.mailbox("joe").messages] == [5]


async def test_delete_without_uidplus_marks_nothing_it_cannot_remove() -> None:
    offered = CAPABILITIES - {"UIDPLUS"}
    async with connected(messages=3, capabilities=offered) as (imap, server):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags(3, Flag.DELETED)
            with pytest.raises(CapabilityError, match="other messages are marked"):
                await inbox.delete(1)
            assert not server.mailbox("joe").messages[0].flags
            await inbox.delete("1,3")
            assert [message.uid for message in server.mailbox("joe").messages] == [2]


@pytest.mark.parametrize(
    "end", [b"%s OK [MESSAGELIMIT 2 2] not all", b"* 2 EXPUNGE\r\n%s OK [MESSAGELIMIT 1] not all"]
)
async def test_expunge_goes_on_until_all_is_gone(end: bytes) -> None:
    conversation: Conversation = [
        (b"EXPUNGE", b"* 3 EXPUNGE\r\n" + end),
        (b"EXPUNGE", b"* 1 EXPUNGE\r\n%s OK done"),
    ]
    async with selected("UIDPLUS MESSAGELIMIT=2", conversation) as inbox:
        await inbox.expunge()


async def test_expunge_that_gets_nowhere() -> None:
    conversation: Conversation = [(b"EXPUNGE", b"%s OK [MESSAGELIMIT 2] none")]
    async with selected("UIDPLUS", conversation) as inbox:
        with pytest.raises(aimap.NoError, match="did not go on"):
            await inbox.expunge()


@pytest.mark.parametrize("without", [set(), {"REPLACE"}])
async def test_replace(autojump_clock: Any, without: set[str]) -> None:
    draft = EmailMessage()
    draft["Subject"] = "second"
    draft.set_content("hi")
    async with connected(messages=3, capabilities=CAPABILITIES - without) as (imap, server):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags(1, Flag.DELETED)
            new = await inbox.replace(2, draft, flags=[Flag.DRAFT])
            assert new is not None
            assert new.uids == UIDSet(4)
            messages = server.mailbox("joe").messages
            assert [message.uid for message in messages] == [1, 3, 4]
            assert messages[2].flags == {Flag.DRAFT}
            assert messages[2].octets.startswith(b"Subject: second\r\n")
            moved = await inbox.replace(3, b"Subject: x\r\n\r\n", name="Sent")
            assert moved is not None
            assert moved.uid_validity == server.mailbox("joe", "Sent").uid_validity
            assert server.commands.count("APPEND") == (2 if without else 0)


async def test_nothing_is_appended_for_a_message_that_is_not_there(autojump_clock: Any) -> None:
    async with connected(messages=1, capabilities=CAPABILITIES - {"REPLACE"}) as (imap, server):
        async with imap.select("INBOX") as inbox:
            with pytest.raises(InvalidArgumentError, match="no message 7"):
                await inbox.replace(7, b"x: y\r\n\r\n")
            assert len(server.mailbox("joe").messages) == 1


async def test_convert() -> None:
    # RFC 5259 section 6.1
    conversation: Conversation = [
        (
            b'UID CONVERT 2 ("text/plain" ("charset" "utf-8")) BINARY[1]',
            b'* 2 CONVERTED (TAG "%s") (UID 2 BINARY[1] "hi")\r\n%s OK done',
        ),
    ]
    async with selected("CONVERT BINARY", conversation) as inbox:
        (made,) = await inbox.convert(
            2, "text/plain", ConvertItem.binary("1"), parameters={"charset": "utf-8"}
        )
        assert made.items["BINARY[1]"] == b"hi"


def code(source: list[tuple[int, int]], destination: list[tuple[int, int]]) -> CopyUIDCode:
    return CopyUIDCode(
        "COPYUID", uid_validity=UIDValidity(1), source=tuple(source), destination=tuple(destination)
    )


@st.composite
def copied(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[tuple[int, int]], dict[int, int]]:
    """Ranges as servers send them, cut anywhere, in any order of their ends; and what they mean."""
    numbers = draw(st.lists(st.integers(1, 60), min_size=1, unique=True))
    numbers.sort()
    new = [100 + number for number in draw(st.permutations(numbers))]

    def ranges(values: list[int]) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for value in values:
            if found and found[-1][1] == value - 1 and draw(st.booleans()):
                found[-1] = (found[-1][0], value)
            else:
                found.append((value, value))
        return [(b, a) if draw(st.booleans()) else (a, b) for a, b in found]

    return ranges(numbers), ranges(new), dict(zip(numbers, new, strict=True))


@given(copied())
def test_new_uids_by_old_ones(
    made: tuple[list[tuple[int, int]], list[tuple[int, int]], dict[int, int]],
) -> None:
    source, destination, expected = made
    told = code(source, destination)
    assert is_credible(told, UIDSet(expected))
    result = aimap.CopyResult([told], untold=UIDSet(), missing=UIDSet())
    assert dict(result) == expected
    assert len(result) == len(expected)
    assert result.old_uids == set(expected)
    assert result.new_uids == set(expected.values())
    assert 1000 not in result
    assert 0 not in result


def test_copies_of_everything_cost_nothing() -> None:
    told = code([(1, 4294967294)], [(2, 4294967295)])
    result = aimap.CopyResult([told], untold=UIDSet(), missing=UIDSet())
    assert result[4294967294] == 4294967295
    assert len(result) == 4294967294


@pytest.mark.parametrize(
    "lie",
    [
        code([(1, 3)], [(1, 2)]),
        code([(1, 4)], [(1, 4)]),
        code([(1, 2), (2, 2)], [(1, 3)]),
        code([(1, 2)], [(1, 1), (1, 1)]),
    ],
)
def test_what_cannot_be_true_is_no_mapping(lie: CopyUIDCode) -> None:
    assert not is_credible(lie, UIDSet("1:3"))


async def test_a_saved_result_is_expunged(autojump_clock: Any) -> None:
    async with connected(messages=4) as (imap, server), imap.select("INBOX") as inbox:
        await inbox.add_flags("1:3", Flag.DELETED)
        await inbox.esearch(aimap.IN("2:3"), ["SAVE"])
        await inbox.expunge(SAVED)
        assert [message.uid for message in server.mailbox("joe").messages] == [1, 4]
    without = CAPABILITIES - {"UIDPLUS"}
    async with connected(messages=4, capabilities=without) as (imap, server):
        async with imap.select("INBOX") as inbox:
            await inbox.esearch(aimap.IN("2:3"), ["SAVE"])
            with pytest.raises(CapabilityError, match="UIDPLUS"):
                await inbox.expunge(SAVED)
            await inbox.delete(SAVED)
            assert [message.uid for message in server.mailbox("joe").messages] == [1, 4]


def test_a_result_shows_itself() -> None:
    told = code([(1, 2)], [(5, 6)])
    result = aimap.CopyResult([told], untold=UIDSet(), missing=UIDSet(9))
    assert repr(result) == "<aimap.CopyResult 1:2->5:6, untold , missing 9>"
    assert list(result) == [1, 2]
    assert not aimap.CopyResult([], untold=UIDSet(), missing=UIDSet(9))


async def test_a_mailbox_is_deleted_as_soon_as_it_was_left(autojump_clock: Any) -> None:
    async with connected(latency=0.05) as (imap, server):
        await imap.create("box")
        async with imap.select("box"):
            pass
        await imap.delete("box")
        assert server.accounts["joe"].mailbox("box") is None


@pytest.mark.parametrize(
    ("told", "allowed", "permanent"),
    [
        (rb"* OK [PERMANENTFLAGS (\Seen done \*)] more" + b"\r\n", True, {"\\Seen", "done"}),
        (rb"* OK [PERMANENTFLAGS (\Seen done)] no more" + b"\r\n", False, {"\\Seen", "done"}),
        (rb"* FLAGS (\Seen \Draft)" + b"\r\n", True, {"\\Seen", "\\Draft"}),
    ],
)
async def test_whether_keywords_are_kept(told: bytes, allowed: bool, permanent: set[str]) -> None:
    async with selected("", [], selecting=told) as inbox:
        assert inbox.keywords_allowed is allowed
        assert inbox.permanent_flags == permanent
