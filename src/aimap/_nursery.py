"""A nursery for tasks of our own, out of which the user's exception comes as it is.

Trio wraps what leaves a nursery in an exception group, also where the user never saw
one. Comparing the group's members with the body's exception would not do: once the scope
is cancelled, Trio splits groups and builds the user's own nested ones anew. So Trio is
not told of the body's exception.
"""

from __future__ import annotations

from types import TracebackType
from typing import final

import trio


@final
class PrivateNursery:
    """A nursery that is cancelled when the block ends, and adds no group around it.

    A class, since a generator and what Trio notes about it would take 600 octets of every
    connection. What left the block goes on bare, unless the nursery's own tasks raised:
    that goes on instead, in a group.
    """

    __slots__ = ("_manager", "_nursery")

    async def __aenter__(self) -> trio.Nursery:
        """Open the nursery."""
        self._manager = trio.open_nursery()
        self._nursery = await self._manager.__aenter__()
        return self._nursery

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel the tasks, and wait until they are over."""
        self._nursery.cancel_scope.cancel()
        try:
            await self._manager.__aexit__(None, None, None)  # noqa: ASYNC102 (tasks that end)
        except BaseExceptionGroup as group:
            # Cancelling from outside reaches the tasks as well as the block.
            if exc is None or group.subgroup(lambda e: not isinstance(e, trio.Cancelled)):
                raise
