"""A nursery for tasks of our own, out of which the user's exception comes as it is.

Trio wraps what leaves a nursery in an exception group, also where the user never saw
one. Comparing the group's members with the body's exception would not do: once the scope
is cancelled, Trio splits groups and builds the user's own nested ones anew.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def open_private_nursery() -> AsyncGenerator[trio.Nursery]:
    """Open a nursery that is cancelled when the block ends, and adds no group around it.

    Yields:
        The nursery.

    Raises:
        BaseException: what left the block, bare.
        BaseExceptionGroup: what its tasks raised, if they did.
    """
    body_error: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:  # noqa: BLE001, ASYNC103 (raised again below)
                body_error = error
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # Cancelling from outside reaches the tasks as well as the block.
        if body_error is None or group.subgroup(lambda e: not isinstance(e, trio.Cancelled)):
            raise
    if body_error is not None:
        context = body_error.__context__
        try:
            raise body_error
        finally:
            body_error.__context__ = context
            del body_error, context
