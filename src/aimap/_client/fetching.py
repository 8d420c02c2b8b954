"""Fetching many messages as a stream.

A set of messages goes out in slices, a few in flight ahead of the reader, so that no
round trip is lost, other commands wait for a slice at most, and what nobody consumes is
not asked for. Slices are sized by the octets that answers were seen to take, and grow
with what was consumed: who gives up early has not asked for much.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, final

import trio

from aimap._client.driver import CommandFuture, Driver
from aimap._client.finding import search
from aimap._client.limiting import lesser, undone
from aimap._client.narrowing import Narrowing
from aimap._client.refilling import Refilling
from aimap._commands.fetch import Fetch
from aimap._commands.sets import set_octets
from aimap._errors import CommandError, ImapError, NoError, StateError
from aimap._model.fetch import FetchItem
from aimap._model.message import Message
from aimap._model.numbers import MAX_NUMBER, UID, SeqSet, UIDSet
from aimap._model.returning import Partial
from aimap._model.saved import SavedResult
from aimap._model.search import IN
from aimap._protocol.view import MailboxView

_FIRST_SLICE_OCTETS = 128 * 1024
_SLICE_OCTETS = 256 * 1024
_SLICES_AHEAD = 6
_FIRST_GUESS = 400
_FIRST_GUESS_BODY = 32 * 1024
_WIDE = 10_000
_NONE = UIDSet()


@final
class FetchResult(list[Message]):
    """Messages in ascending order of their UIDs, whatever the order of the answers.

    Attributes:
        missing: the UIDs that were asked for and not answered: mostly, those gone. Empty
            where only some were to be answered: with ``changed_since=`` or ``partial=``.
        refused: those of them that the server has and does not give out, such as a message
            that is damaged, with what it said.
        vanished: the UIDs that are gone since then, where ``vanished=True`` asked for them.
    """

    missing: UIDSet
    refused: Mapping[UID, NoError]
    vanished: UIDSet

    def __init__(
        self,
        messages: Sequence[Message],
        missing: UIDSet,
        refused: Mapping[UID, NoError],
        vanished: UIDSet,
    ) -> None:
        super().__init__(messages)
        self.missing = missing
        self.refused = refused
        self.vanished = vanished


@final
class FetchStream:
    """Messages as they arrive: an ``async with`` block around an ``async for`` loop.

    Any command may be awaited inside the loop. Leaving it early gives up the rest at
    once: what is in flight is dropped as it arrives, and nothing more is asked for.

    Where the server refuses all for the sake of some, the others are asked for again, and
    :attr:`refused` tells which those are. If it gives out none, or refuses more than 20, that
    is an error.
    """

    def __init__(
        self,
        driver: Driver,
        view: MailboxView,
        messages: UIDSet | SavedResult,
        items: Sequence[FetchItem[Any]],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        partial: Partial | None = None,
        guess: int | None = None,
    ) -> None:
        self._driver = driver
        self._view = view
        self._saved = messages if isinstance(messages, SavedResult) else None
        self._rest = _NONE if isinstance(messages, SavedResult) else messages
        self._items = items
        self._changed_since = changed_since
        self._partial = partial
        self._finds_vanished = vanished
        self._vanished = _NONE
        self._most = driver.session.message_limit()
        self._there: UIDSet | None = None
        self._slices: dict[CommandFuture[Any], tuple[Fetch, int]] = {}
        self._buffer: deque[Message] = deque()
        self._octets = 0
        self._taken = 0
        self._seen = 0
        self._seen_octets = 0
        body = any(item.key.startswith(("BODY[", "BINARY[")) for item in items)
        self._guess = guess or (_FIRST_GUESS_BODY if body else _FIRST_GUESS)
        self._missing = _NONE
        self._asked_again = False
        self._narrowing = Narrowing()
        self._refilling = Refilling(driver, items, self._buffer_up, self._refilled)
        self._error: ImapError | None = None
        self._event = trio.Event()
        self._open = False

    @property
    def missing(self) -> UIDSet:
        """The UIDs that were asked for twice and not answered; mostly, those gone."""
        return self._missing | self._narrowing.gone | UIDSet(self._narrowing.refused)

    @property
    def refused(self) -> dict[UID, NoError]:
        """Those of them that the server has and does not give out, with what it said."""
        return self._narrowing.refused

    @property
    def vanished(self) -> UIDSet:
        """The UIDs that are gone since then, where ``vanished=True`` asked for them."""
        return self._vanished

    async def __aenter__(self) -> Self:
        """Begin to fetch.

        Raises:
            StateError: if the mailbox is not selected any more.
            ConnectionLostError: if the connection is gone.
        """
        await self._prepare()
        self._open = True
        self._ask()
        return self

    async def _prepare(self) -> None:
        """Find out what has to be known before the first slice goes out."""
        if self._saved is not None and self._most is not None:
            # What is left of it, once the server stopped, has to be known by UID.
            self._rest, self._saved = await search(self._driver, IN(self._saved)), None
        elif self._partial is not None and not self._server_has_windows:
            there = list(await search(self._driver, IN(self._saved or self._rest)))
            self._rest = UIDSet(self._partial.of(there))
            self._saved = self._partial = None
        elif self._is_wide and not self._answers_some:
            # Too wide to be cut by counting: ask which of them there are.
            self._rest &= await search(self._driver, IN(self._rest))
        elif self._is_wide and self._partial is None and self._most is not None:
            # Those that are gone are asked for too; between those that are there it is cut.
            self._there = await search(self._driver, IN(self._rest))
        else:
            await trio.lowlevel.checkpoint()

    @property
    def _is_wide(self) -> bool:
        """Whether there are far fewer messages than numbers in the set."""
        return len(self._rest) > max(_WIDE, 2 * self._view.exists)

    @property
    def _answers_some(self) -> bool:
        """Whether not all of the messages are to be answered."""
        return self._changed_since is not None or self._partial is not None

    @property
    def _server_has_windows(self) -> bool:
        session = self._driver.session
        return (
            self._partial is not None
            and session.offers("PARTIAL")
            and len(self._partial) <= (self._most or MAX_NUMBER)
            and len(str(self._rest)) <= set_octets(session.max_line)
        )

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give up what is left, at once."""
        self._open = False
        for each in self._slices:
            each.cancel()
        self._slices.clear()
        self._refilling.cancel()
        self._buffer.clear()
        self._take(self._octets)

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        """Return the next message.

        Raises:
            NoError: if the server refuses; what it did send has been given out before.
            ConnectionLostError: if the connection is gone.
            StateError: outside the ``async with`` block.
        """
        if not self._open:
            raise StateError("a fetch is read inside its 'async with' block")
        if self._buffer:
            await trio.lowlevel.checkpoint()
        elif not await self._more():
            raise StopAsyncIteration
        message = self._buffer.popleft()
        self._take(message.octets)
        self._ask()
        return message

    async def rest(self) -> list[Message]:
        """Return all messages that are left, in one list.

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        messages: list[Message] = []
        while await self._more():
            messages.extend(self._buffer)
            self._buffer.clear()
            self._take(self._octets)
            self._ask()
        return messages

    async def _more(self) -> bool:
        """Wait until something is buffered; ``False`` when there is no more."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._buffer:
            if self._error is not None:
                raise self._error
            if self._is_done:
                await trio.lowlevel.cancel_shielded_checkpoint()
                return False
            self._event = trio.Event()
            with self._driver.awaiting:
                await self._event.wait()
        return True

    @property
    def _is_done(self) -> bool:
        waits = self._slices or self._rest or self._narrowing or self._refilling
        return not waits and self._saved is None

    def _take(self, octets: int) -> None:
        self._octets -= octets
        self._taken += octets
        self._driver.buffered -= octets
        self._driver.wake_reader()

    def _deliver(self, messages: list[Message]) -> None:
        if self._open:
            self._buffer_up(self._refilling.whole(messages))

    def _buffer_up(self, messages: list[Message]) -> None:
        octets = sum([message.octets for message in messages])
        self._buffer.extend(messages)
        self._octets += octets
        self._driver.buffered += octets
        self._seen += len(messages)
        self._seen_octets += octets
        self._event.set()

    def _refilled(self, lost: ImapError | None) -> None:
        if lost is not None:
            self._fail(lost)
        self._go_on()

    def _ask(self) -> None:
        """Keep slices in flight, as many as the budget allows."""
        if self._saved is not None:
            saved, self._saved = self._saved, None
            self._submit(saved)
        octets = set_octets(self._driver.session.max_line)
        if self._refilling:
            return
        if self._narrowing:
            if not self._slices:
                self._submit(self._narrowing.next(octets))
            return
        if not self._rest or self._error is not None:
            return
        # Several go out in one flight: each flight costs as much as reading many messages.
        if len(self._slices) > _SLICES_AHEAD // 2:
            return
        average = max(1, self._seen_octets // self._seen) if self._seen else self._guess
        budget = self._driver.limits.max_buffered // 2
        count = min(_SLICE_OCTETS, max(_FIRST_SLICE_OCTETS, self._taken)) // average or 1
        if self._answers_some:
            # How many will be answered, nobody knows.
            count = len(self._rest if self._there is None else self._there) or 1
        if self._partial is None:
            count = min(count, self._most or count)
        while self._rest and len(self._slices) < _SLICES_AHEAD:
            waiting = sum(count for _, count in self._slices.values())
            expected = waiting * average + self._octets
            if self._slices and expected > budget:
                return
            if not self._slices and self._octets > budget:
                return
            self._submit(self._cut(count, octets))

    def _cut(self, count: int, octets: int) -> UIDSet:
        """Take the next slice off the rest."""
        if self._there is None:
            piece, self._rest = self._rest.cut(count, octets)
            return piece
        head, self._there = self._there.cut(count, MAX_NUMBER)
        below = UIDSet.from_ranges([(1, head.last if self._there else MAX_NUMBER)])
        piece, _ = (self._rest & below).cut(len(self._rest), octets)
        self._rest -= piece
        return piece

    def _submit(self, messages: UIDSet | SavedResult) -> None:
        command = Fetch(
            messages,
            self._items,
            self._deliver,
            changed_since=self._changed_since,
            on_vanished=self._on_vanished if self._finds_vanished else None,
            partial=self._partial,
        )
        future = self._driver.submit(command)
        self._slices[future] = command, 0 if isinstance(messages, SavedResult) else len(messages)
        future.call_when_done(self._slice_done)

    def _on_vanished(self, uids: UIDSet) -> None:
        self._vanished |= uids

    def _slice_done(self, future: CommandFuture[Any]) -> None:
        found = self._slices.pop(future, None)
        if found is None:
            return
        command, _ = found
        messages = command.messages
        try:
            self._note(command, future.outcome())
        except ImapError as error:
            code = error.code if isinstance(error, CommandError) else None
            most = lesser(code, messages) if isinstance(messages, UIDSet) else None
            if most is not None and isinstance(messages, UIDSet) and not self._is_wide:
                self._most, self._rest = most, self._rest | messages
            elif not self._bears(command, error):
                self._fail(error)
        self._go_on()

    def _go_on(self) -> None:
        """Ask for what comes next, behind an answer."""
        if self._is_done and self._missing and not self._asked_again:
            # Some servers send data behind the answer that they belong to, or none where
            # much is asked for at once: what is missing is not believed to be gone yet.
            self._asked_again = True
            self._rest, self._missing = self._missing, UIDSet()
        if self._is_done and self.refused and not self._seen:
            self._fail(next(iter(self.refused.values())))
        self._ask()
        self._event.set()

    def _bears(self, command: Fetch, error: ImapError) -> bool:
        """Take a refusal of some, and tell whether the others can be had."""
        asked, unanswered = command.messages, command.unanswered
        return (
            self._error is None
            and not self._answers_some
            and isinstance(asked, UIDSet)
            and isinstance(unanswered, UIDSet)
            and self._narrowing.bears(error, asked, unanswered)
        )

    def _fail(self, error: ImapError) -> None:
        self._error = self._error or error
        self._rest = UIDSet()
        self._narrowing.give_up()

    def _note(self, command: Fetch, missing: UIDSet | SeqSet) -> None:
        """Note what the server did not answer, and ask again for what it did not get to."""
        if not isinstance(command.messages, UIDSet):
            return
        left = undone(command, command.messages)
        if command.limit is not None:
            self._most = command.limit.limit or None
        self._rest |= left
        if missing and not self._answers_some:
            self._missing |= missing - left
