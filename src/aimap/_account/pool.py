"""The connections of one account: made when needed, shared out, never more than the cap.

Whoever needs a connection stands in a queue and is handed one: a free one, one that somebody
gives back, or a new one. New ones are opened by tasks of the pool, not of who waits: giving
up the waiting does not give up the connection. While connecting fails, one task at a time
tries, ever more slowly; once it cannot succeed any more, the account has given up, and
everybody who waits is told.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias, final

import attrs
import trio

from aimap._account.backoff import Backoff
from aimap._account.config import AccountConfig
from aimap._account.failures import AccountError, Failure, FailureKind, classify
from aimap._account.link import Link, Use
from aimap._account.reporting import Reporter
from aimap._account.selecting import Prepared
from aimap._client.ahead import Ahead, Learnt
from aimap._client.client import Client
from aimap._errors import (
    AuthenticationError,
    CommandError,
    ImapError,
    LocalProtocolError,
    LoginFailure,
)

Connect: TypeAlias = Callable[[Ahead | None], AbstractAsyncContextManager[Client]]
Plan: TypeAlias = Callable[[Learnt], Prepared]

KEEP = 300.0
"""Seconds for which a connection is kept that nobody uses."""

_SHORTEST_TURN = 1.0

# Connections in a row that were lost with what went along with the login.
_MOST_AHEAD = 2

REGROW = 600.0
"""Seconds after which one more connection is tried than the server took the last time."""


@final
class _Waiter:
    """Somebody who waits for a connection."""

    def __init__(self, use: Use, name: str | None, *, read_only: bool, plan: Plan | None) -> None:
        self.use = use
        self.name = name
        self.read_only = read_only
        self.plan = plan
        self.link: Link | None = None
        self.error: AccountError | None = None
        self.event = trio.Event()


def _may_be_ours(error: Exception) -> bool:
    """Tell whether a failure may come of what went ahead, and not of the link or the user."""
    if isinstance(error, AuthenticationError):
        return error.reason is LoginFailure.REFUSED or error.reason in _OF_THE_WAY
    return isinstance(error, (CommandError, LocalProtocolError))


_OF_THE_WAY = (LoginFailure.PRIVACY_REQUIRED, LoginFailure.SERVER_NOT_TRUSTED)


def _patient(waiter: _Waiter) -> bool:
    return waiter.use is Use.WATCH


@final
class Pool:
    """The connections of one account.

    Args:
        config: the account.
        nursery: where the tasks of the connections live.
        connect: opens a connection and logs in, as an ``async with`` block.
        reporter: is told what happens.
    """

    def __init__(
        self,
        config: AccountConfig,
        nursery: trio.Nursery,
        connect: Connect,
        reporter: Reporter,
    ) -> None:
        self.links: dict[Link, None] = {}
        self._config = config
        self._nursery = nursery
        self._connect = connect
        self._reporter = reporter
        self._backoff = Backoff(config.retry, random.random)
        self._opening = 0
        self._not_before = 0.0
        self._nudge = trio.Event()
        self._failing = False
        self._ended_one = trio.Event()
        self._waiters: deque[_Waiter] = deque()
        self._cap = config.max_connections
        self._shrunk_at = 0.0
        self._given_up: AccountError | None = None
        self._worked = False
        self._learnt: Learnt | None = None
        self._lost_ahead = 0
        self._closing = False

    # What users do

    @asynccontextmanager
    async def using(
        self,
        use: Use,
        name: str | None = None,
        *,
        read_only: bool = False,
        plan: Plan | None = None,
    ) -> AsyncGenerator[Link]:
        """Take a connection, and give it back at the end of the block.

        Args:
            use: what for.
            name: the mailbox that it is for: one that has it selected is preferred.
            read_only: whether it is for reading only.
            plan: makes what may go along with the login, should it be a new one.

        Raises:
            AccountError: if the account has given up.
        """
        link = await self._take(use, name, read_only=read_only, plan=plan)
        try:
            yield link
        finally:
            self._give_back(link, use)

    async def _take(
        self, use: Use, name: str | None, *, read_only: bool, plan: Plan | None
    ) -> Link:
        await trio.lowlevel.checkpoint()
        if self._given_up is not None:
            raise self._given_up.fresh()
        link = self._find(use, name, read_only=read_only) if self._may_pass(use) else None
        if link is not None:
            self._hand(link, use)
            return link
        waiter = _Waiter(use, name, read_only=read_only, plan=plan)
        self._waiters.append(waiter)
        self._see_to_waiters()
        try:
            await waiter.event.wait()
        except BaseException:
            if waiter.link is not None:
                self._give_back(waiter.link, use)
            elif waiter.error is None:
                self._waiters.remove(waiter)
            raise
        if waiter.error is not None:
            raise waiter.error
        assert waiter.link is not None
        return waiter.link

    def _may_pass(self, use: Use) -> bool:
        """Tell whether nobody who came before is waiting for what is asked for now."""
        return use is Use.SHARE or all(map(_patient, self._waiters))

    def _find(self, use: Use, name: str | None, *, read_only: bool) -> Link | None:
        usable = [link for link in self.links if link.alive and link.takes(use)]
        if not usable:
            return None

        def how_bad(link: Link) -> tuple[bool, bool, bool]:
            if use is Use.SHARE:
                # Named is the mailbox that had better not be selected there.
                return (name is not None and link.is_in(name), link.use is not None, False)
            fits = name is not None and link.has(name, read_only=read_only)
            return (not fits, not link.is_free, link.has_any)

        return min(usable, key=how_bad)

    def _hand(self, link: Link, use: Use) -> None:
        link.keep()
        if use is Use.SHARE:
            link.sharers += 1
            return
        link.use = use
        link.held_since = trio.current_time()
        if use is Use.ALONE:
            link.bare()

    def _give_back(self, link: Link, use: Use) -> None:
        if use is Use.SHARE:
            link.sharers -= 1
        else:
            link.use = None
            link.on_wanted = None
        if link.is_free:
            link.keep_for(KEEP)
        self._see_to_waiters()

    # Those who wait

    def _see_to_waiters(self) -> None:
        """Hand out what is there; see to it that more will be, for those who still wait."""
        for waiter in sorted(self._waiters, key=_patient):
            link = self._find(waiter.use, waiter.name, read_only=waiter.read_only)
            if link is not None:
                self._hand(link, waiter.use)
                waiter.link = link
                self._waiters.remove(waiter)
                waiter.event.set()
        if not self._is_wanted:
            return
        most = 1 if self._failing else len(self._waiters)
        while self._opening < most and len(self.links) + self._opening < self.cap:
            self._opening += 1
            self._nursery.start_soon(self._open)
        self.ask_back()

    def ask_back(self) -> None:
        """Ask those who watch for their connections, as many as are waited for."""
        if len(self.links) + self._opening < self.cap:
            return
        watches = sorted(
            (link for link in self.links if link.use is Use.WATCH),
            key=lambda link: link.held_since,
        )
        waiters = sorted(self._waiters, key=_patient)
        for link, waiter in zip(watches, waiters, strict=False):
            if link.on_wanted is not None:
                link.on_wanted(not _patient(waiter))

    @property
    def is_short(self) -> bool:
        """Whether anybody waits for a connection."""
        return bool(self._waiters)

    def turn(self, seconds: float) -> float:
        """Return how long each watch may have its turn, where there are too few connections.

        Args:
            seconds: how long it may take until each has had a turn.
        """
        having = sum(link.use is Use.WATCH for link in self.links)
        waiting = sum(map(_patient, self._waiters))
        return max(seconds * having / max(1, having + waiting), _SHORTEST_TURN)

    @property
    def cap(self) -> int:
        """How many connections there may be just now."""
        if self._cap < self._config.max_connections:
            grown = int((trio.current_time() - self._shrunk_at) // REGROW)
            if grown:
                self._cap = min(self._cap + grown, self._config.max_connections)
                self._shrunk_at = trio.current_time()
        return self._cap

    def _shrink(self, connections: int) -> None:
        self._cap = max(1, min(self.cap, connections))
        self._shrunk_at = trio.current_time()

    # New connections

    async def _open(self) -> None:
        """Open a connection for those who wait, however long that takes."""
        try:
            while self._is_wanted:
                if self._failing and self._opening > 1:
                    # One is enough to find out when it works again.
                    return
                with trio.CancelScope(deadline=self._not_before):
                    await self._nudge.wait()
                if not self._is_wanted:
                    return
                prepared = self._prepare()
                try:
                    await self._nursery.start(self._run_link, prepared)
                except (ImapError, OSError) as error:
                    # Whatever it is, it is tried as it was the first time.
                    self._learnt = None
                    self._lost_ahead += prepared is not None and isinstance(error, ImapError)
                    if prepared is not None and _may_be_ours(error):
                        continue
                    if not self._failed(error):
                        return
                else:
                    return
        finally:
            self._opening -= 1
            self._see_to_waiters()

    @property
    def _is_wanted(self) -> bool:
        """Whether anybody waits for a connection that can be had."""
        return bool(self._waiters) and self._given_up is None and not self._closing

    def _prepare(self) -> Prepared | None:
        """Make what may go along with the login, for whoever is to get the connection."""
        learnt = self._learnt
        if (
            learnt is None
            or not learnt.profile.ahead
            or self._lost_ahead >= _MOST_AHEAD
            or self._config.tls != "implicit"
        ):
            return None
        if learnt.profile.id_first or learnt.profile.pipeline_depth is not None:
            return None
        first = min(self._waiters, key=_patient)
        return None if first.plan is None else first.plan(learnt)

    def try_now(self) -> None:
        """Try at once what is being waited for, also if the account has given up."""
        self._given_up = None
        self._backoff.failures = 0
        self._not_before = 0.0
        self._nudge.set()
        self._nudge = trio.Event()
        self._see_to_waiters()

    def _failed(self, error: Exception) -> bool:
        """Take note of a failure to connect, and tell whether to try again."""
        failure = classify(error)
        if failure.kind is FailureKind.REFUSED:
            # Of what is asked before there is a mailbox, nothing is refused for good.
            failure = attrs.evolve(failure, kind=FailureKind.SERVER, retry=True)
        if failure.too_many_connections and self.links:
            # The others serve, and one of them comes back.
            self._shrink(len(self.links) + self._opening - 1)
            self._reporter.failed(failure, None)
            return False
        self._failing = True
        # What has worked before may work again, when the user's network or the server's
        # certificate is as it was; but never credentials.
        mends = failure.retry or (self._worked and failure.kind is FailureKind.CONFIGURATION)
        wait = self._backoff.failed(failure.retry_after) if mends else None
        self._reporter.failed(failure, wait)
        if wait is None:
            self._give_up(failure)
            return False
        self._not_before = trio.current_time() + wait
        return True

    def _give_up(self, failure: Failure) -> None:
        self._given_up = AccountError(self._config.label, failure)
        self._reporter.gave_up(failure)
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            waiter.error = self._given_up.fresh()
            waiter.event.set()

    async def _run_link(self, prepared: Prepared | None, task_status: trio.TaskStatus) -> None:
        begun = trio.current_time()
        async with self._connect(None if prepared is None else prepared.ahead) as client:
            self._learnt = client.learnt
            if prepared is not None:
                self._lost_ahead = 0
            link = Link(client, client._driver, prepared)  # noqa: SLF001 (no part of what users see)
            self._worked = True
            self._failing = False
            self.links[link] = None
            self._reporter.connected(trio.current_time() - begun)
            task_status.started()
            await link.run()
            lost, lasted = link.lost, trio.current_time() - link.since
        if lost is not None and trio.current_time() >= self._not_before:
            # Those that were lost together are one loss.
            self._not_before = trio.current_time() + self._backoff.lost(lasted)
        del self.links[link]
        if lost is not None and classify(lost).too_many_connections:
            self._shrink(len(self.links) + self._opening)
        self._reporter.disconnected(link.client.statistics(), lost, lasted)
        self._ended_one.set()
        self._see_to_waiters()

    # The end

    async def close(self, seconds: float) -> None:
        """Log out of all connections, and wait for that, but not for ever."""
        self._closing = True
        for link in self.links:
            link.close()
        with trio.move_on_after(seconds):
            while self.links:
                self._ended_one = trio.Event()
                await self._ended_one.wait()
