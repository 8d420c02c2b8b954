"""The rows: who takes part, and what is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from benchmarks.engine import asking, cancelling, storing
from benchmarks.engine import large as large_message
from benchmarks.engine.links import LONG, link, links_table, over_links
from benchmarks.engine.mail import make_large, make_user
from benchmarks.engine.measure import Contender, measure
from benchmarks.engine.table import aim, number, table
from benchmarks.engine.task import Lab, Task
from benchmarks.report import Bars, Section

_SLICE = 256 * 1024
_PATIENCE = 30.0


def _askers() -> list[Contender]:
    ways = (asking.IN_TURN, asking.AT_ONCE)
    able = ("stream", "aimap", "aioimaplib", "imapflow")
    return [
        *(Contender(client, way) for client in able for way in ways),
        *(Contender(client, asking.IN_TURN) for client in ("imaplib", "imapclient")),
    ]


# Those of whom only waiting would tell anything: a quick run does not.
_STALL = {
    ("aioimaplib", asking.AT_ONCE),
    ("aioimaplib", cancelling.LATER),
    ("imapflow", storing.INSIDE),
}


def _taking_part(lab: Lab, contenders: Sequence[Contender]) -> list[Contender]:
    return [one for one in contenders if not (lab.quick and (one.client, one.way) in _STALL)]


_BARE = Contender("stream", asking.AT_ONCE)
_OURS = Contender("aimap", asking.AT_ONCE)


def _ask(lab: Lab, row: str, title: str, user: str, count: int) -> Section:
    found = over_links(lab, row, lambda: _taking_part(lab, _askers()), user, count)
    ours = found[LONG][_OURS.title].middle("seconds")
    bare = found[LONG][_BARE.title].middle("seconds")
    aims = (
        aim("round trips of aimap, at once", _ratio(ours, LONG), 2),
        aim("times the bare stream, at once", _ratio(ours, bare), 2),
    )
    text = "\n\n".join([title, links_table(found, _BARE), *aims])
    bars = [(name, each.middle("seconds")) for name, each in found[LONG].items()]
    plot = Bars(
        row,
        f"seconds for {count} {row.upper()}, {LONG * 1000:.0f} ms added to each round trip",
        [(name, seconds) for name, seconds in bars if seconds is not None],
    )
    return Section(text, [plot])


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def status(lab: Lab) -> Section:
    """Many STATUS commands."""
    count = 30 if lab.quick else 200
    title = f"**status**: {count} STATUS on one connection"
    return _ask(lab, "status", title, make_user(lab.server), count)


def fetch(lab: Lab) -> Section:
    """Many FETCH commands of one message each."""
    count = 30 if lab.quick else 500
    title = f"**fetch**: {count} FETCH of one message each (FLAGS INTERNALDATE RFC822.SIZE)"
    return _ask(lab, "fetch", title, make_user(lab.server, count), count)


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


def store(lab: Lab) -> Section:
    """A STORE for each message of a running FETCH."""
    count = 15 if lab.quick else 100
    user = make_user(lab.server, count)
    title = f"**store**: FETCH of {count} messages (FLAGS BODY.PEEK[]), and a STORE for each\n\n"
    found = over_links(
        lab, "store", lambda: _taking_part(lab, _storers()), user, count, prepare=storing.clear
    )
    return Section(title + links_table(found, Contender("aimap", storing.AFTER)))


def cancel(lab: Lab) -> Section:
    """The time that giving up a long FETCH takes."""
    count = 20_000 if lab.quick else 100_000
    user = make_user(lab.server, count)
    ways = (cancelling.AT_FIRST, cancelling.IN_THE_MIDDLE)
    contenders = [
        Contender(client, way) for client in ("aimap", "stream", "imapflow") for way in ways
    ]
    contenders.append(Contender("aioimaplib", cancelling.LATER))
    contenders = _taking_part(lab, contenders)
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
    return Section("\n\n".join([title + table(columns, rows), *_cancel_aims(contenders)]))


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


def cpu(lab: Lab) -> Section:
    """The processor time of small commands."""
    count = 2_000 if lab.quick else 10_000
    user = make_user(lab.server)
    found: dict[str, list[Contender]] = {}
    for name in ("noop", "status"):
        found[name] = _taking_part(lab, _askers())
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
    columns = ("client", "NOOP: µs each", times, "STATUS: µs each", times)
    return Section(title + table(columns, rows))


def crowd(lab: Lab) -> Section:
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
    return Section("\n\n".join([title + table(columns, rows), *aims]))


def _crowds(lab: Lab) -> Sequence[tuple[int, bool]]:
    return [(500, True)] if lab.quick else [(500, True), (500, False), (2000, True), (2000, False)]


def append(lab: Lab) -> Section:
    """Many messages go up."""
    many, few = (200, 10) if lab.quick else (2_000, 100)
    user = make_user(lab.server)
    found: list[tuple[Contender, int]] = []
    with link(lab.server.port, LONG) as port:
        for count, contenders in (
            (many, [Contender("aimap", asking.AT_ONCE)]),
            (
                few,
                [
                    Contender(client, asking.IN_TURN)
                    for client in (
                        "aimap", "imaplib", "imapclient", "imap-tools", "aioimaplib", "imapflow"
                    )
                ],
            ),
        ):  # fmt: skip
            task = Task(port=port, user=user, count=count)
            patience = 4 * count * LONG + 10
            measure("append", contenders, task, rounds=lab.rounds, patience=patience)
            found += [(each, count) for each in contenders]
    each = {one.title: _ratio(one.middle("seconds"), count) for one, count in found}
    least = next(iter(each.values()))
    rows = [
        [
            one.title,
            f"{count:,}",
            one.failure or number(one.middle("seconds")),
            number(each[one.title], ".2f", over=1e-3),
            number(each[one.title], ".1f", over=least),
        ]
        for one, count in found
    ]
    title = (
        f"**append**: messages of 1.2 kB are uploaded, {LONG * 1000:.0f} ms added to each round "
        "trip. Who waits for each answer uploads fewer, since it takes so long\n\n"
    )
    columns = ("client", "messages", "seconds", "ms each", f"times {found[0][0].title}")
    bars = [(name, 1e3 * seconds) for name, seconds in each.items() if seconds]
    plot = Bars("append", "milliseconds for each message that is uploaded", bars)
    return Section(title + table(columns, rows), [plot])


def large(lab: Lab) -> Section:
    """A message that is larger than anybody wants to hold."""
    size = 20_000_000 if lab.quick else 200_000_000
    contenders = [
        Contender("aimap", large_message.TO_A_FILE),
        Contender("aimap", large_message.IN_MEMORY),
        Contender("imaplib", large_message.IN_MEMORY),
        Contender("imapclient", large_message.IN_MEMORY),
        Contender("imap-tools", large_message.IN_MEMORY),
        Contender("aioimaplib", large_message.IN_MEMORY),
        Contender("imapflow", large_message.TO_A_FILE),
    ]
    task = Task(port=lab.server.port, user=make_large(lab.server, size), count=size)
    measure("large", contenders, task, rounds=1, patience=120)
    rows = [
        [
            each.title,
            each.failure or number(each.middle("seconds")),
            number(each.middle("cpu")),
            number(each.middle("octets"), ".1f", over=1e6),
        ]
        for each in contenders
    ]
    title = f"**large**: one message of {size / 1e6:.0f} MB, by how much the process grows\n\n"
    columns = ("client", "seconds", "CPU seconds", "MB of memory")
    grown = [(each.title, each.middle("octets")) for each in contenders]
    bars = [(name, octets / 1e6) for name, octets in grown if octets is not None]
    plot = Bars("large", f"MB of memory for a message of {size / 1e6:.0f} MB", bars)
    return Section(title + table(columns, rows), [plot])


ROWS: dict[str, Callable[[Lab], Section]] = {
    "status": status,
    "fetch": fetch,
    "store": store,
    "cancel": cancel,
    "cpu": cpu,
    "crowd": crowd,
    "append": append,
    "large": large,
}
