"""The picture of what overlaps, drawn from what goes over a connection on a clock of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, final

import attrs
import svg
import trio
import trio.testing

import aimap
import aimap.testing
from aimap.commands import Examine, Fetch, Status

LATENCY = 0.05
NAMES = ("Drafts", "Sent", "Trash", "Archive")
LEFT, SCALE, ROW = 170, 1.6, 22
TICKS = range(0, 500, 100)

Scene: TypeAlias = Callable[[aimap.Client], Awaitable[None]]


@final
@attrs.define
class Bar:
    """A command: what it was, when it was sent and answered."""

    words: str
    begin: float
    end: float = 0.0


async def one_after_the_other(imap: aimap.Client) -> None:
    """Ask for all counts in one task."""
    for name in NAMES:
        await imap.status(name, ["MESSAGES"])


async def at_once(imap: aimap.Client) -> None:
    """Ask for all counts in as many tasks."""
    async with trio.open_nursery() as nursery:
        for name in NAMES:
            nursery.start_soon(imap.status, name, ["MESSAGES"])


async def past_a_barrier(imap: aimap.Client) -> None:
    """Read in one mailbox, go to another, and ask for counts beside."""
    futures = [
        imap.submit(Fetch(aimap.UIDSet("1:9"), [aimap.FLAGS], _drop)),
        imap.submit(Examine("Sent")),
        imap.submit(Fetch(aimap.UIDSet("1:9"), [aimap.ENVELOPE], _drop)),
        imap.submit(Status("Trash", ["MESSAGES"])),
    ]
    for future in futures:
        await future.wait()


def _drop(messages: object) -> None:
    """Take messages that nobody looks at."""


SCENES: dict[str, Scene] = {
    "One task awaits four commands, one after the other": one_after_the_other,
    "Four tasks await one each": at_once,
    "EXAMINE of another mailbox waits for the FETCH before it; STATUS need not": past_a_barrier,
}


async def record(scene: Scene) -> list[Bar]:
    """Play a scene, and say when each command was on its way."""
    bars: dict[str, Bar] = {}
    begin = float("inf")

    def note(entry: str) -> None:
        side, tag, *words = entry.split(" ", 5)
        if tag not in {"*", "+"} and trio.current_time() >= begin:
            at = trio.current_time() - begin
            if side == "C:":
                words = words[1:] if words[0] == "UID" else words
                bars[tag] = Bar(" ".join(words[:2]), at)
            elif tag in bars:
                bars[tag].end = at

    async with aimap.testing.serve(
        {"joe": "secret"}, tls="insecure", host=None, latency=LATENCY
    ) as server:
        server.mailbox("joe", "Archive")
        for name in ("INBOX", "Sent"):
            server.deliver("joe", b"Subject: hello\r\n\r\n", mailbox=name)
        async with aimap.connect(
            "server",
            tls="insecure",
            stream=server.connect(),
            auth=aimap.Password("joe", "secret"),
            wire_log=note,
        ) as imap:
            await imap.submit(Examine("INBOX")).wait()
            begin = trio.current_time()
            await scene(imap)
            done = {tag: bar for tag, bar in bars.items() if bar.end}
    return sorted(done.values(), key=lambda bar: (bar.begin, bar.end, bar.words))


def draw() -> str:
    """Play the scenes, and draw them below each other on one axis."""
    parts: list[str] = []
    y = 18.0
    for title, scene in SCENES.items():
        clock = trio.testing.MockClock(autojump_threshold=0)
        bars = trio.run(record, scene, clock=clock)
        parts.append(svg.text(0, y, title, size=14))
        y += 10
        for tick in TICKS:
            x = LEFT + tick * SCALE
            parts.append(svg.line(x, y, x, y + ROW * len(bars)))
        for bar in bars:
            x, width = LEFT + 1000 * bar.begin * SCALE, 1000 * (bar.end - bar.begin) * SCALE
            parts.append(svg.text(LEFT - 10, y + 15, bar.words, at="end", fill=svg.QUIET))
            parts.append(svg.box(x, y + 2, width, ROW - 5, fill=svg.STRONG))
            y += ROW
        y += 30
    for tick in TICKS:
        x = LEFT + tick * SCALE
        parts.append(svg.text(x, y - 12, f"{tick} ms", size=11, fill=svg.QUIET, at="middle"))
    title = (
        "Three timing diagrams: commands of one task follow each other, those of several overlap."
    )
    return svg.picture(LEFT + 400 * SCALE + 40, y, title, parts)
