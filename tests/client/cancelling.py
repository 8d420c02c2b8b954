"""Cancelling a call wherever the scheduler can be while it goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

Call: TypeAlias = Callable[[], Awaitable[object]]

MOST_STEPS = 2_000


class _Canceller(trio.abc.Instrument):
    """Cancels a scope behind the n-th step of any task.

    A step ends where a task has to wait. So each place is met where the call waits, together
    with each place where the reader, the writer and the server are meanwhile.
    """

    def __init__(self, scope: trio.CancelScope, steps: int) -> None:
        self.scope = scope
        self.left = steps

    @property
    def has_fired(self) -> bool:
        return self.left <= 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()


async def cancelled_at(steps: int, call: Call) -> bool:
    """Call, and cancel that behind so many steps; tell whether it was over before."""
    with trio.CancelScope() as scope:
        canceller = _Canceller(scope, steps)
        trio.lowlevel.add_instrument(canceller)
        try:
            await call()
        finally:
            trio.lowlevel.remove_instrument(canceller)
    return not canceller.has_fired


async def cancelled_everywhere(make: Callable[[], Call], check: Call) -> int:
    """Call again and again, cancelled one step later each time, until it is over before.

    Args:
        make: makes a call anew.
        check: called after each; it sees whether all is well.

    Returns:
        At how many steps it was cancelled.
    """
    for steps in range(1, MOST_STEPS):
        done = await cancelled_at(steps, make())
        await check()
        if done:
            return steps - 1
    raise AssertionError(f"it is not over after {MOST_STEPS} steps")
