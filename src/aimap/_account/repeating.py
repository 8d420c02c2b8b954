"""How an account does something: on a connection of the pool, and again where that is safe.

It is safe where it is known that nothing was done, or where doing it twice does no harm. A
server that throttles has done nothing (Microsoft 365 says ``BAD Request is throttled``), and is
asked again when it says, or later and later.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, final

import trio

from aimap._account.backoff import Backoff
from aimap._account.config import AccountConfig, Retry
from aimap._account.failures import FailureKind, classify
from aimap._account.link import Use
from aimap._account.pool import Pool
from aimap._client.client import Client
from aimap._client.driver import Driver
from aimap._client.mailbox import Mailbox
from aimap._errors import CommandError, ConnectionLostError, PartlyStoredError

S = TypeVar("S")
T = TypeVar("T", Client, Mailbox)

TRIES = 5


@final
class Pause:
    """The waits between the tries of what a server refuses because it throttles.

    Args:
        retry: the bounds of the waits; what the server asks for comes on top.
    """

    def __init__(self, retry: Retry) -> None:
        self._backoff = Backoff(retry, random.random)
        self._seconds = 0.0

    def begin(self, driver: Driver, error: CommandError) -> bool:
        """Take a refusal, and tell whether to try again when the pause is over."""
        failure = classify(error)
        if failure.too_many_connections:
            # Microsoft 365 takes one login too many, and then nothing else.
            lost = ConnectionLostError(f"the server does not serve it: {error.text}")
            lost.__cause__ = error
            driver.session.lose(lost)
        if failure.kind is not FailureKind.THROTTLED or isinstance(error, PartlyStoredError):
            return False
        if error.code is not None and error.code.name == "LIMIT" and failure.retry_after is None:
            # What one command asks for is too much, now and later (RFC 5530 section 3).
            return False
        wait = self._backoff.failed(failure.retry_after)
        if wait is None or self._backoff.failures >= TRIES:
            return False
        self._seconds = wait
        return True

    async def over(self) -> None:
        """Wait until it is over, if one has begun."""
        seconds, self._seconds = self._seconds, 0.0
        if seconds:
            await trio.sleep(seconds)


class Repeating:
    """A part of :class:`aimap.Account`: its connections, and what is done over them."""

    config: AccountConfig
    _pool: Pool

    async def _repeating(
        self,
        use: Callable[[], AbstractAsyncContextManager[T]],
        work: Callable[[T], Awaitable[Any]],
    ) -> Any:
        tries = 0
        pause = Pause(self.config.retry)
        while True:
            tries += 1
            # Nobody is kept from the connection meanwhile.
            await pause.over()
            async with use() as subject:
                try:
                    return await work(subject)
                except ConnectionLostError as error:
                    if not error.may_repeat or tries >= TRIES:
                        raise
                except CommandError as error:
                    driver = subject._driver  # noqa: SLF001 (no part of what users see)
                    if not pause.begin(driver, error):
                        raise

    async def _ask(self, work: Callable[[Client], Awaitable[S]]) -> S:
        """Do something over any connection."""
        found: S = await self._repeating(self._any_connection, work)
        return found

    @asynccontextmanager
    async def _any_connection(self, elsewhere: str | None = None) -> AsyncGenerator[Client]:
        async with self._pool.using(Use.SHARE, elsewhere) as link:
            if elsewhere is not None and link.use is None and link.is_in(elsewhere):
                # STATUS is not for the selected mailbox (RFC 2683 section 3.1.1).
                link.bare()
            yield link.client
