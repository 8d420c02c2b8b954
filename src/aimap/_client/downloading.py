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

from aimap._client.decoding import decoder_for
from aimap._client.driver import CommandFuture, Driver
from aimap._commands.fetch import Fetch
from aimap._errors import NoError, NotFetchedError
from aimap._model.fetch import BINARY_PEEK, BODY_PEEK, RFC822_SIZE, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import SeqSet, UIDSet

Sink: TypeAlias = str | os.PathLike[str] | IO[bytes] | trio.abc.SendStream
"""Where a download goes: a file's path, a binary file, or a Trio stream."""

WINDOW = 256 * 1024
_MOST_AHEAD = 8

_Write: TypeAlias = Callable[[bytes], Awaitable[object]]


class _Window:
    """One part of the section, asked for."""

    def __init__(
        self, driver: Driver, uids: UIDSet, section: str, offset: int, *, binary: bool
    ) -> None:
        make = BINARY_PEEK if binary else BODY_PEEK
        self.item: FetchItem[Any] = make(section, partial=(offset, WINDOW))
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
                # NIL stands for a part that the server has not got (RFC 3516 section 4.3).
                return None if octets is None else (octets, len(octets) < WINDOW)
            if not self.offset and message.has_all((self.item.instead,)):
                # It ignores the partial, and sends the whole.
                return message.body(self._section), True
        return None

    def _should_have_some(self) -> bool:
        return any(RFC822_SIZE in message and message.size for message in self._found)

    def cancel(self) -> None:
        """Give it up."""
        self._future.cancel()


async def download(
    driver: Driver, uid: int, section: str, write: _Write, offset: int = 0, *, binary: bool = False
) -> int:
    """Give a section's octets from *offset* on to *write*, piece by piece, in order.

    Args:
        driver: of the connection.
        uid: which message.
        section: which part of it.
        write: is given the octets.
        offset: how many of them are there already.
        binary: have the server undo the transfer encoding (:rfc:`3516`).

    Returns:
        How many there were.
    """
    uids = UIDSet(uid)
    windows: deque[_Window] = deque()
    ahead, total, position = 1, 0, offset
    try:
        while True:
            while len(windows) < ahead:
                windows.append(_Window(driver, uids, section, position, binary=binary))
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


async def download_decoded(
    driver: Driver, uid: int, section: str, encoding: str, write: _Write
) -> int:
    """Give a part's octets to *write* with its transfer encoding undone: by whom, may differ.

    A server with BINARY does it, unless it says that it cannot, or gives nothing.

    Returns:
        How many octets the server sent.
    """
    decoder = decoder_for(encoding)
    if not decoder.changes_nothing and driver.session.offers("BINARY"):
        begun = False

        async def write_first(octets: bytes) -> None:
            nonlocal begun
            begun = True
            await write(octets)

        try:
            return await download(driver, uid, section, write_first, binary=True)
        except (NoError, NotFetchedError):
            if begun:
                raise

    async def write_decoded(octets: bytes) -> None:
        await write(decoder.decode(octets))

    total = await download(driver, uid, section, write_decoded)
    await write(decoder.finish())
    return total


@asynccontextmanager
async def open_sink(into: Sink, *, resume: bool = False) -> AsyncGenerator[tuple[_Write, int]]:
    """Open where a download goes; yield what writes to it, and how much is there already.

    A file at a path gets its name when it is complete; until then ``.part`` is behind it.
    """
    if isinstance(into, trio.abc.SendStream):
        yield into.send_all, 0
    elif isinstance(into, (str, os.PathLike)):
        path = Path(into)
        part = path.with_name(path.name + ".part")
        async with await trio.open_file(part, "ab" if resume else "wb") as file:
            yield file.write, await file.tell()
        await trio.Path(part).replace(path)
    else:
        yield trio.wrap_file(into).write, 0


async def free_path(folder: Path, name: str) -> Path:
    """Return a path in *folder* where nothing is yet, nor is about to be."""
    stem, suffix = Path(name).stem, Path(name).suffix
    path, number = folder / name, 1
    while await _is_taken(path) or await _is_taken(path.with_name(path.name + ".part")):
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


async def _is_taken(path: Path) -> bool:
    found = trio.Path(path)
    return await found.exists() or await found.is_symlink()
