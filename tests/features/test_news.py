"""News as they happen, and how far long commands have come."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import trio

import aimap
from aimap import Arrived, ListResponse, MailboxStatus
from aimap._model.notify import NotifyEvent
from aimap.commands import EventGroup, MailboxFilter, Noop

from .frame import NOT_OFFERED, WORKS, Scene, feature, happens

MESSAGES: list[NotifyEvent] = ["MessageNew", "MessageExpunge"]


@feature("IDLE")
async def test_news_of_the_selected_mailbox(scene: Scene) -> None:
    async with scene.another() as other, scene.imap.select("INBOX") as inbox:
        async with inbox.watch() as events:
            await other.append("INBOX", b"Subject: x\r\n\r\n")
            await happens(
                scene.imap, events, lambda event: isinstance(event, Arrived) and event.uid == 1
            )
    assert scene.offers("IDLE")
    scene.saw("IDLE", WORKS)


@feature("NOTIFY")
async def test_news_of_other_mailboxes(scene: Scene) -> None:
    imap = scene.imap
    wanted = EventGroup(MailboxFilter.PERSONAL, [*MESSAGES, "MailboxName"])

    async def open_it() -> None:
        imap.notify(wanted)

    if not scene.offers("NOTIFY"):
        await scene.refuses("NOTIFY", open_it)
        return
    await imap.create("a")
    with pytest.raises(aimap.InvalidArgumentError):
        imap.notify(EventGroup(MailboxFilter.SELECTED, MESSAGES))
    with pytest.raises(aimap.InvalidArgumentError):
        imap.notify()
    async with scene.another() as other, imap.notify(wanted, status=True) as news:
        with trio.fail_after(10):
            told = {each.mailbox: each async for each in _some(news, len(await other.list()))}
            assert told["a"].messages == 0
            with pytest.raises(aimap.StateError):
                async with imap.notify(wanted):
                    pass
            async with imap.select("INBOX") as inbox, inbox.watch() as events:
                await other.append("INBOX", b"Subject: x\r\n\r\n")
                assert isinstance(await events.__anext__(), Arrived)
                await other.append("a", b"Subject: x\r\n\r\n")
                await imap.noop()
                async for each in news:
                    if isinstance(each, MailboxStatus) and each.mailbox == "a":
                        assert each.messages == 1
                        break
            await other.create("b")
            await imap.noop()
            async for each in news:
                if isinstance(each, ListResponse) and each.mailbox.name == "b":
                    break
    # The selected mailbox is told of as ever.
    async with scene.another() as other, imap.select("INBOX") as inbox:
        await other.append("INBOX", b"Subject: x\r\n\r\n")
        await imap.noop()
        assert inbox.exists == 2
    scene.saw("NOTIFY", WORKS)


async def _some(news: aimap.Notifications, count: int) -> AsyncGenerator[MailboxStatus]:
    for _ in range(count):
        each = await news.__anext__()
        assert isinstance(each, MailboxStatus)
        yield each


@feature("INPROGRESS")
async def test_how_far_a_command_has_come(scene: Scene) -> None:
    """None of the real servers here tells it; tests/client has the embedded one tell it."""
    verdict = WORKS if scene.offers("INPROGRESS") else NOT_OFFERED
    assert (verdict == WORKS) == (scene.kind == "embedded")
    future = scene.imap.submit(Noop())
    await future.wait()
    assert future.progress is None
    scene.saw("INPROGRESS", verdict)
