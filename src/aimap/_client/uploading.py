"""Uploading messages that are read from somewhere while they are sent (I6).

The source is read in the caller's task: what goes wrong there is raised there. Once the
server was told how many octets come, it must get that many: where the source fails or
the caller is cancelled after that, the connection is closed, lest a part be stored.
"""

from __future__ import annotations

import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import TypeAlias, TypeVar, cast, final

import trio

from aimap._client.driver import CommandFuture, Driver
from aimap._commands.append import AppendUpload
from aimap._errors import InvalidArgumentError
from aimap._model.code import AppendUIDCode
from aimap._model.upload import Upload

T = TypeVar("T")

_PIECE = 64 * 1024

Source: TypeAlias = AsyncIterable[bytes | bytearray] | str | os.PathLike[str]
"""Where a message is read from: anything that gives octets, such as a
:class:`trio.abc.ReceiveStream`, or the path of a file."""


@asynccontextmanager
async def open_source(
    source: Source, size: int | None
) -> AsyncGenerator[tuple[AsyncIterable[bytes | bytearray], int]]:
    """Open a source; give what to iterate over, and how many octets there are."""
    if isinstance(source, (str, os.PathLike)):
        if size is not None:
            raise InvalidArgumentError("size is not for files, which tell it themselves")
        async with await trio.open_file(source, "rb") as file:
            size = await file.seek(0, os.SEEK_END)
            await file.seek(0)
            yield _Pieces(file.read), size
    elif not isinstance(source, AsyncIterable):
        raise InvalidArgumentError(
            "a message is bytes, an EmailMessage, a path or an async iterable of bytes, "
            f"not a {type(source).__name__}"
        )
    else:
        if size is None:
            raise InvalidArgumentError(
                "a message from a source needs size=, since the server is told it first"
            )
        try:
            yield source, size
        finally:
            if isinstance(source, AsyncGenerator):
                # One that is not read to its end would be left to the garbage collector.
                await cast("AsyncGenerator[object, None]", source).aclose()


@final
class _Pieces:
    """Reads a file piece by piece."""

    def __init__(self, read: Callable[[int], Awaitable[bytes]]) -> None:
        self._read = read

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._read(_PIECE)
        if not piece:
            raise StopAsyncIteration
        return piece


async def upload(
    driver: Driver,
    mailbox: str,
    source: AsyncIterable[bytes | bytearray],
    size: int,
    *,
    flags: Iterable[str],
    date: datetime | None,
) -> AppendUIDCode | None:
    """Send an APPEND, and the message while it is read."""
    message = Upload(size)
    may_go_on = trio.Event()
    message.on_turn = may_go_on.set
    future = driver.submit(AppendUpload(mailbox, message, flags=flags, date=date))
    future.call_when_done(lambda _: may_go_on.set())
    try:
        with driver.awaiting:
            await may_go_on.wait()
        # Refused or not: once it has begun, the server counts its octets.
        if message.begun and driver.session.lost is None:
            held = b""
            async for piece in source:
                if len(held) + len(piece) > message.missing:
                    raise InvalidArgumentError(
                        f"the source gives more than the {size} octets announced"
                    )
                await _send(driver, future, held)
                held = bytes(piece)
                if driver.session.lost is not None:
                    break
            # The last piece waits for the end of the source: one that goes on has another size
            # than was announced, and what was sent would be stored, cut off.
            if len(held) < message.missing and driver.session.lost is None:
                raise InvalidArgumentError(
                    f"the source gave {size - message.missing + len(held)} of the {size} octets "
                    "announced"
                )
            await _send(driver, future, held)
        return await future.wait()
    finally:
        future.cancel()


async def _send(driver: Driver, future: CommandFuture[T], piece: bytes) -> None:
    if piece:
        future.upload(piece)
        await driver.drain()


def message_octets(message: EmailMessage) -> bytes:
    """Return a message as it is sent: with CRLF, and 8-bit only where it must be."""
    try:
        return message.as_bytes(policy=SMTP)
    except UnicodeEncodeError:
        return message.as_bytes(policy=SMTPUTF8)
