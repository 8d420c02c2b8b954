"""Mirrors of accounts on Dovecot, side by side with other programs.

Each program is a process of its own and mirrors into a new folder: first all of it, then
again with nothing new, then with ten changes. Octets and flights (how often something is
sent behind something received) are counted on the link. "working" leaves out the start of
Python, where that can be told; programs are compared by it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.servers.real import RealServer

from benchmarks import mirror_tools as tools
from benchmarks.engine.table import aim, table
from benchmarks.link import Link, Traffic, linked
from benchmarks.mirror_mail import change, make_users
from benchmarks.mirror_tools import Job, Run, Tool, messages_in

SHORT, LONG = 0.0, 0.05
_PATIENCE = 180.0

Measured = dict[str, tuple[Run, Traffic]]
"""What each pass of a program took, by its name."""


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aimap-mirror-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _pass(tool: Tool, job: Job, link: Link, *, direct: int | None) -> tuple[Run, Traffic]:
    """Run a program once; without added time it talks to the server itself."""
    before = link.traffic()
    run = tool.run(job if direct is None else replace(job, port=direct), _PATIENCE)
    after = link.traffic()
    return run, Traffic(
        after.sent - before.sent,
        after.received - before.received,
        after.flights - before.flights,
        after.connections - before.connections,
    )


def _passes(
    server: RealServer, tool: Tool, users: Sequence[str], round_trip: float, names: Sequence[str]
) -> Measured | str:
    """Mirror those accounts several times; return what it took, or why it did not."""
    if tool.missing:
        return tool.missing
    found: Measured = {}
    with _folder() as folder, linked(server.port, round_trip) as link:
        job = Job(link.port, tuple(users), folder, connections=4)
        for name in names:
            if name == "10 changes":
                for user in users:
                    change(server, user)
            # What is counted is counted on the long link.
            direct = server.port if not round_trip else None
            try:
                found[name] = _pass(tool, job, link, direct=direct)
            except RuntimeError as error:
                return str(error)
    return found


_COLUMNS = (
    "program",
    "pass",
    "link",
    "seconds",
    "working",
    "CPU seconds",
    "octets",
    "flights",
    "MB memory",
)


def _rows(tool: Tool, round_trip: float, found: Measured | str) -> list[list[str]]:
    link = f"{round_trip * 1000:.0f} ms"
    if isinstance(found, str):
        return [[tool.name, "", link, found, "", "", "", "", ""]]
    return [
        [
            tool.name,
            name,
            link,
            f"{run.seconds:.2f}",
            f"{run.working:.2f}",
            f"{run.cpu:.2f}",
            f"{traffic.octets:,}" if traffic.octets else "",
            str(traffic.flights) if traffic.octets else "",
            f"{run.memory / 1e6:.0f}",
        ]
        for name, (run, traffic) in found.items()
    ]


def _ratio(
    ours: Measured | str, theirs: Measured | str, name: str, what: Callable[[Run, Traffic], float]
) -> float | None:
    if isinstance(ours, str) or isinstance(theirs, str):
        return None
    return what(*ours[name]) / max(1e-9, what(*theirs[name]))


def _seconds(run: Run, _: Traffic) -> float:
    return run.working


def _octets(_: Run, traffic: Traffic) -> float:
    return traffic.octets


def one(server: RealServer, *, quick: bool) -> str:
    """Mirror one account: first, again, and with ten changes, over a short and a long link."""
    messages = 1000 if quick else 10_000
    programs = [tools.aimap(), tools.aimap(compress=True), tools.mbsync(), tools.offlineimap()]
    rows: list[list[str]] = []
    found: dict[tuple[str, float], Measured | str] = {}
    for round_trip in (SHORT, LONG):
        for tool in programs:
            (user,) = make_users(server, 1, messages)
            names = ("first", "again", "10 changes")
            measured = _passes(server, tool, [user], round_trip, names)
            found[tool.name, round_trip] = measured
            rows += _rows(tool, round_trip, measured)
    ours, theirs = programs[0].name, programs[2].name
    aims = [
        aim(
            f"{name} at {round_trip * 1000:.0f} ms, times {theirs}",
            _ratio(found[ours, round_trip], found[theirs, round_trip], name, _seconds),
            most,
        )
        for name, round_trip, most in (
            ("first", SHORT, 2.0),
            ("first", LONG, 1.0),
            ("10 changes", LONG, 1.0),
        )
    ]
    octets = _ratio(found[ours, LONG], found[theirs, LONG], "10 changes", _octets)
    aims.append(aim(f"octets with 10 changes, times {theirs}", octets, 0.1))
    return "\n".join(
        [f"**mirror of one account**: {messages:,} messages\n", table(_COLUMNS, rows), "", *aims]
    )


def large(server: RealServer, *, quick: bool) -> str:
    """Mirror ten changes of a large mailbox."""
    messages = 10_000 if quick else 100_000
    tool = tools.aimap()
    (user,) = make_users(server, 1, messages)
    # A link without delay, so that it counts.
    found: Measured | str = {}
    with _folder() as folder, linked(server.port, 0) as link:
        job = Job(link.port, (user,), folder)
        found = {"first": _pass(tool, job, link, direct=None)}
        for name in ("again", "10 changes"):
            if name == "10 changes":
                change(server, user)
            found[name] = _pass(tool, job, link, direct=None)
    run, traffic = found["10 changes"]
    aims = [
        aim("octets with 10 changes", traffic.octets, 10_000),
        aim("CPU seconds with 10 changes, the start of Python included", run.cpu, 1.0),
    ]
    title = f"**mirror of a large mailbox**: {messages:,} messages\n"
    return "\n".join([title, table(_COLUMNS, _rows(tool, 0, found)), "", *aims])


def several(server: RealServer, *, quick: bool) -> str:
    """Mirror several accounts over a long link."""
    count, messages = (5, 100) if quick else (20, 500)
    users = make_users(server, count, messages)
    rows: list[list[str]] = []
    found: dict[str, Measured | str] = {}
    programs = [tools.aimap(), tools.aimap(compress=True), tools.mbsync()]
    for tool in programs:
        found[tool.name] = _passes(server, tool, users, LONG, ("first", "again"))
        rows += _rows(tool, LONG, found[tool.name])
    aims = [
        aim(
            f"{name}, times mbsync -a",
            _ratio(found[programs[0].name], found[programs[2].name], name, _seconds),
            0.2,
        )
        for name in ("first", "again")
    ]
    title = f"**mirror of several accounts**: {count} accounts of {messages} messages\n"
    return "\n".join([title, table(_COLUMNS, rows), "", *aims])


def many(server: RealServer, *, quick: bool) -> str:
    """Mirror many accounts in one process."""
    count, messages = (20, 50) if quick else (200, 200)
    users = make_users(server, count, messages)
    tool = tools.aimap(at_once=50)
    rows: list[list[str]] = []
    with _folder() as folder, linked(server.port, 0) as link:
        job = Job(server.port, users, folder)
        found: Measured = {}
        for name in ("first", "again"):
            found[name] = _pass(tool, job, link, direct=server.port)
        rows = _rows(tool, 0, found)
        there = messages_in(folder, users)
    title = f"**mirror of many accounts**: {count} accounts of {messages} messages in one process\n"
    return "\n".join([title, table(_COLUMNS, rows), "", f"{there:,} messages are there"])


ROWS: dict[str, Callable[..., str]] = {
    "one": one,
    "large": large,
    "several": several,
    "many": many,
}
"""What is measured, by name."""
