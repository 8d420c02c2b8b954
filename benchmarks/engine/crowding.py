"""Very many connections in one process, each with a mailbox selected, waiting in IDLE."""

from __future__ import annotations

import gc
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path

import trio

import aimap
from benchmarks.engine.connections import Dialogue
from benchmarks.engine.task import HOST, Figures, Task

SETTING_UP = 50
"""How many are connecting at once."""

_SETTLING = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")

Ready = Callable[[], None]
"""What is called once IDLE has been sent."""


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    one = {"aimap": _aimap, "stream": _by_hand}[client]
    return trio.run(_crowd, one, task)


def _resident() -> int:
    """Return the octets of memory that this process takes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


async def _crowd(one: Callable[[Task, Ready], Awaitable[None]], task: Task) -> Figures:
    setting_up = trio.Semaphore(SETTING_UP)
    ready = 0
    all_ready = trio.Event()

    def count(wanted: int) -> None:
        nonlocal ready
        ready += 1
        setting_up.release()
        if ready == wanted:
            all_ready.set()

    async def open_more(nursery: trio.Nursery, more: int) -> None:
        nonlocal all_ready
        all_ready = trio.Event()
        wanted = ready + more
        for _ in range(more):
            await setting_up.acquire()
            nursery.start_soon(one, task, partial(count, wanted))
        await all_ready.wait()

    async with trio.open_nursery() as nursery:
        # What is imported, cached or made once is not to be counted.
        await open_more(nursery, 10)
        await trio.sleep(_SETTLING / 4)
        gc.collect()
        before = _resident()
        wall, processor = time.perf_counter(), time.process_time()
        await open_more(nursery, task.count)
        figures = {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - processor,
        }
        await trio.sleep(_SETTLING)
        gc.collect()
        figures["octets"] = (_resident() - before) / task.count
        nursery.cancel_scope.cancel()
    return figures


@cache
def _context(task: Task) -> ssl.SSLContext | None:
    return task.ssl_context() if task.ca_file else None


async def _aimap(task: Task, ready: Ready) -> None:
    async with (
        aimap.connect(
            HOST,
            port=task.port,
            tls="implicit" if task.ca_file else "insecure",
            ssl_context=_context(task),
            # By hand, SCRAM would be the same work too; it is left out on both sides.
            auth=aimap.Password(task.user, task.password, mechanisms=["LOGIN-COMMAND"]),
        ) as imap,
        imap.select("INBOX") as inbox,
        inbox.watch() as events,
    ):
        ready()
        async for _ in events:
            pass


async def _by_hand(task: Task, ready: Ready) -> None:
    stream: trio.abc.Stream = await trio.open_tcp_stream(HOST, task.port)
    if context := _context(task):
        tls = trio.SSLStream(stream, context, server_hostname=HOST, https_compatible=True)
        await tls.do_handshake()
        stream = tls
    dialogue = Dialogue(stream)
    await dialogue.line()
    await dialogue.ask(f"LOGIN {task.user} {task.password}")
    await dialogue.ask("SELECT INBOX")
    await dialogue.ask("UID SEARCH RETURN (ALL) ALL")
    await stream.send_all(b"x IDLE\r\n")
    ready()
    await dialogue.line()
    while await stream.receive_some():
        pass
