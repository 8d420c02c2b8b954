"""Timing pictures, drawn from what goes over a connection on a clock of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import final

import attrs
import svg
import trio
import trio.testing
from scenes import Scene

import aimap
import aimap.testing
from aimap.commands import Examine

LATENCY = 0.05
MOST = 1_000_000
LEFT, WIDTH, ROW = 170, 640, 22


@final
@attrs.define
class Bar:
    """A command: what it was, when it was sent and answered."""

    words: str
    begin: float
    end: float = math.inf


async def record(scene: Scene) -> list[Bar]:
    """Play a scene, and say when each command was on its way."""
    bars: dict[str, Bar] = {}
    begin = over = math.inf

    def note(entry: str) -> None:
        side, tag, *words = entry.split(" ", 5)
        if not begin <= trio.current_time() < over:
            return
        at = trio.current_time() - begin
        if side == "C:" and words:
            words = words[1:] if words[0] == "UID" else words
            bars[tag] = Bar(" ".join(words[:2]), at)
        elif side == "S:" and tag in bars:
            bars[tag].end = at

    async with aimap.testing.serve(
        {"joe": "secret"}, tls="insecure", host=None, latency=LATENCY
    ) as server:
        server.mailbox("joe", "Archive")
        server.deliver("joe", b"Subject: hello\r\n\r\n", mailbox="Sent")
        for _ in range(40):
            server.deliver("joe", b"Subject: hello\r\n\r\n" + b"x" * 30_000)
        async with aimap.connect(
            "server",
            tls="insecure",
            stream=server.connect(),
            auth=aimap.Password("joe", "secret"),
            wire_log=note,
            limits=aimap.Limits(max_buffered=MOST),
        ) as imap:
            await imap.submit(Examine("INBOX")).wait()
            begin = trio.current_time()
            await scene(imap)
            over = trio.current_time()
    return sorted(bars.values(), key=lambda bar: (bar.begin, bar.end, _by_number(bar.words)))


def _by_number(words: str) -> str:
    return re.sub(r"\d+", lambda number: number[0].zfill(9), words)


def draw(scenes: Mapping[str, Scene]) -> str:
    """Play scenes, and draw them below each other on one axis."""
    played = {
        title: trio.run(record, scene, clock=trio.testing.MockClock(autojump_threshold=0))
        for title, scene in scenes.items()
    }
    ends = [bar.end for bars in played.values() for bar in bars if bar.end < math.inf]
    tenths = math.ceil(max(ends) * 10 - 1e-6)
    scale = WIDTH / tenths * 10
    parts: list[str] = []
    y = 18.0
    for title, all_bars in played.items():
        bars = [bar for bar in all_bars if bar.begin < tenths / 10]
        parts.append(svg.text(0, y, title, size=14))
        y += 10
        for tick in range(tenths + 1):
            x = LEFT + tick / 10 * scale
            parts.append(svg.line(x, y, x, y + ROW * len(bars)))
        for bar in bars:
            x, width = LEFT + bar.begin * scale, (min(bar.end, tenths / 10) - bar.begin) * scale
            parts.append(svg.text(LEFT - 10, y + 15, bar.words, at="end", fill=svg.QUIET))
            parts.append(svg.box(x, y + 2, width, ROW - 5, fill=svg.STRONG))
            y += ROW
        y += 30
    for tick in range(tenths + 1):
        x = LEFT + tick / 10 * scale
        words = f"{tick * 100} ms"
        parts.append(svg.text(x, y - 12, words, size=11, fill=svg.QUIET, at="middle"))
    title = f"Timing diagram: {'; '.join(scenes)}."
    return svg.picture(LEFT + WIDTH + 40, y, title, parts)
