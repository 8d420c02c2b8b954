"""Watching the selected mailbox: IDLE where the server has it, else NOOP now and then.

With NOTIFY (:rfc:`5465`) the server tells the UIDs and flags of arrivals by itself;
without it they are asked for.

While a watch is open, IDLE is what the session does when nothing else is to be done: a
command of any task ends it, and it begins again by itself. So watching costs other
tasks nothing, and no arrival can fall between a command and the next IDLE.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self, final

import trio

from aimap._client.driver import Driver
from aimap._client.finding import search_all
from aimap._client.live import Listener
from aimap._commands.connection import Noop
from aimap._commands.fetch import Fetch
from aimap._commands.notify import Notify
from aimap._commands.search import Search
from aimap._errors import CommandError, LimitExceededError, StateError
from aimap._model.event import Arrived, Expunged, FlagsChanged, WatchEvent
from aimap._model.fetch import FLAGS, UID_ITEM
from aimap._model.message import Message
from aimap._model.notify import EventGroup, MailboxFilter
from aimap._model.numbers import MAX_NUMBER, UID, UIDSet
from aimap._model.search import ALL
from aimap._protocol.events import (
    MailboxClosed,
    MailboxDoubtful,
    MailboxEvent,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    MessagesVanished,
)
from aimap._protocol.view import MailboxView

_TRIES = 5

# EXPUNGE comes only where message sequence numbers are safe from it (RFC 5465 section 6.1.2).
OF_SELECTED = EventGroup(
    MailboxFilter.SELECTED_DELAYED,
    ("MessageNew", "MessageExpunge", "FlagChange"),
    items=(UID_ITEM, FLAGS),
)


@final
class Watcher:
    """Events of the selected mailbox: an ``async with`` block around an ``async for`` loop."""

    __slots__ = (
        "_closed",
        "_driver",
        "_known_to",
        "_notices",
        "_ready",
        "_view",
        "_waiting",
        "_watchers",
    )

    def __init__(self, driver: Driver, view: MailboxView, watchers: list[Listener]) -> None:
        self._driver = driver
        self._view = view
        self._watchers = watchers
        self._notices: list[MailboxEvent] = []
        # The next one last.
        self._ready: list[WatchEvent] = []
        self._known_to = UID(0)
        self._closed = False
        self._waiting: trio.lowlevel.Task | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch: from here on, every change is told.

        Raises:
            StateError: if the mailbox is not selected any more.
            ConnectionLostError: if the connection is gone.
        """
        first = not self._watchers
        self._watchers.append(self)
        session = self._driver.session
        try:
            if first and session.offers("NOTIFY"):
                await self._notify()
            if not self._view.tracking:
                await self._track()
            else:
                await trio.lowlevel.checkpoint()
        except BaseException:
            self._watchers.remove(self)
            raise
        self._known_to = self._view.highest_uid or UID(0)
        self._driver.begin_idle()
        return self

    async def _notify(self) -> None:
        """Have arrivals told with their UIDs and flags: nothing need be asked then."""
        try:
            await self._driver.call(Notify([*self._driver.notified, OF_SELECTED]))
        except CommandError:
            # All comes without it too, if more slowly.
            return

    @property
    def _has_idle(self) -> bool:
        return self._driver.session.offers("IDLE")

    async def _track(self) -> None:
        """Learn the UIDs of all messages, at the very moment when the server tells them."""
        extended = self._driver.session.offers("ESEARCH")
        for _ in range(_TRIES):
            found = UIDSet()

            def note(uids: UIDSet) -> None:
                # A server that bounds what a command does tells them in parts.
                nonlocal found
                found |= uids
                self._view.track(found)

            await search_all(
                self._driver,
                ALL,
                lambda part, charset: Search(
                    part, extended=extended, charset=charset, on_found=note
                ),
            )
            if self._view.tracking:
                return
            # Its answer was ahead of what we were told of arrivals; NOOP lets it tell.
            await self._driver.call(Noop())
        raise StateError("the server's answers to SEARCH do not fit the number of messages")

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching, at once; IDLE ends with the last watcher."""
        self._watchers.remove(self)
        if not self._watchers:
            self._driver.end_idle()

    def on_event(self, event: MailboxEvent) -> None:
        """Take an event of the session."""
        if isinstance(event, MailboxClosed):
            self._closed = True
        elif len(self._notices) >= self._driver.limits.max_events:
            self._driver.session.lose(
                LimitExceededError("max_events", self._driver.limits.max_events)
            )
        else:
            self._notices.append(event)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            trio.lowlevel.reschedule(waiting)

    def __aiter__(self) -> AsyncIterator[WatchEvent]:
        return self

    async def __anext__(self) -> WatchEvent:
        """Wait for the next event, for ever if need be.

        Raises:
            StateError: if the mailbox was left.
            ConnectionLostError: if the connection is gone.
            trio.BusyResourceError: if another task waits here already.

        Cancelling loses no event: the next call gives it.
        """
        if self._waiting is not None:
            raise trio.BusyResourceError("another task waits for this watcher's next event")
        await trio.lowlevel.checkpoint()
        while not self._ready:
            if self._notices:
                await self._digest(self._notices[0])
                self._ready.reverse()
                del self._notices[0]
            elif self._closed:
                lost = self._driver.session.lost
                raise lost.fresh() if lost else StateError("the mailbox is not selected any more")
            elif self._has_idle:
                # No scope, no coroutine more and no Event, which thousands of connections
                # would have: a task that waits is all that there ever is.
                with self._driver.awaiting:
                    self._waiting = trio.lowlevel.current_task()
                    await trio.lowlevel.wait_task_rescheduled(self._give_up)
            else:
                await self._wait_or_ask()
        return self._ready.pop()

    def _give_up(self, raise_cancel: object) -> trio.lowlevel.Abort:
        del raise_cancel
        self._waiting = None
        return trio.lowlevel.Abort.SUCCEEDED

    async def _wait_or_ask(self) -> None:
        with self._driver.awaiting, trio.move_on_after(self._driver.timeouts.poll) as patience:
            self._waiting = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._give_up)
        if patience.cancelled_caught:
            await self._driver.call(Noop())

    async def _digest(self, notice: MailboxEvent) -> None:
        match notice:
            case MailboxGrew(first, last):
                if not self._were_told(first, last):
                    self._arrived(await self._fetch_arrivals())
            case MessageExpunged(uid=uid):
                if uid is not None:
                    self._ready.append(Expunged(uid))
            case MessagesVanished(uids):
                self._ready.extend(Expunged(uid) for uid in uids)
            case MessageChanged(message, uid):
                if uid is not None and uid <= self._known_to and FLAGS in message:
                    self._ready.append(FlagsChanged(uid, message.flags))
            case MailboxDoubtful(known):
                await self._compare(known)
            case MailboxClosed():
                pass

    def _were_told(self, first: int, last: int) -> bool:
        """Take arrivals that the server told of unasked, if those are all."""
        told: dict[int, MessageChanged] = {}
        for notice in self._notices[1:]:
            if not isinstance(notice, MessageChanged):
                if isinstance(notice, (MessageExpunged, MessagesVanished, MailboxDoubtful)):
                    break
                continue
            seq = notice.message.seq
            if (
                seq is not None
                and first <= seq <= last
                and notice.uid is not None
                and notice.uid > self._known_to
                and FLAGS in notice.message
            ):
                told.setdefault(seq, notice)
        if len(told) < last - first + 1:
            return False
        for notice in told.values():
            self._notices.remove(notice)
        self._arrived(notice.message for notice in told.values())
        return True

    def _arrived(self, messages: Iterable[Message]) -> None:
        for message in sorted(messages, key=lambda message: message.uid):
            self._known_to = message.uid
            self._ready.append(Arrived(message.uid, message.flags))

    async def _compare(self, known: UIDSet) -> None:
        """Find out what is gone and what is new, where the server's counts cannot be true."""
        if not self._view.tracking:
            await self._track()
        now = self._view.uids
        new = await self._fetch_arrivals() if now - known else []
        self._ready.extend(Expunged(uid) for uid in known - now)
        self._arrived(new)

    async def _fetch_arrivals(self) -> list[Message]:
        """Ask for what came after the last message known."""
        found: list[Message] = []
        if self._known_to < MAX_NUMBER:
            wanted = UIDSet.from_ranges([(self._known_to + 1, MAX_NUMBER)])
            await self._driver.call(Fetch(wanted, [FLAGS], found.extend))
        return found
