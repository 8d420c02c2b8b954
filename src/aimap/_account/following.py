"""Following one mailbox on one connection: from what is known to what is there, and on.

Whatever the server says, unasked or in answer, is taken in the order in which it came, as one
list of *notices*, from before the mailbox is selected. Each is compared with what is known
already, so none does harm that comes twice: SEARCH only takes away, FETCH only adds and
changes. And one thing must hold whenever all notices were taken: as many messages are
known as the server says that there are. Where it does not hold, the server is asked: for what
came last, and if that was not it, for everything.

How much is asked at first depends on what there is (:rfc:`4549#section-4.3`): with QRESYNC
nothing, since SELECT tells what has changed (:rfc:`7162#section-3.2.5`); with CONDSTORE the
UIDs and what has changed (:rfc:`7162#section-3.1.4.1`); else all UIDs and flags.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, final

import attrs
import trio

from aimap._account.known import Advanced, Began, Known, Step, Told, without_recent
from aimap._account.link import Link
from aimap._account.position import MailboxPosition
from aimap._account.selecting import Fetched, fetch_flags, search_all, since
from aimap._client.driver import CommandFuture
from aimap._commands.connection import Enable, Noop
from aimap._commands.select import Examine, QResync, SelectResult
from aimap._errors import CommandError, LimitExceededError, StateError
from aimap._model.capability import Capabilities
from aimap._model.event import Expunged, MailboxReset
from aimap._model.fetch import FLAGS, MODSEQ
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER, UID, ModSeq, UIDSet
from aimap._protocol.events import (
    MailboxClosed,
    MailboxDoubtful,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    MessagesVanished,
    SessionEvent,
)
from aimap._protocol.view import MailboxView

_MOST_SINGLE = 256


@final
@attrs.frozen
class _Found:
    """All UIDs that there are, and which were known when that was asked."""

    uids: UIDSet
    known: UIDSet


@final
@attrs.frozen
class _Opened:
    """How a mailbox was selected.

    Attributes:
        result: what came of it.
        told: what the server was told to be known; ``None`` if nothing.
        found: which messages there are, where that and the flags were asked for already.
    """

    result: SelectResult
    told: QResync | None
    found: UIDSet | None = None


_Notice: TypeAlias = (
    MailboxGrew
    | MessageExpunged
    | MessagesVanished
    | MessageChanged
    | MailboxDoubtful
    | Fetched
    | _Found
)
_NOTICES = (MailboxGrew, MessageExpunged, MessagesVanished, MessageChanged, MailboxDoubtful)


@final
class Follower:
    """Follows one mailbox on one connection.

    Args:
        link: the connection, held for watching.
        name: the mailbox.
        known: what is known of it; steps are taken on it as they are told.
        tell: called with each step, and with the time when the server told it.
        on_other: called with what the session tells of anything else.

    Attributes:
        by_modseq: whether the mailbox has mod-sequences.
    """

    def __init__(
        self,
        link: Link,
        name: str,
        known: Known,
        tell: Callable[[Step, float], None],
        on_other: Callable[[SessionEvent], None] | None = None,
    ) -> None:
        self.by_modseq = False
        self._link = link
        self._driver = link.driver
        self._name = name
        self._known = known
        self._tell_on = tell
        self._on_other = on_other
        self._notices: deque[_Notice] = deque()
        self._heard = 0.0
        self._something = trio.Event()
        self._selected = False
        self._closed = False
        self._doubt = False
        self._accepted: tuple[int, int] | None = None

    # What the session tells

    def on_event(self, event: SessionEvent) -> None:
        """Take an event of the session."""
        if isinstance(event, MailboxClosed):
            self._closed = self._selected
            if not self._closed:
                # It was the one before, and so was all that was told until now.
                self._notices.clear()
            self._something.set()
        elif isinstance(event, _NOTICES):
            self._note(event)
        elif self._on_other is not None:
            self._on_other(event)

    def _note(self, notice: _Notice) -> None:
        if not self._notices:
            self._heard = trio.current_time()
        most = self._driver.limits.max_events
        if len(self._notices) >= most and not isinstance(notice, (Fetched, _Found)):
            # Nobody takes them: it is all told again when somebody does.
            self._driver.session.lose(LimitExceededError("max_events", most))
            return
        self._notices.append(notice)
        self._something.set()

    def wake(self) -> None:
        """Let it look again how long it may go on."""
        self._something.set()

    # The life of it

    async def catch_up(self) -> None:
        """Select the mailbox, and tell what is new since what is known.

        Raises:
            NoError: if the server refuses the mailbox.
            StateError: if it was closed at once.
            ConnectionLostError: if the connection is gone.
        """
        opened = self._take_prepared()
        self._link.listen(self.on_event)
        await self._catch_up(opened or await self._select())

    def _take_prepared(self) -> _Opened | None:
        """Take a mailbox that was selected along with the login, if it is this one."""
        prepared, self._link.prepared = self._link.prepared, None
        if (
            prepared is None
            or prepared.known is not self._known
            or self._driver.session.view is None
            or (result := prepared.result()) is None
        ):
            return None
        self._selected = True
        # What came since then comes first; nobody has run meanwhile who could lose any.
        for event in prepared.events or ():
            if isinstance(event, Fetched):
                self._note(event)
            else:
                self.on_event(event)
        return _Opened(result, prepared.since, prepared.found())

    async def _select(self) -> _Opened:
        self._link.bare()
        qresync = await self._enable_qresync()
        told = since(self._known) if qresync else None
        condstore = not qresync and self._driver.session.offers("CONDSTORE")
        self._selected = False
        result = await self._driver.call(Examine(self._name, condstore=condstore, qresync=told))
        self._selected = True
        return _Opened(result, told)

    async def _catch_up(self, opened: _Opened) -> None:
        known, told = self._known, opened.told
        session = self._driver.session
        qresync = "QRESYNC" in session.enabled
        view = self._view()
        highest = view.highest_modseq
        self.by_modseq = highest is not None and session.offers("CONDSTORE")
        if known.begun and (known.uid_validity != view.uid_validity or not view.uid_validity):
            self._tell(Told(MailboxReset(self._name, view.uid_validity)))
            told = None
        if not known.begun:
            await self._begin(view, highest)
        elif told is not None and self._resynchronise(opened.result, view):
            pass
        elif self.by_modseq and highest == known.modseq and len(known.uids) == view.exists:
            # Nothing at all has happened.
            if not qresync:
                view.track(known.uids.frozen())
        elif opened.found is not None:
            self._note(_Found(opened.found, known.uids.frozen()))
        else:
            await self._look(at_all=not self.by_modseq or known.modseq is None)
        while not await self._settle():
            pass
        if highest is not None and self.by_modseq:
            self._advance(highest)

    async def follow(self, until: Callable[[], float]) -> None:
        """Tell what happens, for as long as *until* says, on Trio's clock.

        Raises:
            StateError: if the mailbox is not selected any more.
            ConnectionLostError: if the connection is gone.
        """
        self._driver.begin_idle()
        try:
            while True:
                while not await self._settle():
                    pass
                end = until()
                if trio.current_time() >= end:
                    return
                if self._known.single > _MOST_SINGLE:
                    # At the tagged OK the server has told all that there was.
                    await self._driver.call(Noop())
                    if not self._notices and (highest := self._known.highest_single):
                        self._advance(highest)
                    continue
                await self._wait(end)
        finally:
            self._driver.end_idle()

    async def _wait(self, end: float) -> None:
        self._something = trio.Event()
        if self._notices or self._closed:
            return
        now = trio.current_time()
        idle = self._driver.session.offers("IDLE")
        look = math.inf if idle else now + self._driver.timeouts.poll
        with self._driver.awaiting:
            if look == end == math.inf:
                # No scope, which thousands of watches would each have.
                await self._something.wait()
                return
            with trio.CancelScope(deadline=min(look, end)) as patience:
                await self._something.wait()
        if patience.cancelled_caught and look < end:
            await self._driver.call(Noop())

    # Selecting

    async def _enable_qresync(self) -> bool:
        session = self._driver.session
        if "QRESYNC" in session.enabled:
            return True
        if not session.offers("QRESYNC"):
            return False
        if session.view is not None and not session.offers("UNSELECT"):
            # It cannot be enabled now (RFC 5161 section 3.1).
            return False
        try:
            await self._driver.call(Enable("QRESYNC"))
        except CommandError:
            return False
        # Some say OK, and have not enabled it.
        return "QRESYNC" in session.enabled

    def _view(self) -> MailboxView:
        view, lost = self._driver.session.view, self._driver.session.lost
        if lost is not None:
            raise lost.fresh()
        if view is None or self._closed:
            raise StateError(f"{self._name!r} is not selected any more")
        return view

    async def _begin(self, view: MailboxView, highest: ModSeq | None) -> None:
        """Learn what there is, of which nothing is news."""
        if not self.by_modseq:
            await self._look(at_all=True)
            quiet, self._tell_on = self._tell_on, _tell_nobody
            try:
                self._digest()
            finally:
                self._tell_on = quiet
            # That was no news to anybody.
            position = attrs.evolve(self._known.position(), uid_validity=view.uid_validity)
            self._tell(Began(position))
            return
        first_new = view.uid_next
        uids = await self._search().wait()
        if first_new is not None:
            # What came since it was selected has a mod-sequence above, and is news.
            uids -= UIDSet.from_ranges([(first_new, MAX_NUMBER)])
        self._tell(Began(MailboxPosition(view.uid_validity, uids, highest)))

    def _resynchronise(self, result: SelectResult, view: MailboxView) -> bool:
        """Take what SELECT has told of what happened meanwhile, if that can be true."""
        known = self._known.uids
        gone = known.frozen() & result.vanished
        there = [m for m in result.changed if m.uid_or_none is not None and FLAGS in m]
        new = {message.uid for message in there if message.uid not in known}
        if new & set(gone) or len(known) - len(gone) + len(new) != view.exists:
            # Nothing is called gone on such a word alone.
            return False
        for uid in gone:
            self._tell(Told(Expunged(uid, self._name)))
        self._learn(sorted(there, key=lambda message: message.uid))
        return True

    # Asking

    def _track(self, uids: UIDSet) -> None:
        if self._driver.session.view is not None:
            self._driver.session.view.track(uids)

    def _search(self) -> CommandFuture[UIDSet]:
        offered = self._driver.session.capabilities or Capabilities()
        return self._driver.submit(search_all(offered, self._track))

    async def _look(self, *, at_all: bool) -> UIDSet:
        """Ask which messages there are, and for the flags of those that have changed, or all."""
        before = self._known.uids.frozen()
        search = self._search()
        changed_since = None if at_all else self._known.modseq
        fetch = self._driver.submit(
            fetch_flags(self._note, by_modseq=self.by_modseq, changed_since=changed_since)
        )
        try:
            uids = await search.wait()
            await fetch.wait()
        finally:
            for future in (search, fetch):
                if not future.done:
                    future.cancel()
        self._note(_Found(uids, before))
        return uids

    async def _fetch(self, uids: UIDSet) -> None:
        await self._driver.call(fetch_flags(self._note, uids, by_modseq=self.by_modseq))

    # Taking what was told

    async def _settle(self) -> bool:
        """Take all notices; tell whether they say all, or something had to be asked."""
        self._digest()
        view = self._view()
        known = self._known.uids
        counts = len(known), view.exists
        if not self._doubt and (counts[0] == counts[1] or counts == self._accepted):
            await trio.lowlevel.checkpoint()
            return not self._notices
        if not self._doubt and counts[0] < counts[1] and known.highest < MAX_NUMBER:
            await self._fetch(UIDSet.from_ranges([(known.highest + 1, MAX_NUMBER)]))
            self._digest()
            if len(known) == view.exists:
                return not self._notices
        self._doubt = False
        found = await self._look(at_all=self._known.modseq is None or not self.by_modseq)
        self._digest()
        if missing := found - known.frozen():
            # They are there, were not known, and have not changed: as it can be after a lie.
            await self._fetch(missing)
        # It may have answered ahead of what it has told of: this lets it tell.
        await self._driver.call(Noop())
        self._digest()
        view = self._view()
        self._accepted = len(known), view.exists
        return False

    def _digest(self) -> None:
        while self._notices:
            self._take(self._notices.popleft())

    def _take(self, notice: _Notice) -> None:
        match notice:
            case Fetched(messages):
                self._learn(messages)
            case MessageChanged(message, uid):
                if FLAGS not in message:
                    return
                if uid is None or (self._known.modseq and self._modseq(message) is None):
                    self._doubt = True
                else:
                    self._learn_one(uid, message)
            case MessageExpunged(uid=uid):
                if uid is not None:
                    self._gone(UIDSet(uid))
            case MessagesVanished(uids):
                self._gone(uids)
            case _Found(uids, known):
                self._gone(known - uids)
            case MailboxDoubtful():
                self._doubt = True
            case MailboxGrew():
                # The counts tell.
                self._accepted = None

    def _gone(self, uids: UIDSet) -> None:
        known = self._known.uids
        if len(uids) == 1:
            gone = uids if uids.first in known else UIDSet()
        else:
            gone = known.frozen() & uids
        for uid in gone:
            self._tell(Told(Expunged(uid, self._name)))

    def _learn(self, messages: list[Message]) -> None:
        for message in sorted(messages, key=lambda message: message.uid_or_none or 0):
            if message.uid_or_none is not None and FLAGS in message:
                self._learn_one(message.uid, message)

    def _learn_one(self, uid: UID, message: Message) -> None:
        flags, modseq = without_recent(message.flags), self._modseq(message)
        event = self._known.news(self._name, uid, flags, modseq)
        if event is not None:
            self._tell(Told(event, modseq))

    def _modseq(self, message: Message) -> ModSeq | None:
        if not self.by_modseq or MODSEQ not in message:
            return None
        return message.modseq

    def _advance(self, modseq: ModSeq) -> None:
        if modseq > (self._known.modseq or 0) or self._known.single:
            self._tell(Advanced(modseq))

    def _tell(self, step: Step) -> None:
        self._known.take(step)
        self._tell_on(step, self._heard)


def _tell_nobody(step: Step, heard: float) -> None:
    del step, heard
