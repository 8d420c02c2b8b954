"""The same task over links of different length: rows of clients, columns of round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from benchmarks.engine.measure import Contender, measure
from benchmarks.engine.task import Lab, Task
from benchmarks.link import linked
from benchmarks.tables import table

SHORT, MIDDLE, LONG = 0.0, 0.01, 0.05
"""Seconds that are added to each round trip."""

_ENOUGH = 10.0
"""Seconds for the rounds of one: what waits for most of them differs little from the last."""

Found = dict[float, dict[str, Contender]]
"""The contenders by their titles, for each round trip."""


@contextmanager
def link(port: int, round_trip: float) -> Iterator[int]:
    """Yield the port to connect to; the server's own if nothing is added."""
    if not round_trip:
        yield port
        return
    with linked(port, round_trip) as other:
        yield other.port


def over_links(
    lab: Lab,
    row: str,
    fresh: Callable[[], Sequence[Contender]],
    user: str,
    count: int,
    *,
    prepare: Callable[[Task], None] | None = None,
) -> Found:
    """Run a row over links of each length.

    Args:
        lab: where.
        row: its name.
        fresh: makes the contenders.
        user: whose mail it is about.
        count: how many commands, one after the other, the longest way takes.
        prepare: what to do before each turn, without delay.
    """
    direct = Task(port=lab.server.port, user=user, count=count)
    found: Found = {}
    for round_trip in (SHORT, LONG) if lab.quick else (SHORT, MIDDLE, LONG):
        contenders = fresh()
        for each in contenders:
            # Who stalls where nothing is far does so everywhere.
            each.failure = next((at[each.title].failure for at in found.values()), "")
        with link(lab.server.port, round_trip) as port:
            measure(
                row,
                contenders,
                replace(direct, port=port),
                rounds=lab.rounds,
                patience=1.3 * count * round_trip + 5,
                prepare=None if prepare is None else partial(prepare, direct),
                enough=_ENOUGH,
            )
        found[round_trip] = {each.title: each for each in contenders}
    return found


def links_table(found: Found, floor: Contender) -> str:
    """Write what was found; clients are compared with *floor* over the longest link."""
    columns = [f"{round_trip * 1000:.0f} ms: seconds" for round_trip in found]
    columns += ["round trips", f"times {floor.title}"]
    rows: list[list[str]] = []
    for title, longest in found[LONG].items():
        everywhere = [each[title] for each in found.values()]
        cells = [title, *(each.failure or each.shown("seconds") for each in everywhere)]
        cells.append(longest.typical("seconds", ".1f", over=LONG))
        cells.append(longest.times("seconds", found[LONG][floor.title]))
        rows.append(cells)
    return table(["client", *columns], rows)
