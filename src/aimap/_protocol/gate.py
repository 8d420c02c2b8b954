"""Who may go: the pipelining gate (:rfc:`9051#section-5.5`).

Every key that a command claims has a *lane*: a queue of groups. The commands of one
group go together; a group waits until the one before it is empty. A command is free to
go when it stands in the first group of each of its lanes. So whatever is unambiguous
overtakes what has to wait, nobody starves, and conflicting commands keep their order.
Entering and leaving cost the number of claims, however long the queues.
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
    mode: Mode
    members: dict[C, None] = attrs.field(factory=dict[C, None])


class Gate(Generic[C]):
    """Lanes of commands, one lane per claimed key."""

    def __init__(self) -> None:
        # Lists, since there are many lanes, and hardly ever more than a few groups in one.
        self._lanes: dict[Hashable, list[_Group[C]]] = {}
        self._blocked: dict[C, int] = {}

    def enter(self, command: C) -> bool:
        """Queue *command*, and tell whether it is free to go at once."""
        blocked = 0
        for key, mode in command.claims:
            lane = self._lanes.setdefault(key, [])
            if not lane or lane[-1].mode is not mode or mode is Mode.EXCLUSIVE:
                lane.append(_Group(mode))
            lane[-1].members[command] = None
            blocked += len(lane) > 1
        if blocked:
            self._blocked[command] = blocked
        return not blocked

    def mode(self, key: Hashable) -> Mode | None:
        """Return how a key is claimed just now by those that may go, if it is."""
        lane = self._lanes.get(key)
        return lane[0].mode if lane else None

    def leave(self, command: C, *, but: Hashable | None = None) -> list[C]:
        """Take *command* out, wherever it stands; return those that are free to go now.

        Args:
            command: the command.
            but: a key that it holds on to, until it leaves again.
        """
        freed: list[C] = []
        self._blocked.pop(command, None)
        for key, _ in command.claims:
            lane = self._lanes.get(key)
            if lane is None or key == but:
                continue
            for at, group in enumerate(lane):
                if command in group.members:
                    del group.members[command]
                    if not group.members:
                        self._close(key, lane, at, freed)
                    break
        return freed

    def _close(self, key: Hashable, lane: list[_Group[C]], at: int, freed: list[C]) -> None:
        del lane[at]
        if not lane:
            del self._lanes[key]
            return
        if 0 < at < len(lane):
            before, after = lane[at - 1], lane[at]
            if before.mode is after.mode and before.mode is not Mode.EXCLUSIVE:
                # What stood between them is gone: they go together now.
                before.members.update(after.members)
                del lane[at]
                if at == 1:
                    self._admit(after, freed)
        elif at == 0:
            self._admit(lane[0], freed)

    def _admit(self, group: _Group[C], freed: list[C]) -> None:
        for command in group.members:
            self._blocked[command] -= 1
            if not self._blocked[command]:
                del self._blocked[command]
                freed.append(command)
