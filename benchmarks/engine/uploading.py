"""Many small messages are uploaded: one after the other, or launched at once."""

from __future__ import annotations

import asyncio

import imap_tools
import trio

from benchmarks.engine import connections
from benchmarks.engine.asking import AT_ONCE, IN_TURN
from benchmarks.engine.mail import MESSAGE
from benchmarks.engine.task import Stopwatch, Task
from benchmarks.turns import Figures


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    messages = [MESSAGE % (number, number) for number in range(task.count)]
    match client:
        case "aimap":
            return trio.run(_aimap, way, task, messages)
        case "imaplib":
            return _imaplib(task, messages)
        case "imapclient":
            return _imapclient(task, messages)
        case "imap-tools":
            return _imap_tools(task, messages)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(task, messages))
    raise ValueError(client)


async def _aimap(way: str, task: Task, messages: list[bytes]) -> Figures:
    async with connections.with_aimap(task) as imap:
        with Stopwatch() as watch:
            if way == IN_TURN:
                for message in messages:
                    await imap.append("M0", message)
            else:
                assert way == AT_ONCE
                async with trio.open_nursery() as nursery:
                    for message in messages:
                        nursery.start_soon(imap.append, "M0", message)
        assert (await imap.status("M0")).messages >= task.count
        return watch.figures


def _imaplib(task: Task, messages: list[bytes]) -> Figures:
    with connections.with_imaplib(task) as client:
        with Stopwatch() as watch:
            for message in messages:
                assert client.append("M0", "", "", message)[0] == "OK"
        return watch.figures


def _imapclient(task: Task, messages: list[bytes]) -> Figures:
    with connections.with_imapclient(task) as client:
        with Stopwatch() as watch:
            for message in messages:
                client.append("M0", message)
        return watch.figures


def _imap_tools(task: Task, messages: list[bytes]) -> Figures:
    with connections.with_imap_tools(task) as client:
        with Stopwatch() as watch:
            for message in messages:
                assert client.append(message, "M0")[0] == "OK"
        assert isinstance(client, imap_tools.BaseMailBox)
        return watch.figures


async def _aioimaplib(task: Task, messages: list[bytes]) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        with Stopwatch() as watch:
            for message in messages:
                assert (await client.append(message, "M0")).result == "OK"
        return watch.figures
