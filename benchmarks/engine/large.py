"""One very large message: how much memory it takes to have it, or to keep it in a file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import imap_tools
import trio

import aimap
from benchmarks.engine import connections
from benchmarks.engine.task import GrowthWatch, Task
from benchmarks.turns import Figures

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


async def _aimap(way: str, task: Task) -> Figures:
    async with connections.with_aimap(task) as imap, imap.examine("INBOX") as inbox:
        with tempfile.TemporaryDirectory() as folder, GrowthWatch() as watch:
            if way == TO_A_FILE:
                got = await inbox.download(1, into=Path(folder) / "message")
            else:
                (message,) = await inbox.fetch_all(1, aimap.BODY_PEEK())
                got = len(message.body())
        assert got >= task.count
        return watch.figures


def _imaplib(task: Task) -> Figures:
    with connections.with_imaplib(task) as client:
        client.select("INBOX", readonly=True)
        with GrowthWatch() as watch:
            _, found = client.uid("FETCH", "1", "(BODY.PEEK[])")
        assert len(found[0][1]) >= task.count
        return watch.figures


def _imapclient(task: Task) -> Figures:
    with connections.with_imapclient(task) as client:
        client.select_folder("INBOX", readonly=True)
        with GrowthWatch() as watch:
            found = client.fetch(1, ["BODY.PEEK[]"])
        assert len(found[1][b"BODY[]"]) >= task.count
        return watch.figures


def _imap_tools(task: Task) -> Figures:
    with connections.with_imap_tools(task) as client:
        with GrowthWatch() as watch:
            (found,) = client.fetch(imap_tools.AND(uid="1"), mark_seen=False)
        assert found.size_rfc822 >= task.count
        return watch.figures


async def _aioimaplib(task: Task) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        await client.select("INBOX")
        with GrowthWatch() as watch:
            answer = await client.uid("FETCH", "1", "(BODY.PEEK[])")
        assert max(map(len, answer.lines)) >= task.count
        return watch.figures
