"""Connections to real servers, for tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

import aimap
from aimap.commands import Append

from .real import RealServer
from .tap import Tap, check


@asynccontextmanager
async def connected(
    server: RealServer,
    user: str,
    *,
    tls: Any,
    password: str | None = None,
    mechanisms: Sequence[str] | None = None,
    compress: bool = False,
    stream: trio.abc.Stream | None = None,
) -> AsyncGenerator[aimap.Client]:
    """Connect as users do."""
    async with aimap.connect(
        server.host,
        port=server.tls_port if tls == "implicit" else server.port,
        tls=tls,
        ssl_context=None if tls == "insecure" else server.client_context,
        auth=aimap.Password(user, password or server.password, mechanisms=mechanisms),
        compress=compress,
        stream=stream,
    ) as imap:
        yield imap


@asynccontextmanager
async def tapped(server: RealServer, user: str) -> AsyncGenerator[aimap.Client]:
    """Connect, and see to it that all that the server sends is read by the letter.

    That it understands what the client sends, each test sees to at its end.
    """
    tap = Tap(await trio.open_tcp_stream(server.host, server.port))
    async with connected(server, user, tls="insecure", stream=tap) as imap:
        yield imap
    check(server.kind, tap.received)


async def fill(imap: aimap.Client, messages: Iterable[bytes], name: str = "INBOX") -> None:
    """Append *messages* without waiting for each other."""
    futures = [imap.submit(Append(name, message)) for message in messages]
    for future in futures:
        await future.wait()


def as_stored(server: RealServer, samples: list[bytes]) -> list[bytes]:
    """Return what *server* makes of messages: nothing else, or another line end."""
    if not server.ends_messages:
        return samples
    return [sample if sample.endswith(b"\n") else sample + b"\r\n" for sample in samples]
