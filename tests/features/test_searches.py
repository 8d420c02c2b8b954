"""Searching, sorting and threading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trio

import aimap
from aimap import ALL, FLAGS, Flag, Thread, UIDSet, criteria
from aimap.commands import SAVED, Partial, SortKey

from .frame import FALLS_BACK, WORKS, Scene, feature

# Subject, sender, day of the month, parent
MESSAGES = [
    ("b", "Zoe <a@example.org>", 3, 0),
    ("Grüße", "Ann <b@example.org>", 1, 0),
    ("Re: b", "Max <c@example.org>", 4, 1),
    ("a", "Eve <d@example.org>", 2, 0),
    ("Re: b", "Zoe <a@example.org>", 5, 3),
]


async def fill(scene: Scene) -> None:
    """Append messages whose UIDs are 1 to 5."""
    for uid, (subject, sender, day, parent) in enumerate(MESSAGES, 1):
        word = subject if subject.isascii() else "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="
        references = f"References: <{parent}@example.org>\r\n" if parent else ""
        message = (
            f"From: {sender}\r\nSubject: {word}\r\nDate: {day:02} Feb 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{uid}@example.org>\r\n{references}\r\nneedle\r\n"
        )
        await scene.imap.append("INBOX", message.encode(), flags=[Flag.SEEN] if uid < 3 else [])


@feature("ESEARCH")
async def test_what_a_search_returns(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        found = await inbox.esearch(aimap.UNSEEN, ["MIN", "MAX", "COUNT", "ALL"])
        assert (found.min, found.max, found.count, found.all) == (3, 5, 3, UIDSet("3:5"))
        found = await inbox.esearch(aimap.ANSWERED, ["MIN", "COUNT", "ALL"])
        assert (found.min, found.count, found.all) == (None, 0, UIDSet())
        assert await inbox.search(aimap.SUBJECT("Grüße")) == UIDSet(2)
        assert await inbox.search(aimap.BODY_TEXT("needle") & ~aimap.SEEN) == UIDSet("3:5")
    scene.saw("ESEARCH", WORKS if scene.offers("ESEARCH") else FALLS_BACK)


@feature("SEARCHRES")
async def test_a_result_that_is_saved(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("SEARCHRES"):
            await scene.refuses("SEARCHRES", lambda: inbox.esearch(aimap.UNSEEN, ["SAVE"]))
            return
        await inbox.esearch(aimap.UNSEEN, ["SAVE"])
        assert [message.uid for message in await inbox.fetch_all(SAVED, FLAGS)] == [3, 4, 5]
        await inbox.add_flags(SAVED, Flag.FLAGGED)
        assert await inbox.search(aimap.FLAGGED & aimap.IN(SAVED)) == UIDSet("3:5")
        await scene.imap.create("box")
        assert set(await inbox.move(SAVED, "box")) == {3, 4, 5}
    scene.saw("SEARCHRES", WORKS)


@feature("PARTIAL")
async def test_results_by_pages(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        found = await inbox.esearch(ALL, [Partial(-1, -2), "COUNT"])
        assert found.partial is not None
        assert UIDSet.from_ranges(found.partial.order) == UIDSet("4:5")
        assert found.count == 5
        found = await inbox.esearch(ALL, [Partial(2, 3)])
        assert found.partial is not None
        assert UIDSet.from_ranges(found.partial.order) == UIDSet("2:3")
        page = await inbox.fetch_all("1:*", FLAGS, partial=Partial(-1, -2))
        assert [message.uid for message in page] == [4, 5]
    scene.saw("PARTIAL", WORKS if scene.offers("PARTIAL") else FALLS_BACK)


@feature("SORT", "SORT=DISPLAY", "ESORT")
async def test_sorting(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        assert await inbox.sort(SortKey.DATE) == (2, 4, 1, 3, 5)
        assert await inbox.sort([SortKey.SUBJECT, ~SortKey.DATE]) == (4, 5, 3, 1, 2)
        assert await inbox.sort(SortKey.FROM, aimap.UNSEEN) == (5, 3, 4)
        assert await inbox.sort(SortKey.DATE, window=Partial(-1, -2)) == (3, 5)
        assert await inbox.sort(SortKey.DISPLAYFROM) == (2, 4, 3, 1, 5)
    scene.saw("SORT", WORKS if scene.offers("SORT") else FALLS_BACK)
    scene.saw("SORT=DISPLAY", WORKS if scene.offers("SORT=DISPLAY") else FALLS_BACK)
    scene.saw("ESORT", WORKS if scene.offers("ESORT") else FALLS_BACK)


@feature("THREAD")
async def test_threads(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        threads = await inbox.thread("REFERENCES")
        assert threads == (Thread((2,)), Thread((4,)), Thread((1, 3, 5)))
        threads = await inbox.thread("ORDEREDSUBJECT", aimap.UNSEEN)
        assert threads == (Thread((4,)), Thread((3, 5)))
    scene.saw("THREAD", WORKS if scene.offers("THREAD=REFERENCES") else FALLS_BACK)


@feature("WITHIN")
async def test_by_age(scene: Scene) -> None:
    now = datetime.now(UTC)
    for hours in (1, 50):
        date = now - timedelta(hours=hours)
        await scene.imap.append("INBOX", b"Subject: x\r\n\r\n%d\r\n" % hours, date=date)
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("WITHIN"):
            await scene.refuses("WITHIN", lambda: inbox.search(criteria.OLDER(86400)))
            return
        assert await inbox.search(criteria.OLDER(86400)) == UIDSet(2)
        assert await inbox.search(criteria.YOUNGER(86400)) == UIDSet(1)
    scene.saw("WITHIN", WORKS)


@feature("SEARCH=FUZZY")
async def test_what_comes_close(scene: Scene) -> None:
    await fill(scene)
    fuzzy = criteria.FUZZY(aimap.SUBJECT("b"))
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("SEARCH=FUZZY"):
            await scene.refuses("SEARCH=FUZZY", lambda: inbox.search(fuzzy))
            return
        assert await inbox.search(fuzzy) >= UIDSet()
    scene.saw("SEARCH=FUZZY", WORKS)


@feature("CONTEXT=SEARCH")
async def test_results_that_are_kept_current(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox, scene.another() as other:
        async with inbox.search_updates(aimap.UNSEEN) as unread, other.select("INBOX") as theirs:
            assert unread.results == UIDSet("3:5")
            await theirs.add_flags(4, Flag.SEEN)
            await told(scene, unread, "3,5")
            await theirs.remove_flags(1, Flag.SEEN)
            await told(scene, unread, "1,3,5")
            await other.append("INBOX", b"Subject: new\r\n\r\n")
            await told(scene, unread, "1,3,5:6")
            await theirs.delete(5)
            await told(scene, unread, "1,3,6")
    scene.saw("CONTEXT=SEARCH", WORKS if scene.offers("CONTEXT=SEARCH") else FALLS_BACK)


async def told(scene: Scene, unread: aimap.SearchUpdates, expected: str) -> None:
    """Wait until the results are as expected; no server need tell at once."""
    with trio.fail_after(20):
        while unread.results != UIDSet(expected):
            with trio.move_on_after(1):
                await anext(unread)
                continue
            await scene.imap.noop()
