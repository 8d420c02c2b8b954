"""Cost against size: flags of a thousand messages to a million, read by one FETCH.

The octets come from a replay server, as for :mod:`benchmarks.parse`. The plot must be a
straight line: twice the messages, twice the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import corpus, parse
from benchmarks.replay import replaying
from benchmarks.report import Line, Section
from benchmarks.tables import aim, ratio, table
from benchmarks.turns import Figures, take_turns

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_QUICK_SIZES = (1_000, 10_000, 30_000)
_CLIENTS = ("socket", "aimap", "imaplib", "imapclient")
_OURS = "aimap"


def run(rounds: int, *, quick: bool) -> Section:
    """Run it."""
    sizes = _QUICK_SIZES if quick else _SIZES
    found = [_measured(size, rounds) for size in sizes]
    cells: list[list[str]] = []
    lines: dict[str, Sequence[tuple[float, float]]] = {}
    for rows in zip(*found, strict=True):
        title = rows[0].title
        pairs = list(zip(sizes, rows, strict=True))
        cells.append(
            [
                title,
                *(row.failure or row.shown("cpu", ".2f", over=size / 1e6) for size, row in pairs),
            ]
        )
        seconds = [(size, row.middle("cpu")) for size, row in pairs]
        lines[title] = [(size, value) for size, value in seconds if value]
    each_takes = [
        ratio(row.middle("cpu"), size)
        for size, rows in zip(sizes, found, strict=True)
        for row in rows
        if row.client == _OURS
    ]
    what = "UID FLAGS INTERNALDATE RFC822.SIZE of so many messages: µs of processor time for each."
    straight = aim(
        f"time for each of {sizes[-1]:,}, times that for each of {sizes[1]:,}",
        ratio(each_takes[-1], each_takes[1]),
        1.25,
    )
    table_of_all = table(("client", *(f"{size:,}" for size in sizes)), cells)
    plot = Line("size", "CPU seconds to read the flags of all", "messages", lines)
    return Section("Cost against size", [what, table_of_all, straight], [plot])


def _measured(size: int, rounds: int) -> Sequence[parse.Row]:
    task = corpus.prepare("flags", size / corpus.COUNTS["flags"], "uid-first")
    rows = [row for row in parse.rows("flags", _CLIENTS) if not row.read]

    with replaying([task]) as port:

        def run(row: parse.Row) -> Figures:
            return parse.measure(row, task, port)

        take_turns(rows, run, rounds, enough=parse.ENOUGH)
    return rows
