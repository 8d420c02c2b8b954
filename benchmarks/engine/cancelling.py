"""A FETCH of very many messages is given up, and another command is asked for at once."""

from __future__ import annotations

import asyncio
import contextlib
import re

import trio

import aimap
from benchmarks.engine import connections
from benchmarks.engine.task import Stopwatch, Task
from benchmarks.turns import Figures

AT_FIRST = "at the first message"
IN_THE_MIDDLE = "after a fifth of them"
LATER = "after half a second"

_ITEMS = "(UID FLAGS INTERNALDATE RFC822.SIZE)"
_FETCHED = re.compile(rb"\* \d+ FETCH")


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    wanted = 1 if way == AT_FIRST else task.count // 5
    match client:
        case "stream":
            return trio.run(_by_hand, wanted, task)
        case "aimap":
            return trio.run(_aimap, wanted, task)
        case "aioimaplib":
            return asyncio.run(_aioimaplib(task))
    raise ValueError(client)


async def _aimap(wanted: int, task: Task) -> Figures:
    items = (aimap.FLAGS, aimap.INTERNALDATE, aimap.RFC822_SIZE)
    async with connections.with_aimap(task) as imap, imap.examine("INBOX") as inbox:
        found = 0
        watch = Stopwatch()
        with contextlib.ExitStack() as stack:
            with trio.CancelScope() as scope:
                async with inbox.fetch("1:*", *items) as messages:
                    async for _ in messages:
                        found += 1
                        if found == wanted:
                            octets = imap.statistics().octets_received
                            stack.enter_context(watch)
                            scope.cancel()
            await imap.noop()
        assert found == wanted
        assert scope.cancelled_caught
        return watch.figures | {"octets": imap.statistics().octets_received - octets}


async def _by_hand(wanted: int, task: Task) -> Figures:
    """Read what was asked for to its end, as whoever asked for all of it at once has to."""
    async with connections.by_hand(task) as dialogue:
        await dialogue.ask("EXAMINE INBOX")
        await dialogue.stream.send_all(b"y UID FETCH 1:* %b\r\n" % _ITEMS.encode())
        found = 0
        while found < wanted:
            found += _FETCHED.match(await dialogue.line()) is not None
        with Stopwatch() as watch:
            await dialogue.stream.send_all(b"x NOOP\r\n")
            octets = 0
            while not (line := await dialogue.line()).startswith(b"x OK"):
                octets += len(line) + 1
        return watch.figures | {"octets": octets}


async def _aioimaplib(task: Task) -> Figures:
    """Give it up after half a second, since it tells nothing before the end."""
    async with connections.with_aioimaplib(task) as client:
        await client.select("INBOX")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.uid("FETCH", "1:*", _ITEMS), 0.5)
        with Stopwatch() as watch:
            assert (await client.noop()).result == "OK"
        return watch.figures
