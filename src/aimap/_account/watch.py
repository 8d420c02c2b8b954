"""Watching mailboxes of an account: one stream of events, whatever the connections do."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from types import TracebackType
from typing import Self, final

import trio

from aimap._account.backoff import Backoff
from aimap._account.config import AccountConfig
from aimap._account.failures import AccountError, classify
from aimap._account.following import Follower
from aimap._account.known import Known, Step, Told
from aimap._account.link import Link, Use
from aimap._account.pool import Pool
from aimap._account.position import Position
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
class _Followed:
    """One mailbox of a watch: what is known of it, ahead and as the user was told."""

    def __init__(self, name: str, since: Position | None) -> None:
        position = None if since is None else since.mailboxes.get(name)
        self.name = name
        self.ahead = Known(position)
        self.told = Known(position)
        self.caught_up = False
        self.scope = trio.CancelScope()


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
        self._followed = {name: _Followed(name, since) for name in names}
        self._steps: deque[tuple[_Followed, Step, float]] = deque()
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
        for followed in self._followed.values():
            self._running += 1
            self._nursery.start_soon(self._keep_following, followed)
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
        for followed in self._followed.values():
            followed.scope.cancel()

    async def _keep_following(self, followed: _Followed) -> None:
        try:
            with followed.scope:
                await self._follow(followed)
        except ImapError as error:
            self._error = self._error or error
            self._something.set()
            self._caught_up.set()
            self._cancel()
        finally:
            self._running -= 1
            self._over.set()

    async def _follow(self, followed: _Followed) -> None:
        backoff = Backoff(self._config.retry, random.random)
        while True:
            while len(self._steps) > _MOST_UNREAD:
                # Whoever takes none gets no more: it is all there when it is asked for.
                self._room = trio.Event()
                await self._room.wait()
            wait = 0.0
            plan = partial(Prepared, followed.name, followed.ahead)
            async with self._pool.using(
                Use.WATCH, followed.name, read_only=True, plan=plan
            ) as link:
                begun = trio.current_time()
                try:
                    await self._follow_on(link, followed)
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
            await trio.sleep(wait)

    async def _follow_on(self, link: Link, followed: _Followed) -> None:
        follower = Follower(link, followed.name, followed.ahead, partial(self._take, followed))

        def on_wanted(urgent: bool) -> None:
            turn = 0.0 if urgent else self._pool.turn(self._timeouts.poll)
            follower.yield_at(link.held_since + turn)

        link.on_wanted = on_wanted
        self._pool.ask_back()
        try:
            await follower.catch_up()
            self._caught(followed)
            await follower.follow(lambda: self._pool.is_short)
        finally:
            link.listen(None)
            link.leave()

    def _take(self, followed: _Followed, step: Step, heard: float) -> None:
        self._steps.append((followed, step, heard))
        self._pass_silent()
        if self._steps:
            self._something.set()

    def _caught(self, followed: _Followed) -> None:
        followed.caught_up = True
        if all(each.caught_up for each in self._followed.values()):
            self._caught_up.set()


def _fresh(error: ImapError) -> ImapError:
    """Return an error for one more who is told; only those of the account are told to many."""
    return error.fresh() if isinstance(error, AccountError) else error
