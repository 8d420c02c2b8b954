"""Cost against size: flags of a thousand messages to a million, read by one FETCH.

The octets come from a replay server, as for :mod:`benchmarks.parse`. The plot must be a
straight line: twice the messages, twice the time.
"""

from __future__ import annotations

from statistics import median

from benchmarks import corpus, parse
from benchmarks.engine.table import number, table
from benchmarks.replay import replaying
from benchmarks.report import Line, Section

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_LARGEST_FOR_OTHERS = 100_000
_CLIENTS = ("socket", "aimap", "imaplib", "imapclient")


def run(rounds: int, *, quick: bool) -> Section:
    """Run it."""
    found: dict[str, list[tuple[float, float]]] = {}
    sizes = _SIZES[:-1] if quick else _SIZES
    for size in sizes:
        task = corpus.prepare("flags", size / corpus.COUNTS["flags"], "uid-first")
        clients = _CLIENTS if size <= _LARGEST_FOR_OTHERS else ("socket", "aimap")
        rows = [row for row in parse.rows("flags", clients) if not row.read]
        with replaying([task]) as port:
            for _ in range(rounds):
                for row in rows:
                    if not row.failure:
                        parse.measure(row, task, port)
        for row in rows:
            if row.failure:
                raise AssertionError(f"{row.title}: {row.failure}")
            found.setdefault(row.title, []).append((size, median(row.seconds)))
    cells = [
        [title, *(number(seconds / size * 1e6, ".2f") for size, seconds in points)]
        for title, points in found.items()
    ]
    lines = [row + [""] * (len(sizes) + 1 - len(row)) for row in cells]
    title = (
        "**cost against size**: UID FLAGS INTERNALDATE RFC822.SIZE of so many messages, "
        "microseconds of processor time for each\n\n"
    )
    text = title + table(("client", *(f"{size:,}" for size in sizes)), lines)
    plot = Line("size", "CPU seconds to read the flags of all", "messages", dict(found))
    return Section(text, [plot])
