"""Connections of each client to the server of a task, logged in."""

from __future__ import annotations

import imaplib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import aioimaplib
import imap_tools
import imapclient
import trio

import aimap
from benchmarks.engine.task import HOST, Task


class Dialogue:
    """IMAP by hand, on a Trio stream: lines out, lines in, as little as will do."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._rest = b""
        # The next one last.
        self._lines: list[bytes] = []

    async def line(self) -> bytes:
        while not self._lines:
            *lines, self._rest = (self._rest + await self._receive()).split(b"\n")
            self._lines = lines[::-1]
        return self._lines.pop()

    async def _receive(self) -> bytes:
        data = await self.stream.receive_some()
        if not data:
            raise ConnectionError("the server closed the connection")
        return bytes(data)

    async def ask(self, command: str) -> None:
        await self.stream.send_all(b"x %b\r\n" % command.encode())
        while not (line := await self.line()).startswith(b"x "):
            pass
        if not line.startswith(b"x OK"):
            raise ValueError(line)

    async def ask_all(self, commands: bytes, count: int) -> None:
        """Send *count* commands at once, and read while they go out."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.stream.send_all, commands)
            answered, end = 0, b"\n"
            while answered < count:
                # An answer counts once its line is whole.
                text = end + await self._receive()
                last = text.rfind(b"\n") + 1
                answered += text.count(b"\nx OK", 0, last)
                end = text[last - 1 :]


@asynccontextmanager
async def stream(task: Task) -> AsyncIterator[trio.abc.Stream]:
    """Open a Trio stream, without a word of IMAP."""
    tcp = await trio.open_tcp_stream(HOST, task.port)
    async with tcp:
        if not task.ca_file:
            yield tcp
            return
        tls = trio.SSLStream(tcp, task.ssl_context(), server_hostname=HOST, https_compatible=True)
        await tls.do_handshake()
        yield tls


@asynccontextmanager
async def by_hand(task: Task) -> AsyncIterator[Dialogue]:
    async with stream(task) as opened:
        dialogue = Dialogue(opened)
        await dialogue.line()
        await dialogue.ask(f"LOGIN {task.user} {task.password}")
        yield dialogue


def with_aimap(task: Task) -> AbstractAsyncContextManager[aimap.Client]:
    auth = aimap.Password(task.user, task.password)
    return aimap.connect(HOST, port=task.port, tls="insecure", auth=auth)


@contextmanager
def with_imaplib(task: Task) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4(HOST, task.port) as client:
        client.login(task.user, task.password)
        yield client


@contextmanager
def with_imapclient(task: Task) -> Iterator[imapclient.IMAPClient]:
    with imapclient.IMAPClient(HOST, task.port, ssl=False) as client:
        client.login(task.user, task.password)
        yield client


@contextmanager
def with_imap_tools(task: Task) -> Iterator[imap_tools.MailBoxUnencrypted]:
    with imap_tools.MailBoxUnencrypted(HOST, task.port).login(task.user, task.password) as client:
        yield client


@asynccontextmanager
async def with_aioimaplib(task: Task) -> AsyncIterator[aioimaplib.IMAP4]:
    client = aioimaplib.IMAP4(HOST, task.port, timeout=3600)
    await client.wait_hello_from_server()
    await client.login(task.user, task.password)
    yield client
    await client.logout()
