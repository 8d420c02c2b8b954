"""Tasks that help the one that has them: their failure is its failure, and comes out bare."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVarTuple, final

import trio

from aimap._nursery import PrivateNursery

Ts = TypeVarTuple("Ts")


@final
class Crew:
    """Tasks that work for one block; made by :func:`open_crew`."""

    def __init__(
        self, nursery: trio.Nursery, scope: trio.CancelScope, failures: list[Exception]
    ) -> None:
        self._failures = failures
        self._nursery = nursery
        self._scope = scope
        self._at_work = 0
        self._all_done = trio.Event()

    def start_soon(self, work: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task."""
        self._at_work += 1
        self._nursery.start_soon(self._run, work, *args)

    async def _run(self, work: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        try:
            await work(*args)
        except Exception as error:  # noqa: BLE001 (raised again in the task that has the block)
            self._failures.append(error)
            self._scope.cancel()
        finally:
            self._at_work -= 1
            self._all_done.set()

    async def finish(self) -> None:
        """Wait until none is at work."""
        while self._at_work:
            self._all_done = trio.Event()
            await self._all_done.wait()


@asynccontextmanager
async def open_crew() -> AsyncGenerator[Crew]:
    """Let tasks help; at the end of the block all of them are waited for.

    Raises:
        Exception: what a task raised first; the block and the others are cancelled then.
    """
    failures: list[Exception] = []
    with trio.CancelScope() as scope:
        async with PrivateNursery() as nursery:
            crew = Crew(nursery, scope, failures)
            yield crew
            await crew.finish()
    if failures:
        raise failures[0]
