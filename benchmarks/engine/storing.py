"""A STORE for each message of a FETCH: while it runs, or once everything is there."""

from __future__ import annotations

import asyncio

import trio

import aimap
from benchmarks.engine import connections
from benchmarks.engine.task import FLAG, Stopwatch, Task
from benchmarks.turns import Figures

INSIDE = "inside the loop"
INSIDE_UNAWAITED = "inside the loop, each in a task"
AFTER = "after the loop"

_ITEMS = ["FLAGS", "BODY.PEEK[]"]


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    match client:
        case "aimap":
            return trio.run(_aimap, way, task)
        case "imaplib":
            return _imaplib(task)
        case "imapclient":
            return _imapclient(task)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(task))
    raise ValueError(client)


def clear(task: Task) -> None:
    """Take the flag from all messages, so that each round has something to do."""
    with connections.with_imaplib(task) as client:
        client.select("INBOX")
        client.store("1:*", "-FLAGS.SILENT", FLAG)


async def _aimap(way: str, task: Task) -> Figures:
    async with connections.with_aimap(task) as imap, imap.select("INBOX") as inbox:
        with Stopwatch() as watch:
            found = 0
            items = (aimap.FLAGS, aimap.BODY_PEEK())
            async with trio.open_nursery() as nursery:
                uids: list[int] = []
                async with inbox.fetch("1:*", *items) as messages:
                    async for message in messages:
                        found += 1
                        if way == INSIDE:
                            await inbox.add_flags(message.uid, FLAG)
                        elif way == INSIDE_UNAWAITED:
                            nursery.start_soon(inbox.add_flags, message.uid, FLAG)
                        else:
                            uids.append(message.uid)
                for uid in uids:
                    await inbox.add_flags(uid, FLAG)
        assert found == task.count
        assert len(await inbox.search(aimap.FLAGGED)) == task.count
        return watch.figures


def _imaplib(task: Task) -> Figures:
    with connections.with_imaplib(task) as client:
        client.select("INBOX")
        with Stopwatch() as watch:
            _, found = client.uid("FETCH", "1:*", f"({' '.join(_ITEMS)})")
            uids = [str(number + 1) for number in range(sum(isinstance(x, tuple) for x in found))]
            for uid in uids:
                client.uid("STORE", uid, "+FLAGS.SILENT", f"({FLAG})")
        assert len(uids) == task.count
        return watch.figures


def _imapclient(task: Task) -> Figures:
    with connections.with_imapclient(task) as client:
        client.select_folder("INBOX")
        with Stopwatch() as watch:
            found = client.fetch(client.search(), _ITEMS)
            for uid in found:
                client.add_flags(uid, [FLAG], silent=True)
        assert len(found) == task.count
        return watch.figures


async def _aioimaplib(task: Task) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        await client.select("INBOX")
        with Stopwatch() as watch:
            answer = await client.uid("FETCH", "1:*", f"({' '.join(_ITEMS)})")
            found = sum(isinstance(line, bytearray) for line in answer.lines)
            for number in range(found):
                await client.uid("STORE", str(number + 1), "+FLAGS.SILENT", f"({FLAG})")
        assert found == task.count
        return watch.figures
