"""Very many connections in one process, each with a mailbox selected, waiting in IDLE.

Each is of another user. Once all are ready, some of them get a message.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache, partial
from math import ceil
from pathlib import Path
from statistics import median

import aioimaplib
import trio

import aimap
from benchmarks.engine.connections import Dialogue
from benchmarks.engine.task import HOST, Task
from benchmarks.turns import Figures

WARMING_UP = 10
"""Connections more than are counted: what is imported, cached or made once is theirs."""
DELIVERED = 100
"""How many get a message."""

_SETTING_UP = 50
_SETTLING = 2.0
_PATIENCE = 10.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


def contend(row: str, client: str, way: str, task: Task) -> Figures:
    """Let one client do it."""
    if client == "aioimaplib":
        return asyncio.run(_crowd_of_tasks(task))
    one = {"aimap": _aimap, "stream": _by_hand}[client]
    return trio.run(_crowd, one, task)


class _Crowd:
    """What is measured, whatever the event loop.

    Attributes:
        users: one for each connection.
        told: when the event of a user came.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self.users = [f"{task.user}-{number}" for number in range(WARMING_UP + task.count)]
        self.told: dict[str, float] = {}
        self._chosen = random.sample(self.users[WARMING_UP:], min(DELIVERED, task.count))

    def tell(self, user: str) -> None:
        self.told.setdefault(user, time.monotonic())

    def begin(self) -> None:
        self._resident = _resident()
        self._times = time.perf_counter(), time.process_time()

    def end(self) -> Figures:
        wall, processor = self._times
        return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - processor}

    def memory(self) -> Figures:
        return {"memory": (_resident() - self._resident) / self._task.count}

    def delivery(self) -> list[str]:
        """Return the program to run, which prints when it delivered what."""
        self.told.clear()
        module = "benchmarks.engine.delivery"
        return [sys.executable, "-m", module, self._task.dump(), *self._chosen]

    @property
    def all_told(self) -> bool:
        return len(self.told) == len(self._chosen)

    def lags(self, printed: bytes) -> Figures:
        delivered: dict[str, float] = json.loads(printed)
        lags = sorted(self.told[user] - at for user, at in delivered.items() if user in self.told)
        figures: Figures = {"missed": len(delivered) - len(lags)}
        if lags:
            figures |= {"p50": median(lags), "p99": lags[ceil(0.99 * len(lags)) - 1]}
        return figures


def _resident() -> int:
    """Return the octets of memory that this process takes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


@cache
def _context(task: Task) -> ssl.SSLContext:
    return task.ssl_context()


# Clients on Trio.

Ready = Callable[[], None]
"""What is called once IDLE has been sent."""
Told = Callable[[], None]
"""What is called when there is an event."""


async def _crowd(one: Callable[[Task, str, Ready, Told], Awaitable[None]], task: Task) -> Figures:
    crowd = _Crowd(task)
    setting_up = trio.Semaphore(_SETTING_UP)
    left = 0
    all_ready = trio.Event()

    def ready() -> None:
        nonlocal left
        left -= 1
        setting_up.release()
        if not left:
            all_ready.set()

    async def open_all(nursery: trio.Nursery, users: list[str]) -> None:
        nonlocal all_ready, left
        left, all_ready = len(users), trio.Event()
        for user in users:
            await setting_up.acquire()
            nursery.start_soon(one, task, user, ready, partial(crowd.tell, user))
        await all_ready.wait()

    async with trio.open_nursery() as nursery:
        await open_all(nursery, crowd.users[:WARMING_UP])
        await trio.sleep(_SETTLING / 4)
        crowd.begin()
        await open_all(nursery, crowd.users[WARMING_UP:])
        figures = crowd.end()
        await trio.sleep(_SETTLING)
        figures |= crowd.memory()
        done = await trio.run_process(crowd.delivery(), capture_stdout=True)
        with trio.move_on_after(_PATIENCE):
            while not crowd.all_told:  # noqa: ASYNC110 (a benchmark may look now and then)
                await trio.sleep(0.1)
        figures |= crowd.lags(done.stdout)
        nursery.cancel_scope.cancel()
    return figures


async def _aimap(task: Task, user: str, ready: Ready, told: Told) -> None:
    async with (
        aimap.connect(
            HOST,
            port=task.port,
            ssl_context=_context(task),
            # By hand, SCRAM would be the same work too; it is left out on all sides.
            auth=aimap.Password(user, task.password, mechanisms=["LOGIN-COMMAND"]),
        ) as imap,
        imap.select("INBOX") as inbox,
        inbox.watch() as events,
    ):
        ready()
        async for event in events:
            if isinstance(event, aimap.Arrived):
                told()


async def _by_hand(task: Task, user: str, ready: Ready, told: Told) -> None:
    tcp = await trio.open_tcp_stream(HOST, task.port)
    stream = trio.SSLStream(tcp, _context(task), server_hostname=HOST, https_compatible=True)
    await stream.do_handshake()
    dialogue = Dialogue(stream)
    await dialogue.line()
    await dialogue.ask(f"LOGIN {user} {task.password}")
    await dialogue.ask("SELECT INBOX")
    await dialogue.ask("UID SEARCH RETURN (ALL) ALL")
    await stream.send_all(b"x IDLE\r\n")
    ready()
    while True:
        if b" EXISTS" in await dialogue.line():
            told()


# A client on asyncio.


async def _crowd_of_tasks(task: Task) -> Figures:
    crowd = _Crowd(task)
    setting_up = asyncio.Semaphore(_SETTING_UP)
    idle: list[asyncio.Task[None]] = []

    async def open_one(user: str) -> None:
        async with setting_up:
            client = aioimaplib.IMAP4_SSL(HOST, task.port, ssl_context=_context(task), timeout=600)
            await client.wait_hello_from_server()
            await client.login(user, task.password)
            await client.select("INBOX")
            await client.uid_search("ALL")
            await client.idle_start()
        idle.append(asyncio.create_task(wait(client, user)))

    async def wait(client: aioimaplib.IMAP4_SSL, user: str) -> None:
        while True:
            if any(b"EXISTS" in line for line in await client.wait_server_push()):
                crowd.tell(user)

    async def open_all(users: list[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(open_one(user))

    await open_all(crowd.users[:WARMING_UP])
    await asyncio.sleep(_SETTLING / 4)
    crowd.begin()
    await open_all(crowd.users[WARMING_UP:])
    figures = crowd.end()
    await asyncio.sleep(_SETTLING)
    figures |= crowd.memory()
    process = await asyncio.create_subprocess_exec(
        *crowd.delivery(), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not crowd.all_told:  # noqa: ASYNC110 (as above)
                await asyncio.sleep(0.1)
    figures |= crowd.lags(printed)
    for each in idle:
        each.cancel()
    await asyncio.gather(*idle, return_exceptions=True)
    return figures
