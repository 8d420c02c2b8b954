"""The row of idle connections: who takes part, and what is shown."""

from __future__ import annotations

import os

from benchmarks.engine.crowding import DELIVERED, WARMING_UP
from benchmarks.engine.measure import Contender, contender, measure
from benchmarks.engine.task import Lab, Task
from benchmarks.inotify import let_dovecot_watch
from benchmarks.report import Bars, Section
from benchmarks.tables import ahead, aim, bars, ratio, table

_HOW = (
    "All are in one process, each with a user of its own: connect, log in, select, IDLE; "
    f"{os.cpu_count()} cores for both sides. Once all are ready, up to {DELIVERED} of them, chosen "
    "at random, get a message each, and what is shown is the time from the server's answer to "
    "APPEND until the client gives out the event; for the bare stream, until it reads EXISTS. "
    "Dovecot waits up to half a second before it tells of a message: what counts is the difference."
)
_ENOUGH = 60.0
_COLUMNS = (
    "connections",
    "client",
    "seconds until ready",
    "CPU ms each",
    "kB each",
    "times the bare stream",
    "ms to the event, p50",
    "ms to the event, p99",
    "events missed",
)


def crowd(lab: Lab) -> Section:
    """Very many connections at once."""
    user = lab.server.new_user()
    counts = (50,) if lab.quick else (500, 2_000)
    let_dovecot_watch(counts[-1] + WARMING_UP)
    rows: list[list[str]] = []
    notes: list[str] = []
    plots: list[Bars] = []
    for count in counts:
        task = Task(
            port=lab.server.tls_port, user=user, count=count, ca_file=str(lab.server.ca_file)
        )
        contenders = [contender("stream"), contender("aimap"), contender("aioimaplib")]
        patience = 60 + count / 10
        # What the first login of a user makes on the server is nobody's burden.
        measure("crowd", [contender("stream")], task, rounds=1, patience=patience)
        measure("crowd", contenders, task, rounds=lab.rounds, patience=patience, enough=_ENOUGH)
        floor, ours, *_ = contenders
        rows += [_row(count, each, floor) for each in contenders]
        times = ratio(ours.middle("memory"), floor.middle("memory"))
        notes.append(aim(f"times the memory of {count:,} bare streams", times, 1.35))
        for what, figure in (("Memory", "memory"), ("Ready", "seconds"), ("Event", "p50")):
            notes.append(ahead(f"{what} with {count:,}", ours, contenders, figure, _REASONS))
        what = f"kB for each of {count:,} idle connections"
        plots.append(bars(f"crowd-{count}", what, contenders, "memory", over=1000))
    title = f"{' and '.join(f'{count:,}' for count in counts)} idle connections with TLS"
    return Section(title, [_HOW, table(_COLUMNS, rows), *notes], plots)


_REASONS = {
    "aioimaplib": (
        "it hands out lines that nobody has parsed, and by OpenSSL's memory buffers through asyncio"
    )
}


def _row(count: int, each: Contender, floor: Contender) -> list[str]:
    return [
        f"{count:,}",
        each.title,
        each.failure or each.shown("seconds", ".2f"),
        each.shown("cpu", ".2f", over=count / 1e3),
        each.shown("memory", ".1f", over=1000),
        each.times("memory", floor),
        each.shown("p50", ".0f", over=1e-3),
        each.shown("p99", ".0f", over=1e-3),
        each.shown("missed", ".0f"),
    ]
