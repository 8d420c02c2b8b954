"""Watching mailboxes of an account: one stream of events, whatever the connections do."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Self, final

import trio

from aimap._account.backoff import Backoff
from aimap._account.config import AccountConfig
from aimap._account.failures import AccountError, classify
from aimap._account.following import Follower
from aimap._account.known import Followed, Step, Told
from aimap._account.link import Link, Use
from aimap._account.notifying import NotifiedFollower
from aimap._account.pool import Pool
from aimap._account.position import MailboxPosition, Position
from aimap._account.reporting import Reporter
from aimap._account.selecting import Prepared
from aimap._client.timeouts import Timeouts
from aimap._errors import (
    CommandError,
    ConnectionLostError,
    ImapError,
    InvalidArgumentError,
    StateError,
)
from aimap._model.event import AccountWatchEvent

_MOST_UNREAD = 10_000


@final
class _Turn:
    """How long a watch may keep its connection: until others have waited long enough for one.

    Attributes:
        on_change: called when that may be another time than it was.
    """

    __slots__ = ("_end", "_link", "_poll", "_pool", "on_change")

    def __init__(self, pool: Pool, link: Link, poll: float) -> None:
        self._pool = pool
        self._link = link
        self._poll = poll
        self._end = math.inf
        self.on_change: Callable[[], object] | None = None
        link.on_wanted = self._on_wanted
        pool.ask_back()

    def _on_wanted(self, urgent: bool) -> None:
        turn = 0.0 if urgent else self._pool.turn(self._poll)
        self._end = min(self._end, self._link.held_since + turn)
        if self.on_change is not None:
            self.on_change()

    def until(self) -> float:
        """Return until when, on Trio's clock."""
        if not self._pool.is_short:
            self._end = math.inf
        return self._end


@final
class AccountWatch:
    """Events of mailboxes: an ``async with`` block around an ``async for`` loop.

    Made by :meth:`Account.watch`.
    """

    def __init__(
        self,
        pool: Pool,
        nursery: trio.Nursery,
        config: AccountConfig,
        reporter: Reporter,
        names: tuple[str, ...],
        since: Position | None,
    ) -> None:
        if not names or len(set(names)) < len(names):
            raise InvalidArgumentError("name at least one mailbox to watch, and each once")
        self._pool = pool
        self._nursery = nursery
        self._config = config
        self._reporter = reporter
        self._timeouts = config.timeouts or Timeouts()
        known: Mapping[str, MailboxPosition] = {} if since is None else since.mailboxes
        self._followed = {name: Followed(name, known.get(name)) for name in names}
        self._scopes: list[trio.CancelScope] = []
        self._steps: deque[tuple[Followed, Step, float]] = deque()
        self._error: ImapError | None = None
        self._something = trio.Event()
        self._room = trio.Event()
        self._caught_up = trio.Event()
        self._running = 0
        self._over = trio.Event()

    async def __aenter__(self) -> Self:
        """Begin to watch. What happens from then on is told, be there a connection or not.

        Without a position to begin at, that is from the first look at a mailbox on, for which
        :meth:`caught_up` waits.
        """
        if len(self._followed) > 1:
            self._start(self._follow_together)
        else:
            self._follow_each()
        await trio.lowlevel.checkpoint()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching, and give the connections back."""
        self._cancel()
        with trio.CancelScope(shield=True):
            # Nothing is waited for there but our own tasks' next step.
            while self._running:
                self._over = trio.Event()
                await self._over.wait()

    def __aiter__(self) -> AsyncIterator[AccountWatchEvent]:
        return self

    async def __anext__(self) -> AccountWatchEvent:
        """Wait for the next event, for ever if need be.

        Raises:
            AccountError: if the account has given up.
            NoError: if the server refuses a mailbox: there is none of that name.

        Cancelling loses no event: the next call gives it. What was told before an error is
        given out before it is raised.
        """
        await trio.lowlevel.checkpoint()
        while True:
            if self._steps:
                return self._give_out()
            if self._error is not None:
                raise _fresh(self._error)
            self._something = trio.Event()
            await self._something.wait()

    def _give_out(self) -> AccountWatchEvent:
        followed, step, heard = self._steps.popleft()
        assert isinstance(step, Told)
        followed.told.take(step)
        self._pass_silent()
        if not self._steps:
            self._room.set()
        self._reporter.gave_out(trio.current_time() - heard)
        return step.event

    def _pass_silent(self) -> None:
        """Take the steps that are no events, up to the next one that is."""
        while self._steps and not isinstance(self._steps[0][1], Told):
            followed, step, _ = self._steps.popleft()
            followed.told.take(step)

    async def caught_up(self) -> None:
        """Wait until all mailboxes were looked at once: all that was there was told.

        Raises:
            AccountError: if the account has given up.
            NoError: if the server refuses a mailbox.
        """
        await self._caught_up.wait()
        if self._error is not None:
            raise _fresh(self._error)

    @property
    def position(self) -> Position:
        """How far it has come, which is behind the last event that was given out.

        Save it when you have done what the event asks for, and nothing is missed, and
        nothing comes twice, when a watch begins at it.
        """
        return Position(
            {
                name: followed.told.position()
                for name, followed in self._followed.items()
                if followed.told.begun
            }
        )

    # The tasks

    def _cancel(self) -> None:
        for scope in self._scopes:
            scope.cancel()

    def _start(self, follow: Callable[[], Awaitable[None]]) -> None:
        self._running += 1
        scope = trio.CancelScope()
        self._scopes.append(scope)
        self._nursery.start_soon(self._keep_following, follow, scope)

    async def _keep_following(
        self, follow: Callable[[], Awaitable[None]], scope: trio.CancelScope
    ) -> None:
        try:
            with scope:
                await follow()
        except ImapError as error:
            self._error = self._error or error
            self._something.set()
            self._caught_up.set()
            self._cancel()
        finally:
            self._running -= 1
            self._over.set()

    def _follow_each(self) -> None:
        for followed in self._followed.values():
            self._start(partial(self._follow, followed))

    async def _follow(self, followed: Followed) -> None:
        await self._on_connections(followed, partial(self._follow_one, followed))

    async def _follow_together(self) -> None:
        first = next(iter(self._followed.values()))
        await self._on_connections(first, self._follow_all)
        # The server does not say which has changed: each is looked at by itself.
        self._follow_each()

    async def _on_connections(
        self, first: Followed, follow: Callable[[Link, _Turn], Awaitable[bool]]
    ) -> None:
        """Follow on one connection after the other, for as long as *follow* returns True."""
        backoff = Backoff(self._config.retry, random.random)
        while True:
            while len(self._steps) > _MOST_UNREAD:
                # Whoever takes none gets no more: it is all there when it is asked for.
                self._room = trio.Event()
                await self._room.wait()
            wait = 0.0
            plan = partial(Prepared, first.name, first.ahead)
            async with self._pool.using(Use.WATCH, first.name, read_only=True, plan=plan) as link:
                begun = trio.current_time()
                try:
                    if not await follow(link, _Turn(self._pool, link, self._timeouts.poll)):
                        return
                except ConnectionLostError:
                    # The pool makes another, in its time.
                    continue
                except StateError:
                    # It was closed, as when it is made anew: select it again.
                    wait = backoff.lost(trio.current_time() - begun)
                except CommandError as error:
                    failure = classify(error)
                    if not failure.retry:
                        raise
                    next_wait = backoff.failed(failure.retry_after)
                    if next_wait is None:
                        raise AccountError(self._config.label, failure) from error
                    wait = next_wait
                finally:
                    link.listen(None)
                    link.leave()
            await trio.sleep(wait)

    async def _follow_one(self, followed: Followed, link: Link, turn: _Turn) -> bool:
        follower = Follower(link, followed.name, followed.ahead, partial(self._take, followed))
        turn.on_change = follower.wake
        await follower.catch_up()
        self._caught(followed)
        await follower.follow(turn.until)
        return True

    async def _follow_all(self, link: Link, turn: _Turn) -> bool:
        follower = NotifiedFollower(link, self._followed, self._take, self._caught)
        turn.on_change = follower.wake
        return await follower.follow(turn.until)

    def _take(self, followed: Followed, step: Step, heard: float) -> None:
        self._steps.append((followed, step, heard))
        self._pass_silent()
        if self._steps:
            self._something.set()

    def _caught(self, followed: Followed) -> None:
        followed.caught_up = True
        if all(each.caught_up for each in self._followed.values()):
            self._caught_up.set()


def _fresh(error: ImapError) -> ImapError:
    """Return an error for one more who is told; only those of the account are told to many."""
    return error.fresh() if isinstance(error, AccountError) else error
