"""The same octets to each client: what it costs to have every value parsed.

A replay server on this machine sends ready-made responses (:mod:`benchmarks.corpus`,
:mod:`benchmarks.replay`). Each client runs in a process of its own, which measures the
processor time that it takes, user and system, from after logging in and selecting, and a
first small fetch, until everything is there (:mod:`benchmarks.clients`). What it found is
compared with what was put in, so that no client is quick by leaving things out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from benchmarks import corpus, peers, responses
from benchmarks.clients import ITEMS
from benchmarks.corpus import Corpus
from benchmarks.replay import replaying
from benchmarks.report import Bars, Section

ROUNDS = 5
QUICK = 0.05
"""The part of each set that a quick run takes."""

_MOST_SECONDS = 600


@dataclass(frozen=True)
class Options:
    """What to run.

    Attributes:
        scale: the part of each set to take.
        rounds: how often.
        order: of the items in the first set; see :data:`benchmarks.responses.ORDERS`.
        sets: names of sets.
        clients: names of clients.
    """

    scale: float = 1.0
    rounds: int = ROUNDS
    order: str = "uid-first"
    sets: Sequence[str] = tuple(corpus.COUNTS)
    clients: Sequence[str] = ("socket", "imaplib", "imapclient", "aimap", "imapflow", "libetpan")


@dataclass
class Row:
    """A client, used in one way, and what was measured.

    Attributes:
        client: such as ``"aimap"``.
        title: as it is shown.
        command: how it is run; what to fetch is added.
        read: whether all that it parsed is decoded and looked at too.
        failure: why there is nothing to show, or empty.
        seconds: one number for each round.
    """

    client: str
    title: str
    command: tuple[str, ...] = ()
    read: bool = False
    failure: str = ""
    seconds: list[float] = field(default_factory=list)


def _python(client: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.clients", client)


def _peer(client: str, note: str, find: Callable[[], peers.Peer], *, read: bool = False) -> Row:
    try:
        found = find()
    except peers.MissingError as missing:
        return Row(client, client, failure=f"not installed: {missing}")
    return Row(client, f"{client} {found.version}, {note}", found.command, read)


def rows(name: str, clients: Sequence[str]) -> list[Row]:
    """Return who takes part in a set."""
    found = [
        Row("socket", "a socket, octets dropped", _python("socket")),
        Row("imaplib", "imaplib, lines only", _python("imaplib")),
    ]
    for client in ("imapclient", "aimap"):
        package = "trio-aimap" if client == "aimap" else client
        title = f"{client} {version(package)}"
        found.append(Row(client, title, _python(client)))
        if name != "bodies":
            row = Row(client, f"{title}, every attribute read", _python(client), read=True)
            found.append(row)
    if "imapflow" in clients:
        found.append(_peer("imapflow", "which decodes as it parses", peers.imapflow, read=True))
    if "libetpan" in clients:
        found.append(_peer("libetpan", "in C, nothing decoded", peers.libetpan))
    return [row for row in found if row.client in clients]


def measure(row: Row, task: Corpus, port: int) -> None:
    """Let a client do it once, and add what it took to its row."""
    command = [*row.command, task.name, str(port), str(task.warm_up)]
    if row.read and row.client in {"imapclient", "aimap"}:
        command.append("read")
    # Some clients give local times without a zone.
    environment = os.environ | {"TZ": "UTC"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_MOST_SECONDS,
            env=environment,
            check=True,
        )
    except subprocess.TimeoutExpired:
        row.failure = f"not ready within {_MOST_SECONDS} seconds"
        return
    except subprocess.CalledProcessError as error:
        row.failure = f"failed: {(error.stderr.strip().splitlines() or ['no reason'])[-1]}"
        return
    result = json.loads(done.stdout)
    wrong = {
        f"{found} {what}, not {task.checks[what]}"
        for what, found in result["sums"].items()
        if found != task.checks[what]
    }
    if wrong:
        row.failure = f"found {', '.join(sorted(wrong))}"
        return
    row.seconds.append(result["seconds"])


def _compare(row: Row, rows: Sequence[Row], client: str) -> str:
    """Relate to another client's row: one that reads too, if this one does."""
    others = [each for each in rows if each.client == client and each.seconds and not each.failure]
    other = next((each for each in others if each.read == row.read), others[0] if others else None)
    return f"{median(row.seconds) / median(other.seconds):.2f}" if other else ""


def _table(task: Corpus, items: str, rows: Sequence[Row]) -> list[str]:
    count = task.checks["messages"]
    columns = ("CPU seconds", "least to most", "µs a message", "times imapclient", "times aimap")
    lines = [
        f"**parsing {task.name}**: {count:,} × {items}, {task.checks['wire'] / 1e6:.1f} MB",
        "",
        f"| client | {' | '.join(columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
    ]
    for row in rows:
        if row.failure or not row.seconds:
            lines.append(f"| {row.title}: {row.failure} |{' |' * len(columns)}")
            continue
        middle = median(row.seconds)
        cells = (
            row.title,
            f"{middle:.3f}",
            f"{min(row.seconds):.3f} to {max(row.seconds):.3f}",
            f"{middle / count * 1e6:.1f}",
            _compare(row, rows, "imapclient"),
            _compare(row, rows, "aimap"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def run(options: Options) -> list[Section]:
    """Run it; return a table for each set."""
    tasks = [corpus.prepare(name, options.scale, options.order) for name in options.sets]
    sections: list[Section] = []
    with replaying(tasks) as port:
        for task in tasks:
            found = rows(task.name, options.clients)
            for _ in range(options.rounds):
                for row in found:
                    if not row.failure:
                        measure(row, task, port)
            items = ITEMS[task.name].strip("()")
            if task.name == "flags":
                items = " ".join(responses.ORDERS[options.order])
            broken = [row for row in found if row.client == "aimap" and row.failure]
            if broken:
                raise AssertionError(f"{broken[0].title}: {broken[0].failure}")
            bars = [(row.title, median(row.seconds)) for row in found if row.seconds]
            plot = Bars(f"parse-{task.name}", f"CPU seconds to parse: {task.name}", bars)
            sections.append(Section("\n".join(_table(task, items, found)), [plot]))
    return sections
