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
)
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any, TypeAlias, cast, final

import attrs
import trio

from aimap._client.driver import CommandFuture, Driver
from aimap._errors import InvalidArgumentError
from aimap._model.appending import AppendOptions, AppendUpload
from aimap._model.upload import Upload

_PIECE = 64 * 1024

Source: TypeAlias = AsyncIterable[bytes | bytearray] | str | os.PathLike[str]
"""Where a message is read from: anything that gives octets, such as a
:class:`trio.abc.ReceiveStream`, or the path of a file."""


@final
@attrs.frozen
class AppendSource(AppendOptions):
    """One message to append that is read while it is sent.

    Attributes:
        source: the path of a file, or anything that gives octets in an ``async for`` loop,
            such as a :class:`trio.abc.ReceiveStream`. It is read once.
        size: how many octets the source will give, if it is not a file.
        flags: flags that it gets.
        date: its internal date, with a time zone; without one the server takes its own.
        annotations: annotations that it gets (:rfc:`5257#section-4.7`).

    Raises:
        InvalidArgumentError: if it is no source, has no size, or something cannot be sent.
    """

    source: Source
    size: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that it can be read, and how much of it there is."""
        if isinstance(self.source, (str, os.PathLike)):
            if self.size is not None:
                raise InvalidArgumentError("size is not for files, which tell it themselves")
        elif not isinstance(self.source, AsyncIterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidArgumentError(
                "a message is bytes, an EmailMessage, a path or an async iterable of bytes, "
                f"not a {type(self.source).__name__}"
            )
        elif self.size is None:
            raise InvalidArgumentError(
                "a message from a source needs size=, since the server is told it first"
            )

    async def octets(self) -> int:
        """Return how many octets there will be.

        Raises:
            OSError: if it is a file that cannot be read.
        """
        if not isinstance(self.source, (str, os.PathLike)):
            return self.size or 0
        async with await trio.open_file(self.source, "rb") as file:
            return await file.seek(0, os.SEEK_END)

    def announced(self, octets: int) -> AppendUpload:
        """Return what is said of it before it is read.

        Raises:
            InvalidArgumentError: if no message has so many octets.
        """
        return AppendUpload(
            Upload(octets), flags=self.flags, date=self.date, annotations=self.annotations
        )

    async def aclose(self) -> None:
        """Let go of what would be left to the garbage collector: a generator."""
        source: object = self.source
        if isinstance(source, AsyncGenerator):
            await cast("AsyncGenerator[object, None]", source).aclose()


@asynccontextmanager
async def _opened(source: Source) -> AsyncGenerator[AsyncIterable[bytes | bytearray]]:
    if isinstance(source, (str, os.PathLike)):
        async with await trio.open_file(source, "rb") as file:
            yield _Pieces(file.read)
    else:
        yield source


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
    driver: Driver, future: CommandFuture[Any], message: Upload, source: Source
) -> None:
    """Send a message while it is read, once it has its turn in its command, if it gets that.

    Raises:
        InvalidArgumentError: if the source gives more or less than was announced, or NUL.
        Exception: what the source raises. The command cannot be completed then.
    """
    may_go_on = trio.Event()
    message.on_turn = may_go_on.set
    if message.begun:
        may_go_on.set()
    future.call_when_done(lambda _: may_go_on.set())
    with driver.awaiting:
        await may_go_on.wait()
    # Refused or not: once it has begun, the server counts its octets.
    if not message.begun or driver.session.lost is not None:
        return
    async with _opened(source) as pieces:
        await _send_pieces(driver, future, message, pieces)


async def _send_pieces(
    driver: Driver,
    future: CommandFuture[Any],
    message: Upload,
    pieces: AsyncIterable[bytes | bytearray],
) -> None:
    size, held = message.size, b""
    async for piece in pieces:
        if len(held) + len(piece) > message.missing:
            raise InvalidArgumentError(f"the source gives more than the {size} octets announced")
        await _send(driver, future, held)
        held = bytes(piece)
        if driver.session.lost is not None:
            return
    # The last piece waits for the end of the source: one that goes on has another size
    # than was announced, and what was sent would be stored, cut off.
    if len(held) < message.missing and driver.session.lost is None:
        raise InvalidArgumentError(
            f"the source gave {size - message.missing + len(held)} of the {size} octets announced"
        )
    await _send(driver, future, held)


async def _send(driver: Driver, future: CommandFuture[Any], piece: bytes) -> None:
    if piece:
        future.upload(piece)
        await driver.drain()


def message_octets(message: EmailMessage) -> bytes:
    """Return a message as it is sent: with CRLF, and 8-bit only where it must be."""
    try:
        return message.as_bytes(policy=SMTP)
    except UnicodeEncodeError:
        return message.as_bytes(policy=SMTPUTF8)
