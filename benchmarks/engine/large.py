"""One very large message: how much memory it takes to have it, or to keep it in a file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Self

import imap_tools
import trio

import aimap
from benchmarks.engine import connections
from benchmarks.engine.task import Figures, Stopwatch, Task

TO_A_FILE = "into a file"
IN_MEMORY = "in memory"


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it; ``count`` is the message's octets."""
    match client:
        case "aimap":
            return trio.run(_aimap, way, task)
        case "imaplib":
            return _imaplib(task)
        case "imapclient":
            return _imapclient(task)
        case "imap-tools":
            return _imap_tools(task)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(task))
    raise ValueError(client)


class _Measuring(Stopwatch):
    """Measures the growth of the process, too."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._before = _memory("VmRSS")
        # From here on the most is counted anew: it is passed on from the parent process.
        Path("/proc/self/clear_refs").write_text("5")
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        self.figures["octets"] = _memory("VmHWM") - self._before


def _memory(which: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(which)


async def _aimap(way: str, task: Task) -> Figures:
    async with connections.with_aimap(task) as imap, imap.examine("INBOX") as inbox:
        with tempfile.TemporaryDirectory() as folder, _Measuring() as measuring:
            if way == TO_A_FILE:
                got = await inbox.download(1, into=Path(folder) / "message")
            else:
                (message,) = await inbox.fetch_all(1, aimap.BODY_PEEK())
                got = len(message.body())
        assert got >= task.count
        return measuring.figures


def _imaplib(task: Task) -> Figures:
    with connections.with_imaplib(task) as client:
        client.select("INBOX", readonly=True)
        with _Measuring() as measuring:
            _, found = client.uid("FETCH", "1", "(BODY.PEEK[])")
        assert len(found[0][1]) >= task.count
        return measuring.figures


def _imapclient(task: Task) -> Figures:
    with connections.with_imapclient(task) as client:
        client.select_folder("INBOX", readonly=True)
        with _Measuring() as measuring:
            found = client.fetch(1, ["BODY.PEEK[]"])
        assert len(found[1][b"BODY[]"]) >= task.count
        return measuring.figures


def _imap_tools(task: Task) -> Figures:
    with connections.with_imap_tools(task) as client:
        with _Measuring() as measuring:
            (found,) = client.fetch(imap_tools.AND(uid="1"), mark_seen=False)
        assert found.size_rfc822 >= task.count
        return measuring.figures


async def _aioimaplib(task: Task) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        await client.select("INBOX")
        with _Measuring() as measuring:
            answer = await client.uid("FETCH", "1", "(BODY.PEEK[])")
        assert max(map(len, answer.lines)) >= task.count
        return measuring.figures
