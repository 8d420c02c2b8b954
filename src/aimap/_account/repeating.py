"""How an account does something: on a connection of the pool, and again where that is safe."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from aimap._account.link import Use
from aimap._account.pool import Pool
from aimap._client.client import Client
from aimap._errors import ConnectionLostError

S = TypeVar("S")
T = TypeVar("T")

TRIES = 5


class Repeating:
    """A part of :class:`aimap.Account`: its connections, and what is done over them."""

    _pool: Pool

    async def _repeating(
        self,
        use: Callable[[], AbstractAsyncContextManager[T]],
        work: Callable[[T], Awaitable[Any]],
    ) -> Any:
        tries = 0
        while True:
            tries += 1
            async with use() as subject:
                try:
                    return await work(subject)
                except ConnectionLostError as error:
                    if not error.may_repeat or tries >= TRIES:
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
