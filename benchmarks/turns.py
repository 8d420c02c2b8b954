"""Rounds: those who are compared take turns, so that what disturbs one disturbs all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

Figures = dict[str, float]
"""What was measured, by name."""

SHORT = 2.0
"""Seconds: a first round that took longer was mostly warm, and is counted."""
ENOUGH = 20.0
"""Seconds that the rounds of one may take together; the first is always run."""


class FailedError(Exception):
    """One who is compared did not do what was to be done; says why."""


@dataclass(kw_only=True)
class Entrant:
    """One who is compared.

    Attributes:
        client: who it is, such as ``"aimap"``.
        title: as it is shown.
        failure: why there is nothing to show, or empty.
        rounds: how many there were to be.
        measured: one for each round.
    """

    client: str
    title: str
    failure: str = ""
    rounds: int = field(default=1, init=False)
    measured: list[Figures] = field(default_factory=list[Figures], init=False)

    def values(self, figure: str) -> list[float]:
        """Return a figure of each round; none if it failed."""
        return [each[figure] for each in self.measured if figure in each and not self.failure]

    def middle(self, figure: str) -> float | None:
        """Return the median of a figure, if it was measured."""
        values = self.values(figure)
        return median(values) if values else None

    def typical(self, figure: str, form: str = ".3f", *, over: float = 1.0) -> str:
        """Write the median of a figure alone."""
        middle = self.middle(figure)
        return "" if middle is None else f"{middle / over:{form}}"

    def shown(self, figure: str, form: str = ".3f", *, over: float = 1.0) -> str:
        """Write the median of a figure, its spread, and how many rounds there were, if fewer."""
        values = [value / over for value in self.values(figure)]
        if not values:
            return ""
        notes: list[str] = []
        if len(values) > 1:
            notes.append(f"{min(values):{form}} to {max(values):{form}}")
        if len(values) < self.rounds:
            notes.append(f"{len(values)} round{'s' if len(values) > 1 else ''}")
        return self.typical(figure, form, over=over) + (f" ({', '.join(notes)})" if notes else "")

    def times(self, figure: str, other: Entrant, form: str = ".2f") -> str:
        """Write how many times the other's a figure is; nothing if one of them has none."""
        ours, theirs = self.middle(figure), other.middle(figure)
        return f"{ours / theirs:{form}}" if ours is not None and theirs else ""


_E = TypeVar("_E", bound=Entrant)


def take_turns(
    entrants: Sequence[_E],
    run: Callable[[_E], Figures],
    rounds: int,
    *,
    enough: float = ENOUGH,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Let all of them run in turns; what they measured is added to them.

    A round before the first warms up whatever it can, and is not counted where it took less
    than :data:`SHORT`; nor is there one where a single round is asked for.

    Args:
        entrants: who; one that fails is not run again.
        run: lets one do it, or raises :class:`FailedError`.
        rounds: how many there are to be.
        enough: seconds: one whose next round would go beyond has fewer of them.
        clock: tells seconds.
    """
    spent = [0.0] * len(entrants)
    for number in range(rounds + (rounds > 1)):
        for at, entrant in enumerate(entrants):
            entrant.rounds = rounds
            done = len(entrant.measured)
            if entrant.failure or done == rounds or (done and spent[at] * (1 + 1 / done) > enough):
                continue
            begin = clock()
            try:
                figures = run(entrant)
            except FailedError as error:
                entrant.failure = str(error)
                continue
            took = clock() - begin
            if number or rounds == 1 or took >= SHORT:
                entrant.measured.append(figures)
                spent[at] += took
