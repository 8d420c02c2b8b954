"""Command objects that search, sort and thread, on every server that offers them."""

from __future__ import annotations

from datetime import date

import aimap
from aimap import FLAGS, Flag, Message, SeqSet, Thread, UIDSet, criteria, items
from aimap.commands import (
    SAVED,
    CancelUpdate,
    Copy,
    Create,
    ESearch,
    ESort,
    Expunge,
    Fetch,
    Move,
    Noop,
    Partial,
    SavedResult,
    Search,
    Select,
    SeqSearch,
    Sort,
    SortKey,
    Store,
    ThreadSearch,
    Update,
)

from .probe import CYRUS, DOVECOT, NOT_COURIER, Probe, sends
from .support import fill

# Subject, sender, day of the month, message ID, parent's message ID, words in the body
MESSAGES = [
    ("b", "Zoe <a@example.org>", 3, "1", "", 30),
    ("Grüße", "Ann <b@example.org>", 1, "2", "", 10),
    ("Re: b", "Max <c@example.org>", 4, "3", "1", 20),
    ("a", "Eve <d@example.org>", 2, "4", "", 40),
    ("Re: b", "Zoe <a@example.org>", 5, "5", "3", 50),
]


def made() -> list[bytes]:
    return [
        (
            f"From: {sender}\r\nSubject: {aimap_subject(subject)}\r\n"
            f"Date: {day:02} Feb 2026 10:00:00 +0000\r\nMessage-ID: <{own}@example.org>\r\n"
            + (f"In-Reply-To: <{parent}@example.org>\r\n" if parent else "")
            + (f"References: <{parent}@example.org>\r\n" if parent else "")
            + "\r\n"
            + "needle " * words
            + "\r\n"
        ).encode()
        for subject, sender, day, own, parent, words in MESSAGES
    ]


def aimap_subject(subject: str) -> str:
    return subject if subject.isascii() else "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="


async def begin(probe: Probe) -> None:
    await fill(probe.imap, made())
    await probe(Select("INBOX"))
    # So that UIDs are not what message sequence numbers are
    await probe(Store(UIDSet(1), "+", [Flag.DELETED]))
    await probe.imap.append("INBOX", made()[0])
    await probe(Expunge())
    await probe(Noop())


@sends(Search, SeqSearch)
async def test_search(probe: Probe) -> None:
    await begin(probe)
    extended = probe.offers("ESEARCH")
    for wanted, uids, numbers in (
        (aimap.ALL, "2:6", "1:5"),
        (aimap.SUBJECT("Grüße"), "2", "1"),
        (aimap.FROM("a@example.org"), "5:6", "4:5"),
        (aimap.SENTSINCE(date(2026, 2, 4)), "3,5", "2,4"),
        (criteria.KEYWORD("$None"), "", ""),
        (aimap.HEADER("In-Reply-To", "<1@example.org>"), "3", "2"),
        (aimap.IN(SeqSet("2:3")), "3:4", "2:3"),
    ):
        for form in {False, extended}:
            assert await probe(Search(wanted, extended=form)) == UIDSet(uids), wanted
            assert await probe(SeqSearch(wanted, extended=form)) == SeqSet(numbers), wanted
    found = await probe(Search(aimap.SUBJECT("Gr"), extended=False, charset="US-ASCII"))
    assert found == UIDSet(2)


@sends(Search, needs="WITHIN", on=NOT_COURIER)
async def test_searching_by_age(probe: Probe) -> None:
    await begin(probe)
    assert await probe(Search(criteria.YOUNGER(3600), extended=True)) == UIDSet("2:6")
    assert await probe(Search(criteria.OLDER(3600), extended=True)) == UIDSet()


@sends(ESearch, needs="ESEARCH", on=NOT_COURIER)
async def test_esearch(probe: Probe) -> None:
    await begin(probe)
    wanted = aimap.FROM("a@example.org") | aimap.SUBJECT("a")
    answer = await probe(ESearch(wanted, ["MIN", "MAX", "COUNT", "ALL"]))
    assert (answer.uid, answer.min, answer.max, answer.count, answer.all) == (
        True,
        4,
        6,
        3,
        UIDSet("4:6"),
    )
    assert (await probe(ESearch(wanted))).all == UIDSet("4:6")
    by_number = await probe(ESearch(wanted, ["MAX", "ALL"], numbers=SeqSet))
    assert (by_number.uid, by_number.max, by_number.all) == (False, 5, SeqSet("3:5"))
    none = await probe(ESearch(criteria.KEYWORD("$None"), ["MIN", "COUNT", "ALL"]))
    assert (none.min, none.count, none.all) == (None, 0, None)


@sends(
    ESearch,
    SAVED,
    SavedResult,
    Fetch,
    Store,
    Copy,
    Move,
    Search,
    Expunge,
    needs="SEARCHRES",
    on=DOVECOT,
)
async def test_searchres(probe: Probe) -> None:
    await begin(probe)
    await probe(Create("Other"))
    saving = probe.imap.submit(ESearch(aimap.FROM("a@example.org"), ["SAVE", "COUNT"]))
    found: list[Message] = []
    # Sent at once: what uses the result waits for it by itself.
    fetching = probe.imap.submit(Fetch(SAVED, [FLAGS], found.extend))
    assert (await saving.wait()).count == 2
    await fetching.wait()
    assert sorted(m.uid for m in found) == [5, 6]
    await probe(Store(SAVED, "+", [Flag.FLAGGED]))
    assert await probe(Search(aimap.FLAGGED, extended=True)) == UIDSet("5:6")
    among = aimap.IN(SAVED) & aimap.SENTSINCE(date(2026, 2, 5))
    assert await probe(Search(among, extended=True)) == UIDSet(5)
    copied = await probe(Copy(SAVED, "Other"))
    assert copied is not None
    assert copied.source == ((5, 6),)
    await probe(ESearch(aimap.SUBJECT("a"), ["SAVE"]))
    moved = await probe(Move(SAVED, "Other"))
    assert moved is not None
    assert (moved.source, moved.destination) == (((4, 4),), ((3, 3),))
    await probe(Store(UIDSet("2:3"), "+", [Flag.DELETED]))
    await probe(ESearch(aimap.SUBJECT("b"), ["SAVE"]))
    await probe(Expunge(SAVED))
    assert await probe(Search(aimap.ALL, extended=True)) == UIDSet("2,5:6")


@sends(ESearch, needs="CONDSTORE", on=NOT_COURIER)
async def test_searching_by_mod_sequence(probe: Probe) -> None:
    await begin(probe)
    found: list[Message] = []
    await probe(Fetch(UIDSet("2:6"), [items.MODSEQ], found.extend))
    highest = max(m.modseq for m in found)
    await probe(Store(UIDSet(4), "+", [Flag.FLAGGED]))
    answer = await probe(ESearch(criteria.MODSEQ_SINCE(highest + 1), ["ALL"]))
    assert answer.all == UIDSet(4)
    assert answer.modseq is not None
    assert answer.modseq > highest


@sends(ESearch, needs="SEARCH=FUZZY", on=CYRUS)
async def test_fuzzy_search(probe: Probe) -> None:
    await begin(probe)
    # Cyrus has no index as it is installed, finds nothing, and says nothing of it.
    answer = await probe(ESearch(criteria.FUZZY(aimap.FROM("Zoe")), ["COUNT"]))
    assert answer == aimap.ESearchResponse(None, uid=True)


@sends(ESearch, Partial, Update, CancelUpdate, needs="CONTEXT=SEARCH", on=DOVECOT)
async def test_search_contexts(probe: Probe) -> None:
    await begin(probe)
    answer = await probe(
        ESearch(aimap.ALL & ~aimap.FLAGGED, [Partial(2, 3), "COUNT", Update([FLAGS])])
    )
    assert answer.count == 5
    assert answer.partial is not None
    assert (answer.partial.first, answer.partial.last) == (2, 3)
    assert answer.partial.order == ((3, 4),)
    assert answer.tag is not None
    await probe(Store(UIDSet(4), "+", [Flag.FLAGGED]))
    await probe(Noop())
    (left,) = probe.news()
    assert isinstance(left, aimap.ESearchResponse)
    assert left.tag == answer.tag
    (change,) = left.removed
    assert change.order == ((4, 4),)
    await probe(Store(UIDSet(4), "-", [Flag.FLAGGED]))
    await probe(Noop())
    (came,) = probe.news()
    assert isinstance(came, aimap.ESearchResponse)
    (change,) = came.added
    assert change.order == ((4, 4),)
    await probe(CancelUpdate(answer.tag))
    await probe(Store(UIDSet(4), "+", [Flag.FLAGGED]))
    await probe(Noop())


@sends(Sort, SortKey, needs="SORT")
async def test_sort(probe: Probe) -> None:
    await begin(probe)
    for keys, uids, numbers in (
        ([SortKey.DATE], (2, 4, 6, 3, 5), (1, 3, 5, 2, 4)),
        ([~SortKey.DATE], (5, 3, 6, 4, 2), (4, 2, 5, 3, 1)),
        ([SortKey.SUBJECT, ~SortKey.DATE], (4, 5, 3, 6, 2), (3, 4, 2, 5, 1)),
        ([SortKey.FROM, ~SortKey.DATE], (5, 6, 2, 3, 4), (4, 5, 1, 2, 3)),
        ([~SortKey.SIZE], (5, 4, 6, 3, 2), (4, 3, 5, 2, 1)),
    ):
        assert (await probe(Sort(keys, aimap.ALL))).numbers == uids, keys
        assert (await probe(Sort(keys, aimap.ALL, numbers=SeqSet))).numbers == numbers, keys
    assert (await probe(Sort([SortKey.DATE], aimap.SUBJECT("Grüße")))).numbers == (2,)
    assert (await probe(Sort([SortKey.DATE], criteria.KEYWORD("$None")))).numbers == ()
    if probe.offers("SORT=DISPLAY"):
        found = await probe(Sort([SortKey.DISPLAYFROM, ~SortKey.DATE], aimap.ALL))
        assert found.numbers == (2, 4, 3, 5, 6)


@sends(ESort, SortKey, needs="ESORT", on=NOT_COURIER)
async def test_esort(probe: Probe) -> None:
    await begin(probe)
    answer = await probe(ESort([~SortKey.DATE], aimap.ALL, ["MIN", "MAX", "COUNT", "ALL"]))
    # The first and the last of the order (RFC 5267 section 3.1); Cyrus has the lowest and the
    # highest number.
    ends = {"dovecot": (5, 2), "cyrus": (2, 6)}
    assert (answer.count, (answer.min, answer.max)) == (5, ends[probe.server.kind])
    assert answer.order == ((5, 5), (3, 3), (6, 6), (4, 4), (2, 2))
    assert answer.all == UIDSet("2:6")
    by_number = await probe(ESort([SortKey.DATE], aimap.ALL, ["ALL"], numbers=SeqSet))
    assert [n for low, high in by_number.order for n in (range(low, high + 1))] == [1, 3, 5, 2, 4]


@sends(ESort, SortKey, Partial, needs="CONTEXT=SEARCH", on=DOVECOT)
async def test_a_window_of_what_is_sorted(probe: Probe) -> None:
    await begin(probe)
    answer = await probe(ESort([SortKey.DATE], aimap.ALL, [Partial(2, 3)]))
    assert answer.partial is not None
    assert answer.partial.order == ((4, 4), (6, 6))


@sends(ThreadSearch, needs="THREAD=REFERENCES")
async def test_thread(probe: Probe) -> None:
    await begin(probe)
    threads = await probe(ThreadSearch("REFERENCES", aimap.ALL))
    parents = {number: parent for thread in threads for number, parent in thread.walk()}
    assert parents == {2: None, 4: None, 6: None, 3: 6, 5: 3}
    by_number = await probe(ThreadSearch("REFERENCES", aimap.ALL, numbers=SeqSet))
    parents = {number: parent for thread in by_number for number, parent in thread.walk()}
    assert parents == {1: None, 3: None, 5: None, 2: 5, 4: 2}
    (by_subject,) = await probe(ThreadSearch("ORDEREDSUBJECT", aimap.SUBJECT("b")))
    # Courier makes each the child of the one before, unlike RFC 5256 section 3.
    if probe.server.kind == "courier":
        assert by_subject == Thread((6, 3, 5))
    else:
        assert by_subject == Thread((6,), (Thread((3,)), Thread((5,))))
    assert await probe(ThreadSearch("REFERENCES", criteria.KEYWORD("$None"))) == ()
