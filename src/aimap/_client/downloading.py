"""Downloading one section of any size in windows, within the memory of a few of them.

Each window is a FETCH of its own (``BODY.PEEK[]<offset.count>``). Several are in flight at
once, more as it goes on, so that no round trip is lost; other commands find their place
between them, and cancelling is simply to ask for no more. The end is where a window is not
full: what servers say of sizes is not always true.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import trio

from aimap._client.decoding import Decoder
from aimap._client.driver import CommandFuture, Driver
from aimap._commands.fetch import Fetch
from aimap._errors import NotFetchedError
from aimap._model.fetch import BODY_PEEK, RFC822_SIZE, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import SeqSet, UIDSet

Sink: TypeAlias = str | os.PathLike[str] | IO[bytes] | trio.abc.SendStream
"""Where a download goes: a file's path, a binary file, or a Trio stream."""

WINDOW = 256 * 1024
_MOST_AHEAD = 8

_Write: TypeAlias = Callable[[bytes], Awaitable[object]]


class _Window:
    """One part of the section, asked for."""

    def __init__(self, driver: Driver, uids: UIDSet, section: str, offset: int) -> None:
        self.item: FetchItem[bytes] = BODY_PEEK(section, partial=(offset, WINDOW))
        self.offset = offset
        self._driver = driver
        self._uids = uids
        self._section = section
        self._found: list[Message] = []
        self._future = self._ask()

    def _ask(self) -> CommandFuture[UIDSet | SeqSet]:
        # What a server says of the size of the whole tells an empty answer from an end.
        with_size = not self._section and not self.offset
        items: list[FetchItem[Any]] = [self.item, RFC822_SIZE] if with_size else [self.item]
        return self._driver.submit(Fetch(self._uids, items, self._found.extend))

    async def octets(self) -> tuple[bytes, bool]:
        """Wait for its octets; return them, and whether they are the last.

        Raises:
            NotFetchedError: if the server does not answer, asked a second time.
        """
        await self._future.wait()
        found = self._value()
        if found is None or (not found[0] and self._should_have_some()):
            # Data may come late, or not at all where much was asked for at once.
            self._found.clear()
            self._future = self._ask()
            await self._future.wait()
            found = self._value()
        if found is None:
            raise NotFetchedError(self.item.key)
        return found

    def _value(self) -> tuple[bytes, bool] | None:
        for message in self._found:
            if self.item in message:
                octets = message[self.item]
                return octets, len(octets) < WINDOW
            if not self.offset and message.has_all((self.item.instead,)):
                # It ignores the partial, and sends the whole.
                return message.body(self._section), True
        return None

    def _should_have_some(self) -> bool:
        return any(RFC822_SIZE in message and message.size for message in self._found)

    def cancel(self) -> None:
        """Give it up."""
        self._future.cancel()


async def download(driver: Driver, uid: int, section: str, write: _Write, offset: int) -> int:
    """Give a section's octets from *offset* on to *write*, piece by piece, in order.

    Returns:
        How many there were.
    """
    uids = UIDSet(uid)
    windows: deque[_Window] = deque()
    ahead, total, position = 1, 0, offset
    try:
        while True:
            while len(windows) < ahead:
                windows.append(_Window(driver, uids, section, position))
                position += WINDOW
            octets, is_last = await windows[0].octets()
            windows.popleft()
            await write(octets)
            total += len(octets)
            if is_last:
                return total
            ahead = min(2 * ahead, _MOST_AHEAD)
    finally:
        for window in windows:
            window.cancel()


@asynccontextmanager
async def open_sink(
    into: Sink, decoder: Decoder | None, *, resume: bool
) -> AsyncGenerator[tuple[_Write, int]]:
    """Open where a download goes; yield what writes to it, and how much is there already.

    A file at a path gets its name when it is complete; until then ``.part`` is behind it.
    """
    if isinstance(into, trio.abc.SendStream):
        async with _decoded(into.send_all, decoder) as write:
            yield write, 0
    elif isinstance(into, (str, os.PathLike)):
        path = Path(into)
        part = path.with_name(path.name + ".part")
        async with (
            await trio.open_file(part, "ab" if resume else "wb") as file,
            _decoded(file.write, decoder) as write,
        ):
            yield write, await file.tell()
        await trio.Path(part).replace(path)
    else:
        async with _decoded(trio.wrap_file(into).write, decoder) as write:
            yield write, 0


@asynccontextmanager
async def _decoded(write: _Write, decoder: Decoder | None) -> AsyncGenerator[_Write]:
    if decoder is None:
        yield write
        return

    async def write_decoded(octets: bytes) -> None:
        await write(decoder.decode(octets))

    yield write_decoded
    await write(decoder.finish())
