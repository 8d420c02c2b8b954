"""Searches, sorted and threaded: what is sent, what comes of it, and what is done without it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest

import aimap
import aimap.testing
from aimap import (
    ALL,
    FLAGS,
    CapabilityError,
    Flag,
    InvalidArgumentError,
    Thread,
    UIDSet,
    criteria,
)
from aimap.commands import SAVED, Partial, SortKey, Update
from aimap.testing import CAPABILITIES

from .support import Conversation, connected, selected

SUBJECTS = ["b", "Re: a", "B", "a", "c"]


@pytest.mark.parametrize("without", [set(), {"PARTIAL"}, {"ESEARCH", "SEARCHRES", "PARTIAL"}])
async def test_what_a_search_returns(autojump_clock: Any, without: set[str]) -> None:
    async with connected(messages=9, capabilities=CAPABILITIES - without) as (imap, _):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags("2:8", Flag.FLAGGED)
            found = await inbox.esearch(aimap.FLAGGED, ["MIN", "MAX", "COUNT", "ALL"])
            assert (found.min, found.max, found.count, found.all) == (2, 8, 7, UIDSet("2:8"))
            found = await inbox.esearch(aimap.FLAGGED, ["COUNT", Partial(-1, -3)])
            assert found.partial is not None
            assert UIDSet.from_ranges(found.partial.order) == UIDSet("6:8")
            assert (found.count, found.all) == (7, None)
            found = await inbox.esearch(aimap.FLAGGED, [Partial(6, 9)])
            assert found.partial is not None
            assert UIDSet.from_ranges(found.partial.order) == UIDSet("7:8")
            found = await inbox.esearch(aimap.ANSWERED, ["MIN", "COUNT", "ALL"])
            assert (found.min, found.count, found.all) == (None, 0, UIDSet())
            assert (await inbox.esearch(aimap.ANSWERED)).all == UIDSet()
            found = await inbox.esearch(aimap.ANSWERED, [Partial(1, 2)])
            assert found.partial is not None
            assert found.partial.order == ()


@pytest.mark.parametrize("without", [set(), {"ESEARCH", "SEARCHRES", "PARTIAL", "CONTEXT=SEARCH"}])
async def test_a_search_by_mod_sequence_tells_the_highest(
    autojump_clock: Any, without: set[str]
) -> None:
    async with connected(messages=9, capabilities=CAPABILITIES - without) as (imap, server):
        async with imap.select("INBOX", condstore=True) as inbox:
            changed = aimap.MODSEQ_SINCE(inbox.highest_modseq or 1)
            for uid in (7, 3, 5):
                await inbox.add_flags(uid, Flag.FLAGGED)
            highest = next(m.modseq for m in server.mailbox("joe").messages if m.uid == 5)
            ways: list[list[Literal["ALL", "COUNT", "MIN"]]] = [[], ["ALL"], ["COUNT", "MIN"]]
            for options in ways:
                found = await inbox.esearch(changed & aimap.FLAGGED, options)
                assert found.modseq == highest
            # Beside MIN alone it would be that of the lowest, which a plain SEARCH does not tell.
            found = await inbox.esearch(changed & aimap.FLAGGED, ["MIN"])
            assert (found.min, found.modseq) == (3, None if without else highest - 1)
            assert (await inbox.esearch(aimap.FLAGGED)).modseq is None


async def test_a_saved_result(autojump_clock: Any) -> None:
    async with connected(messages=6) as (imap, _), imap.select("INBOX") as inbox:
        await inbox.esearch(aimap.IN("2:5"), ["SAVE", "COUNT"])
        assert [message.uid for message in await inbox.fetch_all(SAVED, FLAGS)] == [2, 3, 4, 5]
        assert await inbox.search(aimap.IN(SAVED) & ~aimap.IN("2")) == UIDSet("3:5")
        await inbox.add_flags(SAVED, Flag.SEEN)
        assert await inbox.search(aimap.SEEN) == UIDSet("2:5")
        assert dict(await inbox.copy(SAVED, "Sent")) == {2: 1, 3: 2, 4: 3, 5: 4}
        assert dict(await inbox.move(SAVED, "Trash")) == {2: 1, 3: 2, 4: 3, 5: 4}
        assert await inbox.fetch_all(SAVED, FLAGS) == []


@pytest.mark.parametrize("window", [Partial(-1, -4), Partial(3, 5), Partial(20, 30)])
@pytest.mark.parametrize("without", [set(), {"PARTIAL"}, {"PARTIAL", "ESEARCH", "SEARCHRES"}])
async def test_a_window_of_messages(
    autojump_clock: Any, without: set[str], window: Partial
) -> None:
    async with connected(messages=10, capabilities=CAPABILITIES - without) as (imap, _):
        async with imap.select("INBOX") as inbox:
            expected = window.of(list(range(2, 11)))
            for uids in ("2:10", "2:*"):
                found = await inbox.fetch_all(uids, FLAGS, partial=window)
                assert [message.uid for message in found] == expected
                assert not found.missing


async def test_a_window_by_partial() -> None:
    # RFC 9394 section 3.3
    conversation: Conversation = [
        (
            b"UID FETCH 25900:26600 FLAGS (PARTIAL -1:-2)",
            b"* 9 FETCH (UID 26598 FLAGS ())\r\n* 8 FETCH (UID 26599 FLAGS ())\r\n%s OK two",
        ),
        # More than a command may be about
        (b"UID SEARCH UID 1:4", b"* SEARCH 1 2 4\r\n%s OK all"),
        (b"UID FETCH 1:2 FLAGS", b"* 1 FETCH (UID 1 FLAGS ())\r\n%s OK all"),
        (b"UID FETCH 4 FLAGS", b"* 3 FETCH (UID 4 FLAGS ())\r\n%s OK all"),
        (b"UID FETCH 2 FLAGS", b"%s OK gone"),
    ]
    async with selected("PARTIAL SEARCHRES MESSAGELIMIT=2", conversation, exists=9) as inbox:
        found = await inbox.fetch_all("25900:26600", FLAGS, partial=Partial(-1, -2))
        assert [message.uid for message in found] == [26598, 26599]
        assert not found.missing
        found = await inbox.fetch_all("1:4", FLAGS, partial=Partial(1, 4))
        assert [message.uid for message in found] == [1, 4]
        assert found.missing == UIDSet(2)


async def test_a_window_of_a_saved_result() -> None:
    answer = b'* ESEARCH (TAG "%s") UID ALL 3:5\r\n%s OK all'
    conversation: Conversation = [
        (b"UID SEARCH RETURN (SAVE) ALL", b"%s OK saved"),
        (b"UID FETCH $ FLAGS (PARTIAL 1:1)", b"* 9 FETCH (UID 3 FLAGS ())\r\n%s OK one"),
    ]
    async with selected("PARTIAL SEARCHRES ESEARCH", conversation, exists=9) as inbox:
        await inbox.esearch(ALL, ["SAVE"])
        found = await inbox.fetch_all(SAVED, FLAGS, partial=Partial(1, 1))
        assert [message.uid for message in found] == [3]
    conversation = [
        (b"UID SEARCH RETURN (SAVE) ALL", b"%s OK saved"),
        (b"UID SEARCH RETURN (ALL) $", answer),
        (
            b"UID FETCH 4:5 FLAGS",
            b"* 9 FETCH (UID 4 FLAGS ())\r\n* 10 FETCH (UID 5 FLAGS ())\r\n%s OK",
        ),
    ]
    async with selected("SEARCHRES ESEARCH", conversation, exists=9) as inbox:
        await inbox.esearch(ALL, ["SAVE"])
        found = await inbox.fetch_all(SAVED, FLAGS, partial=Partial(-1, -2))
        assert [message.uid for message in found] == [4, 5]


async def test_a_saved_result_where_there_is_a_limit() -> None:
    answer = b'* ESEARCH (TAG "%s") UID ALL 3:5\r\n%s OK all'
    conversation: Conversation = [
        (b"UID SEARCH RETURN (SAVE) ALL", b"%s OK saved"),
        (b"UID SEARCH RETURN (ALL) $", answer),
        (b"UID STORE 3:4 +FLAGS.SILENT (X)", b"%s OK stored"),
        (b"UID STORE 5 +FLAGS.SILENT (X)", b"%s OK stored"),
        (b"UID SEARCH RETURN (ALL) $", answer),
        (
            b"UID FETCH 3:4 FLAGS",
            b"* 3 FETCH (UID 3 FLAGS ())\r\n* 4 FETCH (UID 4 FLAGS ())\r\n%s OK",
        ),
        (b"UID FETCH 5 FLAGS", b"* 5 FETCH (UID 5 FLAGS ())\r\n%s OK"),
    ]
    async with selected("SEARCHRES ESEARCH MESSAGELIMIT=2", conversation, exists=9) as inbox:
        await inbox.esearch(ALL, ["SAVE"])
        await inbox.add_flags(SAVED, "X")
        assert len(await inbox.fetch_all(SAVED, FLAGS)) == 3


async def test_what_has_changed_since(autojump_clock: Any) -> None:
    async with connected(messages=6) as (imap, server):
        await imap.enable("QRESYNC")
        async with imap.select("INBOX") as inbox:
            known = inbox.highest_modseq
            assert known is not None
            await inbox.add_flags("2:3", Flag.SEEN)
            server.expunge("joe", [5])
            found = await inbox.fetch_all("1:*", FLAGS, changed_since=known, vanished=True)
            assert [message.uid for message in found] == [2, 3]
            assert found.vanished == UIDSet(5)
            assert not found.missing
            with pytest.raises(InvalidArgumentError, match="changed_since="):
                inbox.fetch("1:*", FLAGS, vanished=True)
    async with connected(messages=1) as (imap, server), imap.select("INBOX") as inbox:
        with pytest.raises(InvalidArgumentError, match="QRESYNC"):
            inbox.fetch("1:*", FLAGS, changed_since=1, vanished=True)


async def test_what_is_not_offered_is_not_asked() -> None:
    async with selected("IDLE", []) as inbox:
        for act, capability in (
            (inbox.search(criteria.OLDER(5)), "WITHIN"),
            (inbox.search(aimap.SEEN | ~criteria.YOUNGER(5)), "WITHIN"),
            (inbox.search(criteria.FUZZY(aimap.SUBJECT("x"))), "SEARCH=FUZZY"),
            (inbox.search(criteria.FILTER("x")), "FILTERS"),
            (inbox.search(criteria.EMAILID("x")), "OBJECTID"),
            (inbox.search(criteria.SAVEDON(date(2026, 1, 1))), "SAVEDATE"),
            (inbox.search(criteria.UIDAFTER(7)), "MESSAGELIMIT"),
            (inbox.search(criteria.MODSEQ_SINCE(7)), "CONDSTORE"),
            (inbox.search(criteria.X_GM_RAW("x")), "X-GM-EXT-1"),
            (inbox.search(criteria.ANNOTATION("/x", "value", None)), "ANNOTATE"),
            (inbox.search(aimap.IN(SAVED)), "SEARCHRES"),
            (inbox.esearch(ALL, ["SAVE"]), "SEARCHRES"),
            (inbox.esearch(ALL, ["RELEVANCY"]), "SEARCH=FUZZY"),
            (inbox.sort(SortKey.RELEVANCY), "SEARCH=FUZZY"),
            (inbox.sort(SortKey.annotation("/x")), "ANNOTATE"),
            (inbox.sort(SortKey.DATE, criteria.OLDER(5)), "WITHIN"),
            (inbox.thread("REFS"), "THREAD=REFS"),
        ):
            with pytest.raises(CapabilityError, match=capability):
                await act


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda inbox: inbox.esearch(ALL, ["ALL", Partial(1, 2)]), "not both"),
        (lambda inbox: inbox.esearch(ALL, ["CONTEXT"]), "search_updates"),
        (lambda inbox: inbox.esearch(ALL, [Update([])]), "goes on telling"),
        (lambda inbox: inbox.sort([]), "at least one key"),
        (lambda inbox: inbox.search("UNSEEN"), "search by an expression"),
    ],
)
async def test_what_cannot_be_asked(act: Any, reason: str) -> None:
    async with connected(messages=1) as (imap, _), imap.select("INBOX") as inbox:
        with pytest.raises(InvalidArgumentError, match=reason):
            await act(inbox)


async def test_a_search_in_a_charset_that_the_server_takes() -> None:
    utf8, latin1 = "é".encode(), "é".encode("latin-1")
    conversation: Conversation = [
        (
            b"UID SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n" + utf8,
            b"%s NO [BADCHARSET (KOI8-R ISO-8859-1)] not that",
        ),
        (
            b"UID SEARCH CHARSET ISO-8859-1 SUBJECT {1+}\r\n" + latin1,
            b"* SEARCH 3\r\n%s OK found",
        ),
    ]
    async with selected("", conversation) as inbox:
        assert await inbox.search(aimap.SUBJECT("é")) == UIDSet(3)


@pytest.mark.parametrize("code", [b"[BADCHARSET]", b"[BADCHARSET (US-ASCII)]", b""])
async def test_a_search_that_cannot_be_written_otherwise(code: bytes) -> None:
    conversation: Conversation = [
        (
            b"UID SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n" + "é".encode(),
            b"%s NO " + code + b" not that",
        ),
    ]
    async with selected("", conversation) as inbox:
        with pytest.raises(aimap.NoError):
            await inbox.search(aimap.SUBJECT("é"))


async def test_a_search_goes_on_below_its_limit() -> None:
    conversation: Conversation = [
        (b"UID SEARCH UNSEEN", b"* SEARCH 8 9\r\n%s OK [MESSAGELIMIT 4 6] not all"),
        (b"UID SEARCH UID 1:5 UNSEEN", b"* SEARCH 3\r\n%s OK [MESSAGELIMIT 4 2] not all"),
        (b"UID SEARCH UID 1 UNSEEN", b"* SEARCH 1\r\n%s OK all"),
    ]
    async with selected("MESSAGELIMIT=4", conversation, exists=9) as inbox:
        assert await inbox.search(aimap.UNSEEN) == UIDSet("1,3,8:9")


async def test_an_esearch_goes_on_below_its_limit() -> None:
    answer = b'* ESEARCH (TAG "%s") UID '
    conversation: Conversation = [
        (
            b"UID SEARCH RETURN (MIN MAX COUNT) UNSEEN",
            answer + b"MIN 8 MAX 9 COUNT 2\r\n%s OK [MESSAGELIMIT 4 6] not all",
        ),
        (
            b"UID SEARCH RETURN (MIN MAX COUNT) UID 1:5 UNSEEN",
            answer + b"MIN 2 MAX 3 COUNT 2\r\n%s OK all",
        ),
        # A window is no sum of windows.
        (
            b"UID SEARCH RETURN (PARTIAL 1:3) UNSEEN",
            answer + b"PARTIAL (1:3 8:9)\r\n%s OK [MESSAGELIMIT 4 6] not all",
        ),
        (
            b"UID SEARCH RETURN (PARTIAL 1:3) UID 1:5 UNSEEN",
            answer + b"PARTIAL (1:3 2:3)\r\n%s OK all",
        ),
        (
            b"UID SEARCH RETURN (ALL) UNSEEN",
            answer + b"ALL 2:3,8:9\r\n%s OK all",
        ),
    ]
    async with selected("ESEARCH PARTIAL MESSAGELIMIT=4", conversation, exists=9) as inbox:
        found = await inbox.esearch(aimap.UNSEEN, ["MIN", "MAX", "COUNT"])
        assert (found.min, found.max, found.count) == (2, 9, 4)
        found = await inbox.esearch(aimap.UNSEEN, [Partial(1, 3)])
        assert found.partial is not None
        assert UIDSet.from_ranges(found.partial.order) == UIDSet("2:3,8")


async def test_a_search_that_gets_nowhere() -> None:
    conversation: Conversation = [
        (b"UID SEARCH UNSEEN", b"* SEARCH 8 9\r\n%s OK [MESSAGELIMIT 4 6] not all"),
        (b"UID SEARCH UID 1:5 UNSEEN", b"* SEARCH\r\n%s OK [MESSAGELIMIT 4 6] not all"),
    ]
    async with selected("MESSAGELIMIT=4", conversation, exists=9) as inbox:
        with pytest.raises(aimap.NoError, match="did not go on"):
            await inbox.search(aimap.UNSEEN)


async def test_a_fetch_keeps_to_the_limit() -> None:
    conversation: Conversation = [
        (
            b"UID FETCH 1:2 FLAGS",
            b"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n%s OK all",
        ),
        (b"UID FETCH 3 FLAGS", b"* 3 FETCH (UID 3 FLAGS ())\r\n%s OK all"),
    ]
    async with selected("MESSAGELIMIT=2", conversation) as inbox:
        found = await inbox.fetch_all("1:3", FLAGS)
        assert [message.uid for message in found] == [1, 2, 3]


async def test_a_fetch_goes_on_below_a_limit_that_nobody_told() -> None:
    conversation: Conversation = [
        (b"UID FETCH 1:3 FLAGS", b"* 3 FETCH (UID 3 FLAGS ())\r\n%s OK [MESSAGELIMIT 1 3] one"),
        (b"UID FETCH 1 FLAGS", b"* 1 FETCH (UID 1 FLAGS ())\r\n%s OK all"),
        (b"UID FETCH 2 FLAGS", b"* 2 FETCH (UID 2 FLAGS ())\r\n%s OK all"),
    ]
    async with selected("", conversation) as inbox:
        found = await inbox.fetch_all("1:3", FLAGS)
        assert [message.uid for message in found] == [1, 2, 3]
        assert not found.missing


async def test_a_fetch_that_is_too_much() -> None:
    conversation: Conversation = [
        (b"UID FETCH 1:3 FLAGS", b"%s NO [MESSAGELIMIT 2] too many"),
        (
            b"UID FETCH 1:2 FLAGS",
            b"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n%s OK all",
        ),
        (b"UID FETCH 3 FLAGS", b"* 3 FETCH (UID 3 FLAGS ())\r\n%s OK all"),
    ]
    async with selected("", conversation) as inbox:
        assert len(await inbox.fetch_all("1:3", FLAGS)) == 3


def delivered(server: aimap.testing.Server) -> None:
    for number, subject in enumerate(SUBJECTS, 1):
        server.deliver(
            "joe",
            b"From: <%d@x>\r\nSubject: %s\r\nDate: %d Feb 2026 00:00:00 +0000\r\n"
            b"Message-ID: <%d@x>\r\n\r\nx\r\n"
            % (9 - number, subject.encode(), 20 - number, number),
        )


@pytest.mark.parametrize("without", [set(), {"SORT"}])
async def test_sorting(autojump_clock: Any, without: set[str]) -> None:
    async with connected(capabilities=CAPABILITIES - without) as (imap, server):
        delivered(server)
        async with imap.select("INBOX") as inbox:
            assert await inbox.sort(SortKey.SUBJECT) == (2, 4, 1, 3, 5)
            assert await inbox.sort([SortKey.SUBJECT, SortKey.DATE]) == (4, 2, 3, 1, 5)
            assert await inbox.sort(~SortKey.DATE, aimap.IN("2:4")) == (2, 3, 4)
            assert await inbox.sort(SortKey.FROM, window=Partial(1, 2)) == (5, 4)
            assert await inbox.sort(SortKey.FROM, window=Partial(-1, -2)) == (2, 1)
            assert await inbox.sort(SortKey.DISPLAYFROM) == (5, 4, 3, 2, 1)
            assert await inbox.sort(SortKey.DATE, aimap.ANSWERED) == ()


async def test_sorting_by_windows() -> None:
    conversation: Conversation = [
        (
            b"UID SORT RETURN (PARTIAL 1:3) (DATE) UTF-8 ALL",
            b'* ESEARCH (TAG "%s") UID PARTIAL (1:3 5:4,9)\r\n%s OK sorted',
        ),
    ]
    conversation += [
        (
            b"UID SORT RETURN (ALL) (DATE) UTF-8 ALL",
            b'* ESEARCH (TAG "%s") UID ALL 5:4,9,1:2\r\n%s OK sorted',
        ),
        (b"UID SORT RETURN (ALL) (DATE) UTF-8 ALL", b'* ESEARCH (TAG "%s") UID\r\n%s OK none'),
    ]
    async with selected("SORT ESEARCH ESORT CONTEXT=SORT", conversation) as inbox:
        assert await inbox.sort(SortKey.DATE, window=Partial(1, 3)) == (5, 4, 9)
        # Only RFC 9394 counts from the end.
        assert await inbox.sort(SortKey.DATE, window=Partial(-1, -2)) == (1, 2)
        assert await inbox.sort(SortKey.DATE) == ()


async def test_what_a_server_sorts_only_in_part_is_sorted_here() -> None:
    item = b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n"
    conversation: Conversation = [
        (b"UID SORT (SIZE) UTF-8 ALL", b"* SORT 3 2\r\n%s OK [MESSAGELIMIT 2 2] in part"),
        (b"UID SEARCH ALL", b"* SEARCH 1 2 3\r\n%s OK all"),
        (
            b"UID FETCH 1:2 RFC822.SIZE",
            item % (1, 1, 7) + item % (2, 2, 9) + b"%s OK all",
        ),
        (b"UID FETCH 3 RFC822.SIZE", item % (3, 3, 5) + b"%s OK all"),
    ]
    async with selected("SORT MESSAGELIMIT=2", conversation) as inbox:
        assert await inbox.sort(SortKey.SIZE) == (3, 1, 2)


@pytest.mark.parametrize("without", [set(), {"THREAD=ORDEREDSUBJECT"}])
async def test_threads(autojump_clock: Any, without: set[str]) -> None:
    async with connected(capabilities=CAPABILITIES - without) as (imap, server):
        delivered(server)
        async with imap.select("INBOX") as inbox:
            threads = await inbox.thread("orderedsubject")
            assert threads == (Thread((5,)), Thread((4, 2)), Thread((3, 1)))
            assert await inbox.thread("REFERENCES", aimap.IN("2,4")) == (Thread((4, 2)),)
            assert await inbox.thread(criteria=aimap.ANSWERED) == ()


async def test_what_only_a_server_can_return() -> None:
    scores = b'* ESEARCH (TAG "%s") UID ALL 1,3 RELEVANCY (4 99)\r\n%s OK'
    fuzzy = criteria.FUZZY(aimap.SUBJECT("x"))
    # RFC 6203 section 4
    conversation: Conversation = [
        (b'UID SEARCH RETURN (RELEVANCY ALL) FUZZY SUBJECT "x"', scores),
        (b'UID SORT (RELEVANCY) UTF-8 FUZZY SUBJECT "x"', b"* SORT 3 1\r\n%s OK"),
    ]
    async with selected("ESEARCH SEARCHRES SEARCH=FUZZY SORT", conversation) as inbox:
        found = await inbox.esearch(fuzzy, ["RELEVANCY", "ALL"])
        assert (found.all, found.relevancy) == (UIDSet("1,3"), (4, 99))
        assert await inbox.sort(SortKey.RELEVANCY, fuzzy) == (3, 1)
        with pytest.raises(CapabilityError, match="PARTIAL: it is needed beside SAVE"):
            await inbox.esearch(ALL, ["SAVE", Partial(1, 2)])
    async with selected("SEARCHRES SEARCH=FUZZY", []) as inbox:
        with pytest.raises(CapabilityError, match="ESEARCH: it is needed beside RELEVANCY"):
            await inbox.esearch(fuzzy, ["RELEVANCY"])


async def test_sorting_in_a_charset_that_the_server_takes() -> None:
    latin1 = "\u00e9".encode("latin-1")
    conversation: Conversation = [
        (
            b"UID SORT (DATE) UTF-8 SUBJECT {2+}\r\n" + "\u00e9".encode(),
            b"%s NO [BADCHARSET (ISO-8859-1)] not that",
        ),
        (b"UID SORT (DATE) ISO-8859-1 SUBJECT {1+}\r\n" + latin1, b"* SORT 3\r\n%s OK sorted"),
        (b"UID THREAD REFS UTF-8 ALL", b"* THREAD (1)(2 3)\r\n%s OK"),
    ]
    async with selected("SORT THREAD=REFS", conversation) as inbox:
        assert await inbox.sort(SortKey.DATE, aimap.SUBJECT("\u00e9")) == (3,)
        assert await inbox.thread("refs") == (Thread((1,)), Thread((2, 3)))


async def test_a_search_down_to_the_first() -> None:
    conversation: Conversation = [
        (b"UID SEARCH UNSEEN", b"* SEARCH 8\r\n%s OK [MESSAGELIMIT 4 1] all of them after all"),
    ]
    async with selected("", conversation, exists=9) as inbox:
        assert await inbox.search(aimap.UNSEEN) == UIDSet(8)


async def test_a_charset_is_tried_once() -> None:
    latin1 = "\u00e9".encode("latin-1")
    refused = b"%s NO [BADCHARSET (ISO-8859-1)] not that"
    conversation: Conversation = [
        (b"UID SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n" + "\u00e9".encode(), refused),
        (b"UID SEARCH CHARSET ISO-8859-1 SUBJECT {1+}\r\n" + latin1, refused),
    ]
    async with selected("", conversation) as inbox:
        with pytest.raises(aimap.NoError, match="BADCHARSET"):
            await inbox.search(aimap.SUBJECT("\u00e9"))


async def test_windows_as_contexts_have_them() -> None:
    # RFC 5267 section 4.4 counts from the lowest only.
    answer = b'* ESEARCH (TAG "%s") UID '
    conversation: Conversation = [
        (
            b"UID SEARCH RETURN (PARTIAL 1:2) UNSEEN",
            answer + b"PARTIAL (1:2 3:4)\r\n%s OK",
        ),
        (b"UID SEARCH RETURN (ALL) UNSEEN", answer + b"ALL 3:7\r\n%s OK"),
    ]
    async with selected("ESEARCH CONTEXT=SEARCH", conversation) as inbox:
        for window, expected in ((Partial(1, 2), "3:4"), (Partial(-1, -2), "6:7")):
            found = await inbox.esearch(aimap.UNSEEN, [window])
            assert found.partial is not None
            assert UIDSet.from_ranges(found.partial.order) == UIDSet(expected)
