"""Many small commands on one connection: one after the other, or launched at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import trio

from benchmarks.engine import connections
from benchmarks.engine.commands import SMALL, Small
from benchmarks.engine.task import Stopwatch, Task
from benchmarks.turns import Figures

IN_TURN = "one after the other"
AT_ONCE = "at once"


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    small = SMALL[row]
    match client:
        case "stream":
            return trio.run(_by_hand, small, way, task)
        case "aimap":
            return trio.run(_aimap, small, way, task)
        case "imaplib":
            return _imaplib(small, task)
        case "imapclient":
            return _imapclient(small, task)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(small, way, task))
    raise ValueError(client)


async def _by_hand(small: Small, way: str, task: Task) -> Figures:
    async with connections.by_hand(task) as dialogue:
        if small.selects:
            await dialogue.ask("EXAMINE INBOX")
        with Stopwatch() as watch:
            lines = [small.line(number) for number in range(task.count)]
            if way == IN_TURN:
                for line in lines:
                    await dialogue.ask(line)
            else:
                octets = "".join([f"x {line}\r\n" for line in lines]).encode()
                await dialogue.ask_all(octets, task.count)
        return watch.figures


async def _aimap(small: Small, way: str, task: Task) -> Figures:
    async with AsyncExitStack() as stack:
        imap = await stack.enter_async_context(connections.with_aimap(task))
        inbox = None
        if small.selects:
            inbox = await stack.enter_async_context(imap.examine("INBOX"))
        flights = imap.statistics().flights
        with Stopwatch() as watch:
            if way == IN_TURN:
                for number in range(task.count):
                    await small.aimap(imap, inbox, number)
            else:
                async with trio.open_nursery() as nursery:
                    for number in range(task.count):
                        nursery.start_soon(small.aimap, imap, inbox, number)
        return watch.figures | {"flights": imap.statistics().flights - flights}


def _imaplib(small: Small, task: Task) -> Figures:
    with connections.with_imaplib(task) as client:
        if small.selects:
            client.select("INBOX", readonly=True)
        with Stopwatch() as watch:
            for number in range(task.count):
                small.imaplib(client, number)
        return watch.figures


def _imapclient(small: Small, task: Task) -> Figures:
    with connections.with_imapclient(task) as client:
        if small.selects:
            client.select_folder("INBOX", readonly=True)
        with Stopwatch() as watch:
            for number in range(task.count):
                small.imapclient(client, number)
        return watch.figures


async def _aioimaplib(small: Small, way: str, task: Task) -> Figures:
    async with connections.with_aioimaplib(task) as client:
        if small.selects:
            await client.select("INBOX")
        with Stopwatch() as watch:
            if way == IN_TURN:
                for number in range(task.count):
                    await small.aioimaplib(client, number)
            else:
                async with asyncio.TaskGroup() as group:
                    for number in range(task.count):
                        group.create_task(small.aioimaplib(client, number))
        return watch.figures
