"""Very many messages, or whole ones, are read by one FETCH."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import trio

import aimap
from benchmarks.engine import connections
from benchmarks.engine.task import GrowthWatch, Task
from benchmarks.turns import Figures

TO_A_LIST = "parsed, all kept"
AS_THEY_COME = "parsed, one by one"
LINES = "lines only"

_SLICE = 5_000
"""UIDs: imapclient writes out each of them, and Dovecot takes no longer line than 64 kB."""
_ITEMS = {"large-fetch": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"], "bodies": ["BODY.PEEK[]"]}
_OURS: dict[str, tuple[aimap.FetchItem[Any], ...]] = {
    "large-fetch": (aimap.FLAGS, aimap.INTERNALDATE, aimap.RFC822_SIZE),
    "bodies": (aimap.BODY_PEEK(),),
}


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    items = _ITEMS[row]
    match client:
        case "stream":
            return trio.run(_by_hand, items, task)
        case "aimap":
            return trio.run(_aimap, way, _OURS[row], task)
        case "imaplib":
            return _imaplib(items, task)
        case "imapclient":
            return _imapclient(items, task)
        case "imap-tools":
            return _imap_tools(task)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(items, task))
    raise ValueError(client)


async def _by_hand(items: list[str], task: Task) -> Figures:
    async with connections.by_hand(task) as dialogue:
        await dialogue.ask("EXAMINE INBOX")
        with GrowthWatch() as watch:
            await dialogue.ask(f"UID FETCH 1:* (UID {' '.join(items)})")
        return watch.figures


async def _aimap(way: str, items: tuple[aimap.FetchItem[Any], ...], task: Task) -> Figures:
    async with connections.with_aimap(task) as imap, imap.examine("INBOX") as inbox:
        with GrowthWatch() as watch:
            found = 0
            if way == TO_A_LIST:
                found = len(await inbox.fetch_all("1:*", *items))
            else:
                async with inbox.fetch("1:*", *items) as messages:
                    async for _ in messages:
                        found += 1
        assert found == task.count
        return watch.figures


def _fetched(lines: Iterable[Any]) -> int:
    """Count FETCH responses in lines as imaplib gives them, without looking at the rest."""
    heads = (line[0] if isinstance(line, tuple) else line for line in lines)
    return sum(b"(UID " in head for head in heads)


def _imaplib(items: list[str], task: Task) -> Figures:
    with connections.with_imaplib(task) as client:
        client.select("INBOX", readonly=True)
        with GrowthWatch() as watch:
            _, found = client.uid("FETCH", "1:*", f"(UID {' '.join(items)})")
        assert _fetched(found) == task.count
        return watch.figures


def _imapclient(items: list[str], task: Task) -> Figures:
    with connections.with_imapclient(task) as client:
        client.select_folder("INBOX", readonly=True)
        found: dict[int, Any] = {}
        with GrowthWatch() as watch:
            uids = client.search()
            for at in range(0, len(uids), _SLICE):
                found |= client.fetch(uids[at : at + _SLICE], items)
        assert len(found) == task.count
        return watch.figures


def _imap_tools(task: Task) -> Figures:
    with connections.with_imap_tools(task) as client:
        with GrowthWatch() as watch:
            found = list(client.fetch(mark_seen=False, bulk=True))
        assert len(found) == task.count
        return watch.figures


async def _aioimaplib(items: list[str], task: Task) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        await client.select("INBOX")
        with GrowthWatch() as watch:
            answer = await client.uid("FETCH", "1:*", f"(UID {' '.join(items)})")
        assert answer.result == "OK"
        assert sum(b"FETCH (UID " in line for line in answer.lines) == task.count
        return watch.figures
