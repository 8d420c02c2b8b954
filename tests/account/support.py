"""Accounts on the embedded server, in memory and virtual time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

import aimap
from aimap import Account, AccountConfig, AccountEvent, Retry
from aimap.testing import Server, serve

JOE = aimap.Password("joe", "secret")


class Road:
    """The way to a server: which can be shut, and counts who went along."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.shut: Exception | None = None
        self.tried: list[float] = []
        self.streams: list[trio.abc.Stream] = []

    async def open(self) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        self.tried.append(trio.current_time())
        if self.shut is not None:
            raise self.shut
        stream = self.server.connect()
        self.streams.append(stream)
        return stream

    async def cut(self) -> None:
        """End all connections, without a word."""
        await self.server.drop_connections()
        await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def opened(
    *,
    messages: int = 0,
    events: list[AccountEvent] | None = None,
    prepare: Callable[[Server], object] | None = None,
    open_: dict[str, Any] | None = None,
    tls: Any = "insecure",
    **options: Any,
) -> AsyncGenerator[tuple[Account, Server, Road]]:
    """Open an account on an embedded server. Options are of the server, or of the account."""
    config: dict[str, Any] = {
        name: options.pop(name)
        for name in ("retry", "max_connections", "timeouts", "compress", "auth", "limits")
        if name in options
    }
    async with serve({"joe": "secret"}, tls=tls, host=None, **options) as server:
        for number in range(1, messages + 1):
            server.deliver("joe", b"Subject: %d\r\n\r\nbody of %d\r\n" % (number, number))
        if prepare is not None:
            prepare(server)
        road = Road(server)
        config = {"auth": JOE, "retry": Retry(), "tls": tls, **config}
        if tls != "insecure":
            config["ssl_context"] = server.client_ssl_context
        async with aimap.open_account(
            AccountConfig("localhost", **config),
            open_stream=road.open,
            on_event=None if events is None else events.append,
            **(open_ or {}),
        ) as account:
            yield account, server, road
