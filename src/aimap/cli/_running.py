"""Running a command until it is done, or until a signal ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from aimap._nursery import PrivateNursery

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run *main* in Trio; SIGINT and SIGTERM cancel it, so that all is closed in order.

    A second signal ends the program at once.

    Raises:
        SystemExit: after a signal: with 128 and its number, as shells have it.
    """
    if threading.current_thread() is not threading.main_thread():
        # Where signals never come.
        return trio.run(main)
    caught: list[int] = []

    async def until_signalled() -> T | None:
        async with PrivateNursery() as nursery:
            scope = trio.CancelScope()
            await nursery.start(_cancel_on_signal, scope, caught)
            with scope:
                return await main()
        return None

    result = trio.run(until_signalled)
    if caught:
        raise SystemExit(128 + caught[0])
    return result  # type: ignore[return-value]  # nothing else cancels that scope


async def _cancel_on_signal(
    scope: trio.CancelScope, caught: list[int], task_status: trio.TaskStatus[None]
) -> None:
    with trio.open_signal_receiver(*_SIGNALS) as signals:
        task_status.started()
        async for number in signals:
            caught.append(number)
            scope.cancel()
            break
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
