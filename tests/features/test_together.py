"""Two clients on one mailbox: every change by one is seen by the other."""

from __future__ import annotations

import imaplib
import re
from typing import Any

import trio

import aimap
from aimap import Arrived, Expunged, Flag, FlagsChanged, UIDSet, WatchEvent

from .frame import WORKS, Scene, feature, happens

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


async def seen_by(watcher: aimap.Client, change: Change) -> None:
    """See all changes that another client makes to INBOX."""
    async with watcher.examine("INBOX") as inbox, inbox.watch() as events:
        await change.append()
        await happens(watcher, events, lambda event: isinstance(event, Arrived) and event.uid == 1)
        await change.append()
        await happens(watcher, events, lambda event: isinstance(event, Arrived) and event.uid == 2)
        await change.flag(1)
        await happens(watcher, events, lambda event: has(event, 1, Flag.FLAGGED))
        await change.unflag(1)
        await happens(
            watcher,
            events,
            lambda event: (
                isinstance(event, FlagsChanged)
                and event.uid == 1
                and Flag.FLAGGED not in event.flags
            ),
        )
        await change.remove(1)
        await happens(watcher, events, lambda event: isinstance(event, Expunged) and event.uid == 1)
        assert await inbox.search() == UIDSet(2)
    await change.create()
    assert change.name in [info.name for info in await watcher.list()]
    assert change.name in [info.name for info in await watcher.list(subscribed=True)]
    await change.delete()
    assert change.name not in [info.name for info in await watcher.list()]


def has(event: WatchEvent, uid: int, flag: str) -> bool:
    return isinstance(event, FlagsChanged) and event.uid == uid and flag in event.flags


class Change:
    """What another client does, who has INBOX selected: one of ours."""

    def __init__(self, imap: aimap.Client, inbox: aimap.Mailbox, name: str) -> None:
        self.name = name
        self._imap = imap
        self._inbox = inbox

    async def append(self) -> None:
        await self._imap.append("INBOX", MESSAGE)

    async def flag(self, uid: int) -> None:
        await self._imap.noop()
        await self._inbox.add_flags(uid, Flag.FLAGGED)

    async def unflag(self, uid: int) -> None:
        await self._inbox.remove_flags(uid, Flag.FLAGGED)

    async def remove(self, uid: int) -> None:
        await self._inbox.delete(uid)

    async def create(self) -> None:
        await self._imap.create(self.name)
        await self._imap.subscribe(self.name)

    async def delete(self) -> None:
        await self._imap.unsubscribe(self.name)
        await self._imap.delete(self.name)


class ByImaplib(Change):
    """The same by imaplib."""

    def __init__(self, peer: Peer, name: str) -> None:
        self.name = name
        self._peer = peer

    async def append(self) -> None:
        await self._peer("append", "INBOX", "", None, MESSAGE)

    async def flag(self, uid: int) -> None:
        await self._peer("noop")
        await self._peer("uid", "STORE", str(uid), "+FLAGS", r"(\Flagged)")

    async def unflag(self, uid: int) -> None:
        await self._peer("uid", "STORE", str(uid), "-FLAGS", r"(\Flagged)")

    async def remove(self, uid: int) -> None:
        await self._peer("uid", "STORE", str(uid), "+FLAGS", r"(\Deleted)")
        await self._peer("expunge")

    async def create(self) -> None:
        await self._peer("create", self.name)
        await self._peer("subscribe", self.name)

    async def delete(self) -> None:
        await self._peer("unsubscribe", self.name)
        await self._peer("delete", self.name)


class Peer:
    """A connection of imaplib, each call in a thread."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    @classmethod
    async def connect(cls, scene: Scene) -> Peer:
        server = scene.server
        peer = cls(await trio.to_thread.run_sync(imaplib.IMAP4, server.host, server.port))
        await peer("login", scene.user, server.password)
        await peer("select", "INBOX")
        return peer

    async def __call__(self, method: str, *arguments: Any) -> list[Any]:
        def call() -> tuple[str, list[Any]]:
            answer: tuple[str, list[Any]] = getattr(self._server, method)(*arguments)
            return answer

        condition, data = await trio.to_thread.run_sync(call)
        assert condition in ("OK", "BYE"), data
        return data

    async def uids(self, *criteria: str) -> set[int]:
        await self("noop")
        (found,) = await self("uid", "SEARCH", *criteria)
        return {int(uid) for uid in (found or b"").split()}


@feature()
async def test_two_of_ours(scene: Scene) -> None:
    async with scene.another() as other, other.select("INBOX") as inbox:
        await seen_by(scene.imap, Change(other, inbox, scene.name("shared")))


@feature()
async def test_imaplib_changes_and_ours_sees(scene: Scene) -> None:
    peer = await Peer.connect(scene)
    await seen_by(scene.imap, ByImaplib(peer, scene.name("shared")))
    await peer("logout")


@feature()
async def test_ours_changes_and_imaplib_sees(scene: Scene) -> None:
    peer = await Peer.connect(scene)
    imap = scene.imap
    await imap.append("INBOX", MESSAGE)
    await imap.append("INBOX", MESSAGE)
    assert await peer.uids("ALL") == {1, 2}
    async with imap.select("INBOX") as inbox:
        await inbox.add_flags(1, Flag.FLAGGED)
        assert await peer.uids("FLAGGED") == {1}
        await inbox.remove_flags(1, Flag.FLAGGED)
        assert await peer.uids("FLAGGED") == set()
        await inbox.delete(1)
        assert await peer.uids("ALL") == {2}
        await imap.create(scene.name("box"))
        await inbox.move(2, scene.name("box"))
        assert await peer.uids("ALL") == set()
    listed = await peer("list", '""', "*")
    assert any(re.search(rb"\bbox\b", line) for line in listed)
    await imap.delete(scene.name("box"))
    listed = await peer("list", '""', "*")
    assert not any(re.search(rb"\bbox\b", line) for line in listed if line)
    await peer("logout")


@feature("keywords")
async def test_keywords(scene: Scene) -> None:
    """RFC 5788's registry and RFC 8457's $Important, as one client writes and another reads."""
    keywords = (Flag.IMPORTANT, Flag.FORWARDED, Flag.JUNK, "mine")
    await scene.imap.append("INBOX", MESSAGE, flags=[Flag.MDN_SENT])
    async with scene.another() as other:
        async with scene.imap.select("INBOX") as inbox, other.select("INBOX") as theirs:
            await inbox.add_flags(1, *keywords)
            await other.noop()
            (message,) = await theirs.fetch_all(1, aimap.FLAGS)
            assert message.flags >= {*keywords, Flag.MDN_SENT}
            assert await theirs.search(aimap.KEYWORD("$important")) == UIDSet(1)
            await theirs.remove_flags(1, *keywords)
            await scene.imap.noop()
            assert await inbox.search(aimap.KEYWORD("mine")) == UIDSet()
    scene.saw("keywords", WORKS)
