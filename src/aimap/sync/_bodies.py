"""Fetching whole messages of any size, while a task of its own stores them.

Each message is asked for up to some megabytes, in pipelined slices; what is longer is
completed in windows, through a temporary file. So memory stays small whatever the server
has, and no size has to be asked for first.
"""

from __future__ import annotations

import mmap
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryFile
from typing import Any

import attrs
import trio

from aimap._client.mailbox import Mailbox
from aimap._errors import ImapError, NoError, NotFetchedError
from aimap._model.fetch import BODY_PEEK, FLAGS, INTERNALDATE, RFC822_SIZE, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import UID, UIDSet
from aimap.sync._crew import open_crew
from aimap.sync._news import lasting
from aimap.sync._store import MirroredMessage

PIECE = 4 * 1024 * 1024
"""Octets of a message that are fetched at once."""

_BATCH_MESSAGES = 250
_BATCH_OCTETS = 4 * 1024 * 1024
_BATCH_SECONDS = 1.0

Keep = Callable[[Sequence[MirroredMessage]], Awaitable[None]]
"""Stores messages."""


@asynccontextmanager
async def _open_storing(keep: Keep) -> AsyncGenerator[Callable[[MirroredMessage], Awaitable[None]]]:
    """Yield what takes messages, to have them stored a batch at a time by another task.

    It waits where a batch is waiting to be stored already. When the block ends, all are,
    also if it ends because the server refuses, or is gone.
    """
    batch: list[MirroredMessage] = []
    octets, due = 0, 0.0
    send, receive = trio.open_memory_channel[list[MirroredMessage]](1)

    async def store() -> None:
        async for each in receive:
            await keep(each)

    async def take(message: MirroredMessage) -> None:
        nonlocal batch, octets, due
        if not batch:
            due = trio.current_time() + _BATCH_SECONDS
        batch.append(message)
        octets += len(message.octets)
        if octets >= _BATCH_OCTETS or len(batch) >= _BATCH_MESSAGES or trio.current_time() >= due:
            full, batch, octets = batch, [], 0
            await send.send(full)

    async with open_crew() as crew:
        crew.start_soon(store)
        failure: ImapError | None = None
        with send:
            try:
                yield take
            except ImapError as error:
                failure = error
            if batch:
                await send.send(batch)
        await crew.finish()
        if failure is not None:
            raise failure


async def fetch_bodies(mailbox: Mailbox, uids: UIDSet, keep: Keep) -> UIDSet:
    """Fetch messages and have them stored.

    Args:
        mailbox: where they are.
        uids: which ones.
        keep: stores them; it is called again only when it is done.

    Returns:
        Those that the server did not give out, asked twice.

    Raises:
        NoError: if the server refuses more than the messages can be blamed for.
    """
    return await _fetch(mailbox, uids, keep) if uids else uids


async def _fetch(mailbox: Mailbox, uids: UIDSet, keep: Keep, *, with_size: bool = False) -> UIDSet:
    """Fetch messages; return those that were not given out.

    What cannot be read comes as nothing from some servers. So what comes empty is fetched again
    with its size, which has it asked for once more, alone, if it should not be.
    """
    body = BODY_PEEK(partial=(0, PIECE))
    items: list[FetchItem[Any]] = [FLAGS, INTERNALDATE, body]
    if with_size:
        items.append(RFC822_SIZE)
    missing: list[UID] = []
    long: list[MirroredMessage] = []
    empty: list[UID] = []
    async with _open_storing(keep) as take, mailbox.fetch(uids, *items) as messages:
        try:
            async for message in messages:
                try:
                    # A server that ignores the partial sends the whole.
                    octets = message[body] if body in message else message.body()
                    if not octets and not with_size:
                        empty.append(message.uid)
                    elif not octets and message.size:
                        missing.append(message.uid)
                    elif len(octets) == PIECE and body in message:
                        long.append(_mirrored(message, b""))
                    else:
                        await take(_mirrored(message, octets))
                except NotFetchedError:
                    missing.append(message.uid)
        except NoError as error:
            if error not in messages.refused.values():
                raise
        unanswered = messages.missing
    for begun in long:
        try:
            async with _completed(mailbox, begun.uid) as view:
                await keep([attrs.evolve(begun, octets=view)])
        except (NoError, NotFetchedError):
            missing.append(begun.uid)
    if empty:
        unanswered |= await _fetch(mailbox, UIDSet(empty), keep, with_size=True)
    return unanswered | UIDSet(missing)


@asynccontextmanager
async def _completed(mailbox: Mailbox, uid: UID) -> AsyncGenerator[memoryview]:
    """Download a long message, and yield its octets without having them all in memory."""
    with TemporaryFile() as file:
        await mailbox.download(uid, into=file)
        file.flush()
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets,
            memoryview(octets) as view,
        ):
            yield view


def _mirrored(message: Message, octets: bytes | memoryview) -> MirroredMessage:
    try:
        date = message.internal_date
    except NotFetchedError:
        date = None
    return MirroredMessage(message.uid, octets, lasting(message.flags), date)
