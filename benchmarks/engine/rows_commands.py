"""Rows of small commands: who takes part, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.engine import asking, storing
from benchmarks.engine.links import LONG, links_table, over_links
from benchmarks.engine.mail import make_user
from benchmarks.engine.measure import Contender, contender, measure
from benchmarks.engine.task import Lab, Task
from benchmarks.report import Section
from benchmarks.tables import ahead, aim, bars, ratio, table

_PATIENCE = 30.0
# Those of whom only waiting would tell anything: a quick run does not.
_STALL = {("aioimaplib", asking.AT_ONCE), ("imapflow", storing.INSIDE)}


def _taking_part(lab: Lab, clients: Sequence[tuple[str, str]]) -> list[Contender]:
    return [contender(*each) for each in clients if not (lab.quick and each in _STALL)]


def _askers(lab: Lab) -> list[Contender]:
    ways = (asking.IN_TURN, asking.AT_ONCE)
    able = ("stream", "aimap", "aioimaplib", "imapflow")
    clients = [(client, way) for client in able for way in ways]
    clients += [(client, asking.IN_TURN) for client in ("imaplib", "imapclient")]
    return _taking_part(lab, clients)


_BARE = contender("stream", asking.AT_ONCE)
_OURS = contender("aimap", asking.AT_ONCE)


def _ask(lab: Lab, row: str, title: str, user: str, count: int) -> Section:
    found = over_links(lab, row, lambda: _askers(lab), user, count)
    longest = found[LONG]
    ours, bare = longest[_OURS.title], longest[_BARE.title]
    seconds = ours.middle("seconds")
    notes = [
        aim(f"round trips of {ours.title}", ratio(seconds, LONG), 2),
        aim("times the bare stream, at once", ratio(seconds, bare.middle("seconds")), 2),
        *(
            ahead(
                f"At {round_trip * 1000:.0f} ms",
                each[_OURS.title],
                list(each.values()),
                "seconds",
            )
            for round_trip, each in found.items()
        ),
    ]
    what = f"seconds for {count} {row.upper()}, {LONG * 1000:.0f} ms added to each round trip"
    plot = bars(row, what, list(longest.values()), "seconds")
    return Section(title, [links_table(found, _BARE), *notes], [plot])


def status(lab: Lab) -> Section:
    """Many STATUS commands."""
    count = 10 if lab.quick else 200
    return _ask(lab, "status", f"{count} STATUS on one connection", make_user(lab.server), count)


def fetch(lab: Lab) -> Section:
    """Many FETCH commands of one message each."""
    count = 10 if lab.quick else 500
    title = f"{count} FETCH of one message each"
    return _ask(lab, "fetch", title, make_user(lab.server, count), count)


_STORERS = (
    ("aimap", storing.AFTER),
    ("aimap", storing.INSIDE),
    ("aimap", storing.INSIDE_UNAWAITED),
    ("imapflow", storing.AFTER),
    ("imapflow", storing.INSIDE),
    ("aioimaplib", storing.AFTER),
    ("imaplib", storing.AFTER),
    ("imapclient", storing.AFTER),
)
_UIDS_FIRST = (
    "aimap asks first which UIDs there are, one round trip, so that a loop can be left early"
)


def store(lab: Lab) -> Section:
    """A STORE for each message of a running FETCH."""
    count = 5 if lab.quick else 50
    user = make_user(lab.server, count)
    found = over_links(
        lab,
        "store",
        lambda: _taking_part(lab, _STORERS),
        user,
        count,
        prepare=storing.clear,
    )
    ours = contender("aimap", storing.AFTER)
    reasons = dict.fromkeys(("imapflow", "aioimaplib", "imaplib", "imapclient"), _UIDS_FIRST)
    longest = found[LONG]
    note = ahead(
        f"At {LONG * 1000:.0f} ms",
        longest[ours.title],
        list(longest.values()),
        "seconds",
        reasons,
    )
    return Section(
        f"FETCH of {count} messages, and a STORE for each", [links_table(found, ours), note]
    )


def cpu(lab: Lab) -> Section:
    """The processor time of small commands."""
    count = 2_000 if lab.quick else 10_000
    user = make_user(lab.server)
    found: dict[str, list[Contender]] = {}
    for name in ("noop", "status"):
        found[name] = _askers(lab)
        task = Task(port=lab.server.port, user=user, count=count)
        measure(name, found[name], task, rounds=lab.rounds, patience=_PATIENCE)
    rows: list[list[str]] = []
    for pair in zip(*found.values(), strict=True):
        cells = [pair[0].title]
        for each, others in zip(pair, found.values(), strict=True):
            floor = next(other for other in others if other.title == _BARE.title)
            cells.append(each.failure or each.shown("cpu", ".1f", over=count / 1e6))
            cells.append(each.times("cpu", floor, ".1f"))
        rows.append(cells)
    notes = [
        ahead(f"Of {name.upper()}", ours, others, "cpu")
        for name, others in found.items()
        for ours in others
        if ours.title == _OURS.title
    ]
    times = f"times {_BARE.title}"
    columns = ("client", "NOOP: µs each", times, "STATUS: µs each", times)
    title = f"Processor time of {count:,} small commands"
    return Section(title, ["No time is added.", table(columns, rows), *notes])
