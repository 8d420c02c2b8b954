"""Threads of messages (:rfc:`5256#section-4`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import attrs


@final
@attrs.frozen
class Thread:
    """A thread, or a branch of one.

    Attributes:
        members: message numbers, each the parent of the next. Empty where the parent of
            the branches is not known.
        branches: what answers the last member, where that is more than one chain.
    """

    members: tuple[int, ...]
    branches: tuple[Thread, ...] = ()

    def walk(self) -> Iterator[tuple[int, int | None]]:
        """Iterate over all messages, each with its parent or ``None``; parents come first."""
        waiting: list[tuple[Thread, int | None]] = [(self, None)]
        while waiting:
            thread, parent = waiting.pop()
            for number in thread.members:
                yield number, parent
                parent = number
            waiting += [(branch, parent) for branch in reversed(thread.branches)]


@final
@attrs.frozen
class ThreadResponse:
    """``* THREAD`` (:rfc:`5256#section-4`): sequence numbers or UIDs, as the command asked."""

    threads: tuple[Thread, ...]
