"""Mirrors of accounts on Dovecot, side by side with other programs.

Each program is a process of its own and mirrors into a new folder: first all of it, then
again with nothing new, then with ten changes. Octets and flights (how often something is
sent behind something received) are counted on the link. Seconds are all that whoever starts
the program waits for; how many of them are the start of Python is shown where it is known.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import mirror_tools as tools
from benchmarks.engine.task import Lab
from benchmarks.link import Link, linked
from benchmarks.mirror_mail import change, make_users, messages_on
from benchmarks.mirror_tools import Job, Tool, messages_in
from benchmarks.report import Section
from benchmarks.tables import ahead, aim, bars, ratio, table
from benchmarks.turns import Entrant, FailedError, Figures, take_turns

SHORT, LONG = 0.0, 0.05
FIRST, AGAIN, CHANGED = "first", "again", "10 changes"
_PATIENCE = 120.0
_ENOUGH = 30.0
"""Seconds that the rounds of one program may take together."""


@dataclass(kw_only=True)
class _Program(Entrant):
    """A program over a link; its figures are named by the pass, too.

    Attributes:
        tool: how it is run.
    """

    tool: Tool


def _program(tool: Tool) -> _Program:
    return _Program(client=tool.name.split()[0], title=tool.name, tool=tool, failure=tool.missing)


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aimap-mirror-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _pass(name: str, tool: Tool, job: Job, link: Link, *, direct: int | None = None) -> Figures:
    """Run a program once; without added time it talks to the server itself."""
    before = link.traffic()
    run = tool.run(job if direct is None else replace(job, port=direct), _PATIENCE)
    after = link.traffic()
    figures = {
        "seconds": run.seconds,
        "working": run.seconds - (run.start or 0.0),
        "cpu": run.cpu,
        "memory": run.memory,
    }
    if run.start is not None:
        figures["start"] = run.start
    if direct is None:
        figures["octets"] = after.octets - before.octets
        figures["flights"] = after.flights - before.flights
    return {f"{name}: {figure}": value for figure, value in figures.items()}


def _compare(
    lab: Lab,
    programs: Sequence[_Program],
    users: Sequence[str],
    round_trip: float,
    names: Sequence[str],
) -> None:
    """Let each program mirror those accounts into a new folder, pass by pass, in each round."""
    # What is counted is counted on the long link.
    direct = lab.server.port if not round_trip else None
    with linked(lab.server.port, round_trip) as link:

        def run(program: _Program) -> Figures:
            found: Figures = {}
            with _folder() as folder:
                job = Job(link.port, tuple(users), folder, connections=4)
                for name in names:
                    if name == CHANGED:
                        for user in users:
                            change(lab.server, user)
                    found |= _pass(name, program.tool, job, link, direct=direct)
                there, wanted = messages_in(folder, users), messages_on(lab.server, users)
                if there != wanted:
                    raise FailedError(f"mirrors {there:,} of {wanted:,} messages")
            return found

        take_turns(programs, run, lab.rounds, enough=_ENOUGH)


_COLUMNS = (
    "program",
    "pass",
    "link",
    "seconds",
    "times mbsync",
    "to start",
    "CPU seconds",
    "octets",
    "flights",
    "MB memory",
)


def _rows(
    programs: Sequence[_Program], round_trip: float, names: Sequence[str]
) -> Iterator[list[str]]:
    link = f"{round_trip * 1000:.0f} ms"
    measure = next((each for each in programs if each.client == "mbsync"), None)
    for each in programs:
        if each.failure:
            yield [each.title, "", link, each.failure, *[""] * 6]
            continue
        for name in names:
            yield [
                each.title,
                name,
                link,
                each.shown(f"{name}: seconds", ".2f"),
                each.times(f"{name}: seconds", measure) if measure else "",
                each.typical(f"{name}: start", ".2f"),
                each.shown(f"{name}: cpu", ".2f"),
                each.typical(f"{name}: octets", ",.0f"),
                each.typical(f"{name}: flights", ".0f"),
                each.typical(f"{name}: memory", ".0f", over=1e6),
            ]


def _ahead(programs: Sequence[_Program], round_trip: float, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        what = f"Seconds of {name} at {round_trip * 1000:.0f} ms"
        yield ahead(what, programs[0], programs, f"{name}: seconds", _REASONS)


_REASONS = {
    "mbsync": "it is written in C, and starts at once; see what Python takes to start",
    "offlineimap": "it starts sooner, since it imports less",
}


def _times(programs: Sequence[_Program], other: str, figure: str) -> float | None:
    """Divide a figure of the first one by that of another."""
    (found,) = [each for each in programs if each.client == other]
    return ratio(programs[0].middle(figure), found.middle(figure))


def _programs(round_trip: float) -> list[_Program]:
    """Return who is compared; who compresses has nothing to win where nothing is far."""
    kinds = [tools.aimap(), tools.mbsync(), tools.offlineimap()]
    if round_trip:
        kinds.insert(1, tools.aimap(compress=True))
    return [_program(tool) for tool in kinds]


def one(lab: Lab) -> Section:
    """Mirror one account: first, again, and with ten changes, over a short and a long link."""
    messages = 1000 if lab.quick else 10_000
    names = (FIRST, AGAIN, CHANGED)
    users = make_users(lab.server, 1, messages)
    found: dict[float, list[_Program]] = {}
    for round_trip in (SHORT, LONG):
        found[round_trip] = _programs(round_trip)
        _compare(lab, found[round_trip], users, round_trip, names)
    aims = [
        aim(
            f"{name} at {round_trip * 1000:.0f} ms, besides the start, times mbsync",
            _times(found[round_trip], "mbsync", f"{name}: working"),
            most,
        )
        for name, round_trip, most in (
            (FIRST, SHORT, 2.0),
            (FIRST, LONG, 1.0),
            (CHANGED, LONG, 1.0),
        )
    ]
    octets = _times(found[LONG], "mbsync", f"{CHANGED}: octets")
    aims.append(aim(f"octets with {CHANGED}, times mbsync", octets, 0.1))
    title = f"Mirror of one account of {messages:,} messages"
    return _section("mirror-one", title, found, names, aims)


def several(lab: Lab) -> Section:
    """Mirror several accounts over a short and a long link."""
    count, messages = (5, 100) if lab.quick else (20, 500)
    names = (FIRST, AGAIN)
    users = make_users(lab.server, count, messages)
    found: dict[float, list[_Program]] = {}
    for round_trip in (LONG,) if lab.quick else (SHORT, LONG):
        found[round_trip] = _programs(round_trip)
        _compare(lab, found[round_trip], users, round_trip, names)
    aims = [
        aim(
            f"{name} at 50 ms besides the start, times mbsync",
            _times(found[LONG], "mbsync", f"{name}: working"),
            0.2,
        )
        for name in names
    ]
    title = f"Mirror of {count} accounts of {messages} messages each"
    return _section("mirror-several", title, found, names, aims)


def _section(
    name: str,
    title: str,
    found: dict[float, list[_Program]],
    names: Sequence[str],
    aims: Sequence[str],
) -> Section:
    rows = [row for round_trip, all_of in found.items() for row in _rows(all_of, round_trip, names)]
    notes = [
        note for round_trip, all_of in found.items() for note in _ahead(all_of, round_trip, names)
    ]
    what = f"seconds of the first mirror, 50 ms added to each round trip: {title}"
    plot = bars(name, what, found[LONG], f"{FIRST}: seconds")
    return Section(title, [_HOW, table(_COLUMNS, rows), *aims, *notes], [plot])


_HOW = (
    "Into a new Maildir in each round, written through to the disk as each program does by "
    "itself. mbsync compresses what goes over the link wherever the server can; aimap does it if "
    "it is told to. mbsync takes one account after the other."
)


def large(lab: Lab) -> Section:
    """Mirror ten changes of a large mailbox."""
    messages = 10_000 if lab.quick else 100_000
    program = _program(tools.aimap())
    (user,) = make_users(lab.server, 1, messages)
    # A link without delay, so that it counts.
    with _folder() as folder, linked(lab.server.port, 0) as link:
        job = Job(link.port, (user,), folder)
        first = _pass(FIRST, program.tool, job, link)

        def run(program: _Program) -> Figures:
            again = _pass(AGAIN, program.tool, job, link)
            change(lab.server, user)
            return again | _pass(CHANGED, program.tool, job, link)

        take_turns([program], run, lab.rounds, enough=_ENOUGH)
    program.measured[0] |= first
    aims = [
        aim("octets with 10 changes", program.middle(f"{CHANGED}: octets"), 10_000),
        aim("CPU seconds with 10 changes", program.middle(f"{CHANGED}: cpu"), 1.0),
    ]
    rows = list(_rows([program], SHORT, (FIRST, AGAIN, CHANGED)))
    title = f"Mirror of a mailbox of {messages:,} messages"
    return Section(title, [table(_COLUMNS, rows), *aims])


def many(lab: Lab) -> Section:
    """Mirror many accounts in one process."""
    count, messages = (20, 50) if lab.quick else (200, 200)
    users = make_users(lab.server, count, messages)
    programs = [_program(tools.aimap(at_once=50))]
    _compare(lab, programs, users, SHORT, (FIRST, AGAIN))
    rows = list(_rows(programs, SHORT, (FIRST, AGAIN)))
    title = f"Mirror of {count} accounts of {messages} messages each, in one process"
    return Section(title, [table(_COLUMNS, rows)])


ROWS: dict[str, Callable[[Lab], Section]] = {
    "one": one,
    "several": several,
    "large": large,
    "many": many,
}
"""What is measured, by name."""
