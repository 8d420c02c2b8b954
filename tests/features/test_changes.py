"""Changes of messages."""

from __future__ import annotations

import aimap
from aimap import FLAGS, Flag, UIDSet, criteria, items

from .frame import FALLS_BACK, WORKS, Scene, feature


async def fill(scene: Scene, count: int = 3) -> None:
    """Append messages whose UIDs are 1 and so on."""
    for uid in range(1, count + 1):
        await scene.imap.append("INBOX", b"Subject: %d\r\n\r\ntext\r\n" % uid)


@feature("MOVE", "UIDPLUS")
async def test_moves_and_copies(scene: Scene) -> None:
    await fill(scene, 4)
    box = scene.name("box")
    await scene.imap.create(box)
    async with scene.imap.select("INBOX") as inbox:
        copied = await inbox.copy("1:2,9", box)
        assert dict(copied) == {1: 1, 2: 2}
        assert copied.missing == UIDSet(9)
        assert dict(await inbox.move([3], box)) == {3: 3}
        await inbox.add_flags("1:2", Flag.DELETED)
        await inbox.expunge(2)
        assert await inbox.search() == UIDSet("1,4")
        await inbox.delete(4)
        assert await inbox.search() == UIDSet(1)
    scene.saw("MOVE", WORKS if scene.offers("MOVE") else FALLS_BACK)
    scene.saw("UIDPLUS", WORKS)


@feature("MOVE", "UIDPLUS")
async def test_what_another_has_expunged(scene: Scene) -> None:
    await fill(scene, 6)
    box = scene.name("box")
    await scene.imap.create(box)
    async with scene.imap.select("INBOX") as inbox, scene.another() as other:
        async with other.select("INBOX") as theirs:
            await theirs.delete(2)
            copied = await inbox.copy("1:3", box)
            # To Cyrus it is there until those who see it have been told.
            assert {1, 3} <= set(copied)
            assert set(copied) | copied.missing == {1, 2, 3}
            await theirs.delete(4)
            await inbox.add_flags("3:5", Flag.FLAGGED)
            assert await inbox.search(criteria.FLAGGED & ~aimap.IN(4)) == UIDSet("3,5")
            await scene.imap.noop()
            found = await inbox.fetch_all("1:6", FLAGS)
            assert [message.uid for message in found] == [1, 3, 5, 6]
            await theirs.delete(5)
            moved = await inbox.move("3:6", box)
            assert {3, 6} <= set(moved)
            assert set(moved) | moved.missing == {3, 4, 5, 6}
            await other.noop()
            assert await theirs.search() == UIDSet(1)
    scene.saw("MOVE", WORKS if scene.offers("MOVE") else FALLS_BACK)
    scene.saw("UIDPLUS", WORKS)


@feature("REPLACE")
async def test_a_message_in_place_of_another(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        new = await inbox.replace(2, b"Subject: new\r\n\r\ntext\r\n", flags=[Flag.DRAFT])
        assert new is not None
        assert new.uids == UIDSet(4)
        assert await inbox.search() == UIDSet("1,3:4")
        assert await inbox.search(criteria.DRAFT) == UIDSet(4)
    scene.saw("REPLACE", WORKS if scene.offers("REPLACE") else FALLS_BACK)


@feature("CONDSTORE")
async def test_changes_only_where_nothing_else_changed(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX", condstore=scene.offers("CONDSTORE")) as inbox:
        if not scene.offers("CONDSTORE"):
            await scene.refuses("CONDSTORE", lambda: inbox.add_flags(1, "x", unchanged_since=1))
            return
        before = max(message.modseq for message in await inbox.fetch_all("1:*", items.MODSEQ))
        await inbox.add_flags(2, Flag.ANSWERED)
        assert await inbox.add_flags("1:3", Flag.FLAGGED, unchanged_since=before) == UIDSet(2)
        assert await inbox.search(criteria.FLAGGED) == UIDSet("1,3")
        changed = await inbox.fetch_all("1:*", FLAGS, changed_since=before)
        assert [message.uid for message in changed] == [1, 2, 3]
        assert await inbox.search(criteria.MODSEQ_SINCE(before + 1)) == UIDSet("1:3")
    scene.saw("CONDSTORE", WORKS)


@feature("ANNOTATE-EXPERIMENT-1")
async def test_annotations(scene: Scene) -> None:
    await fill(scene)
    comment = {"/comment": {"value.priv": "call back"}}
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("ANNOTATE-EXPERIMENT-1"):
            await scene.refuses(
                "ANNOTATE-EXPERIMENT-1", lambda: inbox.store_annotations(1, comment)
            )
            return
        await inbox.store_annotations(1, comment)
        (message,) = await inbox.fetch_all(1, items.ANNOTATION("/comment", "value.priv"))
        assert message.annotations == {"/comment": {"value.priv": b"call back"}}
    scene.saw("ANNOTATE-EXPERIMENT-1", WORKS)


@feature("X-GM-EXT-1")
async def test_labels(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        if not scene.offers("X-GM-EXT-1"):
            await scene.refuses("X-GM-EXT-1", lambda: inbox.add_labels(1, "two words"))
            return
        await inbox.add_labels("1:2", "two words")
        await inbox.remove_labels(2, "two words")
        assert await inbox.search(criteria.X_GM_LABELS("two words")) == UIDSet(1)
        (message,) = await inbox.fetch_all(1, items.X_GM_LABELS, items.X_GM_MSGID, items.X_GM_THRID)
        assert "two words" in message.gmail_labels
        assert await inbox.search(criteria.X_GM_MSGID(message.gmail_message_id)) == UIDSet(1)
        assert 1 in await inbox.search(criteria.X_GM_THRID(message.gmail_thread_id))
        assert await inbox.search(criteria.X_GM_RAW("subject:2")) == UIDSet(2)
    scene.saw("X-GM-EXT-1", WORKS)


@feature("MESSAGELIMIT")
async def test_work_in_several_steps(scene: Scene) -> None:
    # Without a limit there is nothing to be seen: it is the same in one step.
    offered = scene.imap.capabilities.number("MESSAGELIMIT")
    count = 2 * offered + 3 if offered else 9
    if offered:
        for _ in range(count):
            scene.embedded.deliver(scene.user, b"Subject: x\r\n\r\n")
    else:
        await fill(scene, count)
    box = scene.name("box")
    await scene.imap.create(box)
    async with scene.imap.select("INBOX") as inbox:
        await inbox.add_flags("1:*", Flag.FLAGGED)
        assert len(await inbox.search(criteria.FLAGGED)) == count
        assert len(await inbox.fetch_all("1:*", FLAGS)) == count
        assert len(await inbox.move("1:*", box)) == count
        assert not await inbox.search()
    scene.saw("MESSAGELIMIT", WORKS if offered else FALLS_BACK)


@feature("keywords")
async def test_keywords(scene: Scene) -> None:
    await fill(scene)
    async with scene.imap.select("INBOX") as inbox:
        await inbox.add_flags("1:2", Flag.IMPORTANT, Flag.FORWARDED, "MyOwn")
        (message,) = await inbox.fetch_all(1, FLAGS)
        assert {Flag.IMPORTANT, Flag.FORWARDED, "MyOwn"} <= message.flags
        assert await inbox.search(criteria.KEYWORD("$important")) == UIDSet("1:2")
        await inbox.remove_flags(1, "MyOwn")
        assert await inbox.search(criteria.KEYWORD("MyOwn")) == UIDSet(2)
        await inbox.set_color(3, "green")
        (message,) = await inbox.fetch_all(3, FLAGS)
        assert message.flags.color == "green"
    scene.saw("keywords", WORKS)


@feature("QRESYNC")
async def test_what_has_changed_and_gone(scene: Scene) -> None:
    await fill(scene, 5)
    if not scene.offers("QRESYNC"):
        await scene.refuses("QRESYNC", lambda: scene.imap.enable("QRESYNC"))
        return
    await scene.imap.enable("QRESYNC")
    async with scene.imap.select("INBOX") as inbox:
        known = max(message.modseq for message in await inbox.fetch_all("1:*", items.MODSEQ))
        await inbox.add_flags(2, Flag.FLAGGED)
        await inbox.delete(4)
        found = await inbox.fetch_all("1:*", FLAGS, changed_since=known, vanished=True)
        assert [message.uid for message in found] == [2]
        assert found.vanished == UIDSet(4)
    scene.saw("QRESYNC", WORKS)
