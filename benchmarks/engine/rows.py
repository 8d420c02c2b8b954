"""The rows: who takes part, and what is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from benchmarks.engine import asking, cancelling, storing
from benchmarks.engine.links import LONG, link, links_table, over_links
from benchmarks.engine.mail import make_user
from benchmarks.engine.measure import Contender, measure
from benchmarks.engine.table import aim, number, table
from benchmarks.engine.task import Lab, Task

_SLICE = 256 * 1024
_PATIENCE = 30.0


def _askers() -> list[Contender]:
    ways = (asking.IN_TURN, asking.AT_ONCE)
    able = ("stream", "aimap", "aioimaplib", "imapflow")
    return [
        *(Contender(client, way) for client in able for way in ways),
        *(Contender(client, asking.IN_TURN) for client in ("imaplib", "imapclient")),
    ]


_BARE = Contender("stream", asking.AT_ONCE)
_OURS = Contender("aimap", asking.AT_ONCE)


def _ask(lab: Lab, row: str, user: str, count: int) -> str:
    found = over_links(lab, row, _askers, user, count)
    ours = found[LONG][_OURS.title].middle("seconds")
    bare = found[LONG][_BARE.title].middle("seconds")
    aims = (
        aim("round trips of aimap, at once", _ratio(ours, LONG), 2),
        aim("times the bare stream, at once", _ratio(ours, bare), 2),
    )
    return "\n\n".join([links_table(found, _BARE), *aims])


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def status(lab: Lab) -> str:
    """Many STATUS commands."""
    count = 50 if lab.quick else 200
    title = f"**status**: {count} STATUS on one connection\n\n"
    return title + _ask(lab, "status", make_user(lab.server), count)


def fetch(lab: Lab) -> str:
    """Many FETCH commands of one message each."""
    count = 100 if lab.quick else 500
    title = f"**fetch**: {count} FETCH of one message each (FLAGS INTERNALDATE RFC822.SIZE)\n\n"
    return title + _ask(lab, "fetch", make_user(lab.server, count), count)


def _storers() -> list[Contender]:
    return [
        Contender("aimap", storing.AFTER),
        Contender("aimap", storing.INSIDE),
        Contender("aimap", storing.INSIDE_UNAWAITED),
        Contender("imapflow", storing.AFTER),
        Contender("imapflow", storing.INSIDE),
        Contender("aioimaplib", storing.AFTER),
        Contender("imaplib", storing.AFTER),
        Contender("imapclient", storing.AFTER),
    ]


def store(lab: Lab) -> str:
    """A STORE for each message of a running FETCH."""
    count = 30 if lab.quick else 100
    user = make_user(lab.server, count)
    title = f"**store**: FETCH of {count} messages (FLAGS BODY.PEEK[]), and a STORE for each\n\n"
    found = over_links(lab, "store", _storers, user, count, prepare=storing.clear)
    return title + links_table(found, Contender("aimap", storing.AFTER))


def cancel(lab: Lab) -> str:
    """The time that giving up a long FETCH takes."""
    count = 20_000 if lab.quick else 100_000
    user = make_user(lab.server, count)
    ways = (cancelling.AT_FIRST, cancelling.IN_THE_MIDDLE)
    contenders = [
        Contender(client, way) for client in ("aimap", "stream", "imapflow") for way in ways
    ]
    contenders.append(Contender("aioimaplib", "after half a second"))
    with link(lab.server.port, LONG) as port:
        task = Task(port=port, user=user, count=count)
        measure("cancel", contenders, task, rounds=lab.rounds, patience=_PATIENCE)
    rows = [
        [
            each.title,
            each.failure or number(each.middle("seconds")),
            number(each.middle("seconds"), ".1f", over=LONG),
            number(each.middle("octets"), ",.0f", over=1000),
            number(each.middle("octets"), ".1f", over=_SLICE),
        ]
        for each in contenders
    ]
    title = (
        f"**cancel**: a FETCH of {count:,} messages is given up, and NOOP asked for; "
        f"{LONG * 1000:.0f} ms added to each round trip. What was read meanwhile, as far as it "
        f"is known, also in slices of {_SLICE // 1024} KiB\n\n"
    )
    columns = ("client", "seconds until NOOP is answered", "round trips", "kB read", "slices read")
    return "\n\n".join([title + table(columns, rows), *_cancel_aims(contenders)])


def _cancel_aims(contenders: Sequence[Contender]) -> list[str]:
    """Take off the time of one slice: what the bare stream needs for as many octets."""
    first, middle, bare, *_ = contenders
    rate = _ratio(bare.middle("seconds"), bare.middle("octets")) or 0.0
    aims: list[str] = []
    for ours in (first, middle):
        seconds = ours.middle("seconds")
        beyond = None if seconds is None else max(0.0, seconds - rate * _SLICE) / LONG
        aims.append(aim(f"round trips of {ours.title}, besides one slice", beyond, 2))
    return aims


def cpu(lab: Lab) -> str:
    """The processor time of small commands."""
    count = 2_000 if lab.quick else 10_000
    user = make_user(lab.server)
    found: dict[str, list[Contender]] = {}
    for name in ("noop", "status"):
        found[name] = _askers()
        task = Task(port=lab.server.port, user=user, count=count)
        measure(name, found[name], task, rounds=lab.rounds, patience=_PATIENCE)
    noops, statuses = found["noop"], found["status"]
    floors = [each[1].middle("cpu") for each in (noops, statuses)]
    rows: list[list[str]] = []
    for noop, state in zip(noops, statuses, strict=True):
        cells = [noop.title]
        for each, floor in zip((noop, state), floors, strict=True):
            each_cpu = each.middle("cpu")
            cells.append(each.failure or number(each_cpu, ".1f", over=count / 1e6))
            cells.append(number(each_cpu, ".2f", over=floor))
        rows.append(cells)
    times = f"times {noops[1].title}"
    title = f"**cpu**: processor time of {count:,} small commands, no time added\n\n"
    return title + table(("client", "NOOP: µs each", times, "STATUS: µs each", times), rows)


def crowd(lab: Lab) -> str:
    """Very many connections at once."""
    user = make_user(lab.server, 10)
    rows: list[list[str]] = []
    aims: list[str] = []
    for count, secure in _crowds(lab):
        server = lab.server
        task = Task(
            port=server.tls_port if secure else server.port,
            user=user,
            count=count,
            ca_file=str(server.ca_file) if secure else "",
        )
        contenders = [Contender("stream"), Contender("aimap")]
        measure("crowd", contenders, task, rounds=lab.rounds, patience=count / 10)
        floor, ours = contenders
        if secure:
            times = _ratio(ours.middle("octets"), floor.middle("octets"))
            aims.append(aim(f"times the memory of {count:,} bare streams with TLS", times, 1.35))
        for each in contenders:
            cells = [f"{count:,}, {'TLS' if secure else 'in clear'}", each.title]
            cells.append(each.failure or number(each.middle("seconds"), ".2f"))
            for figure, form, unit in (("cpu", ".2f", 1e-3 * count), ("octets", ".1f", 1000)):
                cells.append(number(each.middle(figure), form, over=unit))
                cells.append(number(each.middle(figure), ".2f", over=floor.middle(figure)))
            rows.append(cells)
    title = (
        "**crowd**: connections in one process: connect, log in, select, IDLE, "
        f"{os.cpu_count()} cores for both sides\n\n"
    )
    columns = (
        "connections",
        "client",
        "seconds until ready",
        "CPU ms each",
        "times",
        "kB each",
        "times",
    )
    return "\n\n".join([title + table(columns, rows), *aims])


def _crowds(lab: Lab) -> Sequence[tuple[int, bool]]:
    return [(500, True), (500, False), *([] if lab.quick else [(2000, True), (2000, False)])]


ROWS: dict[str, Callable[[Lab], str]] = {
    "status": status,
    "fetch": fetch,
    "store": store,
    "cancel": cancel,
    "cpu": cpu,
    "crowd": crowd,
}
