"""The same task over links of different length: rows of clients, columns of round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from benchmarks.engine.measure import Contender, measure
from benchmarks.engine.table import number, table
from benchmarks.engine.task import Lab, Task
from benchmarks.link import linked

SHORT, MIDDLE, LONG = 0.0, 0.01, 0.05
"""Seconds that are added to each round trip."""

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
        with link(lab.server.port, round_trip) as port:
            measure(
                row,
                contenders,
                replace(direct, port=port),
                rounds=lab.rounds,
                patience=2 * count * round_trip + 10,
                prepare=None if prepare is None else partial(prepare, direct),
            )
        found[round_trip] = {each.title: each for each in contenders}
    return found


def links_table(found: Found, floor: Contender) -> str:
    """Write what was found; clients are compared with *floor* over the longest link."""
    columns = [f"{round_trip * 1000:.0f} ms: seconds" for round_trip in found]
    columns += ["round trips", f"times {floor.title}"]
    rows: list[list[str]] = []
    for title, longest in found[LONG].items():
        cells = [title]
        for each in found.values():
            contender = each[title]
            cells.append(contender.failure or number(contender.middle("seconds")))
        cells.append(number(longest.middle("seconds"), ".1f", over=LONG))
        least = found[LONG][floor.title].middle("seconds")
        cells.append(number(longest.middle("seconds"), ".2f", over=least))
        rows.append(cells)
    return table(["client", *columns], rows)
