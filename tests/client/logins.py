"""Servers to log in to, embedded and played."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

import aimap
import aimap.testing
from aimap import Password
from aimap.testing import MECHANISMS, Logins, Server
from tests.sasl.test_auth import FakeContext

from .support import PlayedServer

TOKENS = {"joe": "t0k3n"}
EVERY = Logins(
    mechanisms=MECHANISMS, tokens=TOKENS, accept=lambda: FakeContext(accepts=True), command=True
)


@asynccontextmanager
async def at(
    server: Server, auth: aimap.Auth, context: ssl.SSLContext | None = None, **options: Any
) -> AsyncGenerator[aimap.Client]:
    """Log in to the embedded server, in memory."""
    tls: Any = "insecure" if server.ssl_context is None else "implicit"
    async with aimap.connect(
        "localhost",
        tls=tls,
        stream=server.connect(),
        ssl_context=context or (None if tls == "insecure" else server.client_ssl_context),
        auth=auth,
        **options,
    ) as imap:
        yield imap


def by(*mechanisms: str, **options: Any) -> Password:
    return Password("joe", "secret", mechanisms=mechanisms, **options)


# A server that the test plays


@asynccontextmanager
async def playing(
    offer: bytes, auth: aimap.Auth, *, catch: Any = aimap.ImapError, **options: Any
) -> AsyncGenerator[tuple[PlayedServer, list[BaseException]]]:
    """Play a server to a login; what that raises is in the list in the end."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1 %s] hi\r\n" % offer)
    outcome: list[BaseException] = []
    entered = trio.Event()

    async def log_in() -> None:
        try:
            async with aimap.connect(
                "localhost", tls="insecure", stream=ours, auth=auth, **options
            ) as imap:
                outcome.append(LoggedIn(imap))
                entered.set()
        except catch as error:
            outcome.append(error)
            entered.set()

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            yield server, outcome
            with trio.move_on_after(1):
                await entered.wait()
            await theirs.aclose()
    except BaseExceptionGroup as group:
        (error,) = group.exceptions
        raise error from None


class LoggedIn(BaseException):
    def __init__(self, client: aimap.Client) -> None:
        self.client = client


def scrape(error: BaseException) -> str:
    """Return all that could be shown of an error."""
    said = [repr(error), str(error), *traceback.format_exception(error)]
    seen: BaseException | None = error
    while seen is not None:
        said += [repr(vars(seen)), repr(seen.args), repr(getattr(seen, "code", None))]
        seen = seen.__cause__ or seen.__context__
    return "".join(said)
