"""Searches whose results are kept current (:rfc:`5267#section-4.3`).

A server with CONTEXT=SEARCH tells what comes into the results and what leaves them. With
any other, and once it tells no more, the search is made again whenever the mailbox has changed,
and the results are compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Protocol, Self, final

import trio

from aimap._client.driver import Driver
from aimap._client.finding import search, search_all
from aimap._commands.connection import Noop
from aimap._commands.criteria import search_pieces
from aimap._commands.search import CancelUpdate, ESearch
from aimap._errors import BadError, NoError, StateError
from aimap._model.code import NoUpdateCode
from aimap._model.event import SearchChange
from aimap._model.numbers import UIDSet
from aimap._model.response import ESearchResponse, StatusResponse
from aimap._model.search import SearchCriteria
from aimap._protocol.events import MailboxClosed, MailboxEvent


class Listener(Protocol):
    """Who is told of what happens to the selected mailbox."""

    def on_event(self, event: MailboxEvent) -> None:
        """Take an event of the session."""


@final
class SearchUpdates:
    """A search whose results are kept current: an ``async with`` block around a loop.

    Attributes:
        results: the UIDs of the messages that match, as far as the loop has come.
    """

    def __init__(self, driver: Driver, criteria: SearchCriteria, listeners: list[Listener]) -> None:
        self.results: UIDSet = UIDSet()
        self._driver = driver
        self._criteria = criteria
        self._listeners = listeners
        self._told: list[ESearchResponse | str] = []
        self._tag: str | None = None
        self._is_stale = False
        self._closed = False
        self._event = trio.Event()

    async def __aenter__(self) -> Self:
        """Search, and go on listening; :attr:`results` is set then.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses the search.
            ConnectionLostError: if the connection is gone.
        """
        self._listeners.append(self)
        try:
            if not await self._begin_by_server():
                self._is_stale = False
                self.results = await search(self._driver, self._criteria)
        except BaseException:
            self._listeners.remove(self)
            raise
        self._driver.begin_idle()
        return self

    async def _begin_by_server(self) -> bool:
        """Have the server tell changes; say whether it will."""
        session = self._driver.session
        pieces = search_pieces(self._criteria, session.max_line)
        offered = session.offers("CONTEXT=SEARCH") and session.offers("ESEARCH")
        if not offered or len(pieces) > 1:
            return False
        try:
            answers = await search_all(
                self._driver,
                self._criteria,
                lambda part, charset: ESearch(part, ["UPDATE", "ALL"], charset=charset),
            )
        except (NoError, BadError):
            # It may have too many of them already; the search itself is another matter.
            return False
        self._tag = answers[0].tag
        if len(answers) > 1 or self._tag is None:
            self._cancel()
            return False
        self.results = UIDSet(answers[0].all or ())
        return True

    def _cancel(self) -> None:
        tag, self._tag = self._tag, None
        if tag is not None and not self._closed and self._driver.session.lost is None:
            self._driver.submit(CancelUpdate(tag))

    @property
    def _has_idle(self) -> bool:
        return self._driver.session.offers("IDLE")

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, at once."""
        self._listeners.remove(self)
        self._cancel()
        if not self._listeners:
            self._driver.end_idle()

    def on_event(self, event: MailboxEvent) -> None:
        """Take an event of the session: something has changed."""
        if isinstance(event, MailboxClosed):
            self._closed = True
        self.on_change()

    def on_change(self) -> None:
        """Look again: there was a change, perhaps of our own, of which a server tells nothing."""
        self._is_stale = self._is_stale or self._tag is None
        self._event.set()

    def on_response(self, response: object) -> None:
        """Take a response that answers no command: it may be news of the results."""
        if isinstance(response, ESearchResponse) and (response.added or response.removed):
            self._told.append(response)
        elif isinstance(response, StatusResponse) and isinstance(response.code, NoUpdateCode):
            self._told.append(response.code.tag)
        else:
            return
        if len(self._told) > self._driver.limits.max_events:
            # Nobody has looked for long: what has become of it is asked for in one.
            self._told.clear()
            self._is_stale = True
        self._event.set()

    def __aiter__(self) -> AsyncIterator[SearchChange]:
        return self

    async def __anext__(self) -> SearchChange:
        """Wait for the next change of the results, for ever if need be.

        Raises:
            StateError: if the mailbox was left.
            NoError: if the server refuses to search again.
            ConnectionLostError: if the connection is gone.

        Cancelling loses no change: the next call gives it.
        """
        await trio.lowlevel.checkpoint()
        while True:
            if self._told:
                now = self._after(self._told.pop(0))
            elif self._closed:
                lost = self._driver.session.lost
                raise lost.fresh() if lost else StateError("the mailbox is not selected any more")
            elif self._is_stale:
                self._is_stale = False
                try:
                    now = await search(self._driver, self._criteria)
                except BaseException:
                    self._is_stale = True
                    raise
            else:
                await self._wait()
                continue
            before, self.results = self.results, now
            if now != before:
                return SearchChange(added=now - before, removed=before - now)

    def _after(self, told: ESearchResponse | str) -> UIDSet:
        """Return the results after what the server has told."""
        if self._tag is None:
            return self.results
        if isinstance(told, str):
            if told == self._tag:
                self._tag, self._is_stale = None, True
            return self.results
        if told.tag != self._tag:
            return self.results
        gone = UIDSet.from_ranges(pair for change in told.removed for pair in change.order)
        new = UIDSet.from_ranges(pair for change in told.added for pair in change.order)
        return self.results - gone | new

    async def _wait(self) -> None:
        self._event = trio.Event()
        patience = float("inf") if self._has_idle else self._driver.timeouts.poll
        with self._driver.awaiting, trio.move_on_after(patience) as scope:
            await self._event.wait()
        if scope.cancelled_caught:
            await self._driver.call(Noop())
