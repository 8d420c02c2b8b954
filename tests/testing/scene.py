"""A scene of many commands at once, in which something goes wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import Timeouts
from aimap.items import BODY_PEEK
from aimap.testing import (
    Fault,
    FaultyStream,
    Moment,
    Server,
    serve,
)

JOE = aimap.Password("joe", "secret")
LATENCY = 0.1
FOR_EVER = 10_000
UPLOAD = b"Subject: up\r\n\r\n" + b"x" * 50_000 + b"\r\n"
BODIES = [b"Subject: %d\r\n\r\nbody of %d\r\n" % (number, number) for number in range(1, 21)]


@asynccontextmanager
async def serving(**options: Any) -> AsyncGenerator[Server]:
    # Without LITERAL+, so that an upload has to wait for the server's word.
    async with serve(
        tls=options.pop("tls", "insecure"),
        host=options.pop("host", None),
        latency=LATENCY,
        capabilities=aimap.testing.CAPABILITIES - {"LITERAL+"},
        **options,
    ) as server:
        for body in BODIES:
            server.deliver("joe", body)
        yield server


class Scene:
    """One connection with many tasks on it, and how each of them ended.

    ``right`` is what each task returns where nothing goes wrong.
    """

    right: ClassVar[Mapping[str, object]] = {
        "open": "opened",
        "fetch": BODIES,
        "status": 0,
        "append": True,
        "watch": 21,
        "close": "closed",
    }

    def __init__(self) -> None:
        self.ended: dict[str, object] = {}
        self.seconds = 0.0
        self.counters: Any = None

    async def _note(self, name: str, task: Callable[[], Awaitable[object]]) -> None:
        assert name not in self.ended
        try:
            self.ended[name] = await task()
        except aimap.ImapError as error:
            self.ended[name] = error

    async def play(
        self, server: Server, stream: trio.abc.Stream, *, limits: aimap.Limits | None = None
    ) -> None:
        begin = trio.current_time()
        with trio.fail_after(FOR_EVER):
            await self._note("close", lambda: self._connect(server, stream, limits))
        self.seconds = trio.current_time() - begin

    async def _connect(
        self, server: Server, stream: trio.abc.Stream, limits: aimap.Limits | None
    ) -> object:
        timeouts = Timeouts(connect=30, response=30, idle_renewal=240, idle_probe=20)
        try:
            async with aimap.connect(
                "localhost",
                tls="insecure",
                stream=stream,
                auth=JOE,
                timeouts=timeouts,
                limits=limits,
            ) as imap:
                try:
                    async with imap.select("INBOX") as inbox:
                        self.ended["open"] = "opened"
                        async with trio.open_nursery() as nursery:
                            for name, task in {
                                "fetch": lambda: self._fetch(inbox),
                                "status": lambda: self._status(imap),
                                "append": lambda: self._append(imap),
                                "watch": lambda: self._watch(server, inbox),
                            }.items():
                                nursery.start_soon(self._note, name, task)
                finally:
                    self.counters = imap.statistics()
        except aimap.ImapError as error:
            self.ended.setdefault("open", error)
            raise
        return "closed"

    async def _fetch(self, inbox: aimap.Mailbox) -> object:
        async with inbox.fetch("1:20", BODY_PEEK()) as messages:
            return [message.body() async for message in messages]

    async def _status(self, imap: aimap.Client) -> object:
        return (await imap.status("Drafts")).messages

    async def _append(self, imap: aimap.Client) -> object:
        return await imap.append("Sent", UPLOAD) is not None

    async def _watch(self, server: Server, inbox: aimap.Mailbox) -> object:
        async with inbox.watch() as watcher:
            while len(self.ended) < 4:
                # IDLE goes on, and comes to an end, and goes on.
                with trio.move_on_after(1):
                    await anext(watcher)
            server.deliver("joe", b"Subject: 21\r\n\r\n")
            while not isinstance(event := await anext(watcher), aimap.Arrived):
                pass
            return event.uid


async def play(*faults: Fault, limits: aimap.Limits | None = None) -> Scene:
    scene = Scene()
    async with serving() as server:
        await scene.play(server, FaultyStream(server.connect(), *faults), limits=limits)
    return scene


MOMENTS: dict[str, Moment] = {
    "before the greeting": 0,
    "in the greeting": 10,
    "in the login": re.compile(rb"A1 O"),
    "in SELECT": b"EXISTS",
    "in the literal of a FETCH": re.compile(rb"\{\d+\}\r\nSubj"),
    "behind a FETCH": re.compile(rb"\* 20 FETCH .*?\)\r\n", re.DOTALL),
    "in STATUS": b"* STATUS ",
    "where an upload may go": b"+ go on\r\n",
    "at the end of the upload": b"APPENDUID",
    "in IDLE": b"+ idling\r\n",
}
"""Behind which octets of the server."""

LINES = {
    "behind the greeting": re.compile(rb"\* OK .*?\r\n"),
    "behind the login": re.compile(rb"A1 OK .*?\r\n"),
    "behind SELECT": re.compile(rb"A2 OK .*?\r\n"),
    "behind a FETCH": MOMENTS["behind a FETCH"],
    "behind STATUS": re.compile(rb"\* STATUS .*?\r\n"),
    "where an upload may go": MOMENTS["where an upload may go"],
    "in IDLE": MOMENTS["in IDLE"],
}
"""The same, between responses."""

each_moment = pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
each_line = pytest.mark.parametrize("moment", LINES.values(), ids=list(LINES))
