"""Rows of messages that are read or uploaded: who takes part, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.engine import cancelling, reading
from benchmarks.engine import large as large_message
from benchmarks.engine.asking import AT_ONCE, IN_TURN
from benchmarks.engine.links import LONG, link
from benchmarks.engine.mail import make_large, make_user
from benchmarks.engine.measure import Contender, contender, measure
from benchmarks.engine.task import Lab, Task
from benchmarks.mirror_mail import make_users
from benchmarks.report import Section
from benchmarks.tables import ahead, aim, bars, ratio, table

_SLICE = 256 * 1024
_PATIENCE = 30.0


def large_fetch(lab: Lab) -> Section:
    """A FETCH of very many messages."""
    count = 10_000 if lab.quick else 100_000
    title = f"Large fetch: FLAGS, INTERNALDATE and RFC822.SIZE of {count:,} messages"
    return _read(lab, "large-fetch", title, make_user(lab.server, count), count)


def bodies(lab: Lab) -> Section:
    """A FETCH of whole messages."""
    count = 500 if lab.quick else 2_000
    (user,) = make_users(lab.server, 1, count)
    title = f"Bodies: {count:,} messages of 4 kB on the average"
    return _read(lab, "bodies", title, user, count)


def _read(lab: Lab, row: str, title: str, user: str, count: int) -> Section:
    contenders = [
        contender("stream", reading.LINES),
        contender("aimap", reading.TO_A_LIST),
        contender("aimap", reading.AS_THEY_COME),
        contender("imaplib", reading.LINES),
        contender("imapclient", reading.TO_A_LIST),
        contender("imapflow", reading.TO_A_LIST),
    ]
    if row == "bodies":
        contenders.append(contender("imap-tools", reading.TO_A_LIST))
    if not (lab.quick and row == "large-fetch"):
        # It stalls there: of that only waiting would tell anything.
        contenders.append(contender("aioimaplib", reading.LINES))
    task = Task(port=lab.server.port, user=user, count=count)
    measure(row, contenders, task, rounds=lab.rounds, patience=_PATIENCE)
    ours = contenders[1]
    rows = [
        [
            each.title,
            each.failure or each.shown("seconds"),
            each.times("seconds", ours),
            each.shown("cpu"),
            each.shown("memory", ".1f", over=1e6),
        ]
        for each in contenders
    ]
    columns = ("client", "seconds", f"times {ours.title}", "CPU seconds", "MB of memory")
    plot = bars(row, f"seconds: {title}", contenders, "seconds")
    how = (
        "From Dovecot, no time added; the server has a part in the seconds. Memory is what the "
        "process grows by at most."
    )
    paragraphs = [
        how,
        table(columns, rows),
        *(ahead(what, ours, contenders, figure) for what, figure in _READ),
    ]
    return Section(title, paragraphs, [plot])


_READ = (("Seconds", "seconds"), ("Memory", "memory"))


def cancel(lab: Lab) -> Section:
    """The time that giving up a long FETCH takes."""
    count = 20_000 if lab.quick else 100_000
    user = make_user(lab.server, count)
    ways = (cancelling.AT_FIRST, cancelling.IN_THE_MIDDLE)
    contenders = [
        contender(client, way) for client in ("aimap", "stream", "imapflow") for way in ways
    ]
    if not lab.quick:
        # Of it only waiting would tell anything.
        contenders.append(contender("aioimaplib", cancelling.LATER))
    with link(lab.server.port, LONG) as port:
        task = Task(port=port, user=user, count=count)
        measure("cancel", contenders, task, rounds=lab.rounds, patience=_PATIENCE)
    rows = [
        [
            each.title,
            each.failure or each.shown("seconds"),
            each.typical("seconds", ".1f", over=LONG),
            each.shown("octets", ",.0f", over=1000),
            each.typical("octets", ".1f", over=_SLICE),
        ]
        for each in contenders
    ]
    how = (
        f"Then NOOP is asked for; {LONG * 1000:.0f} ms are added to each round trip. Shown is what "
        f"was read meanwhile, as far as it is known, also in slices of {_SLICE // 1024} KiB."
    )
    columns = ("client", "seconds until NOOP is answered", "round trips", "kB read", "slices read")
    notes = [
        *_cancel_aims(contenders),
        ahead("Seconds", contenders[0], contenders[2::2], "seconds", _CANCELLED),
        ahead("Seconds", contenders[1], contenders[3::2], "seconds", _CANCELLED),
    ]
    title = f"A FETCH of {count:,} messages is given up"
    return Section(title, [how, table(columns, rows), *notes])


_CANCELLED = {"stream": "it reads all that it asked for, as fast as octets can be dropped"}


def _cancel_aims(contenders: Sequence[Contender]) -> list[str]:
    """Take off the time of one slice: what the bare stream needs for as many octets."""
    first, middle, bare, *_ = contenders
    rate = ratio(bare.middle("seconds"), bare.middle("octets")) or 0.0
    aims: list[str] = []
    for ours in (first, middle):
        seconds = ours.middle("seconds")
        beyond = None if seconds is None else max(0.0, seconds - rate * _SLICE) / LONG
        aims.append(aim(f"round trips of {ours.title}, besides one slice", beyond, 2))
    return aims


def append(lab: Lab) -> Section:
    """Many messages go up."""
    many, few = (200, 5) if lab.quick else (2_000, 50)
    user = make_user(lab.server)
    ours = contender("aimap", AT_ONCE)
    clients = ("aimap", "imaplib", "imapclient", "imap-tools", "aioimaplib", "imapflow")
    others = [contender(client, IN_TURN) for client in clients]
    with link(lab.server.port, LONG) as port:
        for count, contenders in ((many, [ours]), (few, others)):
            task = Task(port=port, user=user, count=count)
            patience = 4 * count * LONG + 10
            measure("append", contenders, task, rounds=lab.rounds, patience=patience)
            for figures in (each for one in contenders for each in one.measured):
                figures |= {"messages": count, "each": figures["seconds"] / count}
    everybody = [ours, *others]
    rows = [
        [
            one.title,
            one.typical("messages", ",.0f"),
            one.failure or one.shown("seconds"),
            one.typical("each", ".2f", over=1e-3),
            one.times("each", ours, ".1f"),
        ]
        for one in everybody
    ]
    columns = ("client", "messages", "seconds", "ms each", f"times {ours.title}")
    how = (
        f"Messages are of 1.2 kB, and {LONG * 1000:.0f} ms are added to each round trip. Those who "
        "wait for each answer upload fewer, since it takes so long."
    )
    what = "milliseconds for each message that is uploaded"
    plot = bars("append", what, everybody, "each", over=1e-3)
    note = ahead("Seconds", others[0], others, "seconds")
    return Section(f"Append of {many:,} messages", [how, table(columns, rows), note], [plot])


def large(lab: Lab) -> Section:
    """A message that is larger than anybody wants to hold."""
    size = 20_000_000 if lab.quick else 200_000_000
    ways = (
        ("aimap", large_message.TO_A_FILE),
        ("aimap", large_message.IN_MEMORY),
        ("imaplib", large_message.IN_MEMORY),
        ("imapclient", large_message.IN_MEMORY),
        ("imap-tools", large_message.IN_MEMORY),
        ("aioimaplib", large_message.IN_MEMORY),
        ("imapflow", large_message.TO_A_FILE),
    )
    contenders = [contender(*each) for each in ways]
    task = Task(port=lab.server.port, user=make_large(lab.server, size), count=size)
    measure("large", contenders, task, rounds=lab.rounds, patience=120)
    rows = [
        [
            each.title,
            each.failure or each.shown("seconds"),
            each.shown("cpu"),
            each.shown("memory", ".1f", over=1e6),
            each.typical("memory", ".2f", over=size),
        ]
        for each in contenders
    ]
    columns = ("client", "seconds", "CPU seconds", "MB of memory", "times the message")
    title = f"One message of {size / 1e6:.0f} MB"
    what = f"MB of memory for a message of {size / 1e6:.0f} MB"
    plot = bars("large", what, contenders, "memory", over=1e6)
    to_file, in_memory = contenders[:2]
    notes = [
        ahead("Memory into a file", to_file, contenders[-1:], "memory"),
        ahead("Memory", in_memory, contenders[2:-1], "memory", _HELD),
        ahead("Seconds", in_memory, contenders[2:-1], "seconds", _HELD),
    ]
    how = (
        "Memory is what the process grows by at most; imap-tools cannot be kept from parsing "
        "the message."
    )
    return Section(title, [how, table(columns, rows), *notes], [plot])


_HELD = {
    "imaplib": "it knows before it reads how long the literal is, and reads it in one piece",
    "aioimaplib": "it grows one buffer in place, and hands out that",
}
