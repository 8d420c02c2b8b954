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
from dataclasses import dataclass, replace
from importlib.metadata import version

from benchmarks import corpus, peers, responses
from benchmarks.clients import ITEMS
from benchmarks.corpus import Corpus
from benchmarks.replay import replaying
from benchmarks.report import Section
from benchmarks.tables import ahead, bars, table
from benchmarks.turns import Entrant, FailedError, Figures, take_turns

ROUNDS = 5
QUICK = 0.05
"""The part of each set that a quick run takes."""

_MOST_SECONDS = 600
ENOUGH = 30.0
"""Seconds for the rounds of one, on the wall."""


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


@dataclass(kw_only=True)
class Row(Entrant):
    """A client, used in one way.

    Attributes:
        command: how it is run; what to fetch is added.
        read: whether all that it parsed is decoded and looked at too.
    """

    command: tuple[str, ...] = ()
    read: bool = False


def _python(client: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.clients", client)


def _peer(client: str, note: str, find: Callable[[], peers.Peer], *, read: bool = False) -> Row:
    try:
        found = find()
    except peers.MissingError as missing:
        return Row(client=client, title=client, failure=f"not installed: {missing}")
    title = f"{client} {found.version}, {note}"
    return Row(client=client, title=title, command=found.command, read=read)


def rows(name: str, clients: Sequence[str]) -> list[Row]:
    """Return who takes part in a set."""
    found = [
        Row(client="socket", title="a socket, octets dropped", command=_python("socket")),
        Row(client="imaplib", title="imaplib, lines only", command=_python("imaplib")),
    ]
    for client in ("imapclient", "aimap"):
        package = "trio-aimap" if client == "aimap" else client
        title = f"{client} {version(package)}"
        row = Row(client=client, title=title, command=_python(client))
        found.append(row)
        if name != "bodies":
            found.append(replace(row, title=f"{title}, every attribute read", read=True))
    if "imapflow" in clients:
        found.append(_peer("imapflow", "which decodes as it parses", peers.imapflow, read=True))
    if "libetpan" in clients:
        found.append(_peer("libetpan", "in C, nothing decoded", peers.libetpan))
    return [row for row in found if row.client in clients]


def measure(row: Row, task: Corpus, port: int) -> Figures:
    """Let a client do it once; return its ``"cpu"``.

    Raises:
        FailedError: if it does not find what was put in.
    """
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
        raise FailedError(f"not ready within {_MOST_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason"])[-1]
        raise FailedError(f"failed: {reason}") from None
    result = json.loads(done.stdout)
    wrong = {
        f"{found} {what}, not {task.checks[what]}"
        for what, found in result["sums"].items()
        if found != task.checks[what]
    }
    if wrong:
        raise FailedError(f"found {', '.join(sorted(wrong))}")
    return {"cpu": result["seconds"]}


def _compare(row: Row, rows: Sequence[Row], client: str) -> str:
    """Relate to another client's row: one that reads too, if this one does."""
    others = [each for each in rows if each.client == client]
    other = next((each for each in others if each.read == row.read), others[0] if others else None)
    return row.times("cpu", other) if other else ""


def _ahead(rows: Sequence[Row]) -> list[str]:
    """Compare ours with those that do as much, or as little, where there are both."""
    all_of_ours = [each for each in rows if each.client == "aimap"]
    notes: list[str] = []
    for ours in all_of_ours:
        others = [each for each in rows if len(all_of_ours) == 1 or each.read == ours.read]
        notes.append(ahead("CPU seconds", ours, others, "cpu"))
    return notes


_COLUMNS = ("client", "CPU seconds", "µs a message", "times imapclient", "times aimap")


def run(name: str, options: Options) -> Section:
    """Run a set."""
    task = corpus.prepare(name, options.scale, options.order)
    found = rows(name, options.clients)
    with replaying([task]) as port:
        take_turns(found, lambda row: measure(row, task, port), options.rounds, enough=ENOUGH)
    count = task.checks["messages"]
    cells = [
        [
            row.title,
            row.failure or row.shown("cpu"),
            row.typical("cpu", ".1f", over=count / 1e6),
            _compare(row, found, "imapclient"),
            _compare(row, found, "aimap"),
        ]
        for row in found
    ]
    items = ITEMS[name].strip("()")
    if name == "flags":
        items = " ".join(responses.ORDERS[options.order])
    what = f"{count:,} × {items}, {task.checks['wire'] / 1e6:.1f} MB from a replay server."
    plot = bars(f"parse-{name}", f"CPU seconds to parse: {name}", found, "cpu")
    return Section(f"Parsing: {name}", [what, table(_COLUMNS, cells), *_ahead(found)], [plot])
