"""Who may go: the pipelining gate (:rfc:`9051#section-5.5`).

Every key that a command claims has a *lane*: a queue of groups. The commands of one
group go together; a group waits until the one before it is empty. A command is free to
go when it stands in the first group of each of its lanes. So whatever is unambiguous
overtakes what has to wait, nobody starves, and conflicting commands keep their order.
Entering, and leaving once it was free to go, cost the number of claims, however long the queues.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

import attrs

from aimap._commands.base import Claim, Mode


class HasClaims(Protocol):
    """Something that waits at the gate."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What it needs."""
        ...


C = TypeVar("C", bound=HasClaims)


@attrs.define(eq=False)
class _Group(Generic[C]):
    """Commands that wait in a lane, and will go together."""

    mode: Mode
    members: dict[C, None]


@attrs.define(eq=False)
class _Lane(Generic[C]):
    """How a key is claimed by those that may go, how many they are, and who waits behind.

    They are only counted, since every idle connection has some.
    """

    mode: Mode
    free: int
    waiting: list[_Group[C]] | None = None


class Gate(Generic[C]):
    """Lanes of commands, one lane per claimed key."""

    def __init__(self) -> None:
        self._lanes: dict[Hashable, _Lane[C]] = {}
        self._blocked: dict[C, int] = {}

    def enter(self, command: C) -> bool:
        """Queue *command*, and tell whether it is free to go at once."""
        blocked = 0
        for key, mode in command.claims:
            lane = self._lanes.get(key)
            if lane is None:
                self._lanes[key] = _Lane(mode, 1)
            elif not lane.waiting and _go_together(lane.mode, mode):
                lane.free += 1
            else:
                _queue(lane, mode, command)
                blocked += 1
        if blocked:
            self._blocked[command] = blocked
        return not blocked

    def mode(self, key: Hashable) -> Mode | None:
        """Return how a key is claimed just now by those that may go, if it is."""
        lane = self._lanes.get(key)
        return lane.mode if lane else None

    def leave(self, command: C) -> list[C]:
        """Take *command* out, wherever it stands; return those that are free to go now."""
        freed: list[C] = []
        waits = self._blocked.pop(command, 0)
        for key, _ in command.claims:
            if not (waits and self._leave_queue(command, key, freed)):
                self._leave_lane(key, freed)
        return freed

    def leave_lane(self, key: Hashable) -> list[C]:
        """Take a command that is free to go out of one lane; return what that frees.

        From then on that claim is not among its claims.
        """
        freed: list[C] = []
        self._leave_lane(key, freed)
        return freed

    def _leave_lane(self, key: Hashable, freed: list[C]) -> None:
        lane = self._lanes[key]
        lane.free -= 1
        if lane.free:
            return
        if lane.waiting:
            group = lane.waiting.pop(0)
            lane.mode = group.mode
            self._admit(group, lane, freed)
        else:
            del self._lanes[key]

    def _leave_queue(self, command: C, key: Hashable, freed: list[C]) -> bool:
        """Take *command* out of those that wait in a lane, if it is one of them."""
        lane = self._lanes[key]
        waiting = lane.waiting or []
        for at, group in enumerate(waiting):
            if command in group.members:
                del group.members[command]
                if not group.members:
                    del waiting[at]
                    self._close_gap(lane, waiting, at, freed)
                return True
        return False

    def _close_gap(self, lane: _Lane[C], waiting: list[_Group[C]], at: int, freed: list[C]) -> None:
        """Join what now stands side by side, where it goes together."""
        if at == len(waiting):
            return
        after = waiting[at]
        if not _go_together(waiting[at - 1].mode if at else lane.mode, after.mode):
            return
        del waiting[at]
        if at:
            waiting[at - 1].members.update(after.members)
        else:
            self._admit(after, lane, freed)

    def _admit(self, group: _Group[C], lane: _Lane[C], freed: list[C]) -> None:
        lane.free += len(group.members)
        for command in group.members:
            self._blocked[command] -= 1
            if not self._blocked[command]:
                del self._blocked[command]
                freed.append(command)


def _go_together(mode: Mode, other: Mode) -> bool:
    return mode is other and mode is not Mode.EXCLUSIVE


def _queue(lane: _Lane[C], mode: Mode, command: C) -> None:
    if lane.waiting is None:
        lane.waiting = []
    if lane.waiting and _go_together(lane.waiting[-1].mode, mode):
        lane.waiting[-1].members[command] = None
    else:
        lane.waiting.append(_Group(mode, {command: None}))
