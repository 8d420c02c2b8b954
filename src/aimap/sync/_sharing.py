"""Fetching the messages of one large mailbox over several connections.

The connection that is at the mailbox takes one part of its messages after the other; others
that are free take parts too. They only help: what one of them does not bring, because the
server refuses it or goes, the first one fetches.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import final

import trio

from aimap._client.client import Client
from aimap._client.mailbox import Mailbox
from aimap._errors import ImapError
from aimap._model.numbers import UIDSet
from aimap.sync._bodies import Keep, fetch_bodies
from aimap.sync._crew import Crew, open_crew
from aimap.sync._store import MirroredMessage

PART = 1000
"""Messages that a connection takes at once."""

Connect = Callable[[], AbstractAsyncContextManager[Client]]


class NotOpenedError(Exception):
    """A connection could not be opened.

    Attributes:
        reason: why.
    """

    def __init__(self, reason: ImapError | OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@final
class Spare:
    """Connections that may still be opened.

    Args:
        connect: opens one.
        count: how many.

    Attributes:
        count: how many there may be now, besides those that there are.
        most: how many there may be in all.
    """

    def __init__(self, connect: Connect, count: int) -> None:
        self.count = self.most = count
        self._connect = connect

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Client]:
        """Open a connection.

        Raises:
            NotOpenedError: if it cannot be opened; what leaves the block comes as it is.
        """
        async with AsyncExitStack() as stack:
            try:
                imap = await stack.enter_async_context(self._connect())
            except (ImapError, OSError) as error:
                raise NotOpenedError(error) from error
            yield imap


async def fetch_shared(mailbox: Mailbox, uids: UIDSet, keep: Keep, spare: Spare) -> UIDSet:
    """Fetch messages and have them stored, as :func:`fetch_bodies` does.

    Args:
        mailbox: where they are.
        uids: which ones.
        keep: stores them; it is called again only when it is done.
        spare: connections that may help.
    """
    if spare.most == 1 or len(uids) < 2 * PART:
        return await fetch_bodies(mailbox, uids, keep)
    work = _Sharing(mailbox, uids, keep, spare)
    async with open_crew() as crew:
        await work.run(crew)
    return work.missing


@final
class _Sharing:
    def __init__(self, mailbox: Mailbox, uids: UIDSet, keep: Keep, spare: Spare) -> None:
        self.missing = UIDSet()
        self._mailbox = mailbox
        self._parts = list(uids.chunks(PART))[::-1]
        self._keep = keep
        self._spare = spare
        self._storing = trio.Lock()
        self._helpers = 0
        self._helper_left = trio.Event()

    async def run(self, crew: Crew) -> None:
        """Fetch all parts."""
        while self._parts or self._helpers:
            while self._spare.count and self._helpers < len(self._parts) - 1:
                self._spare.count -= 1
                self._helpers += 1
                crew.start_soon(self._help)
            if self._parts:
                await self._take(self._mailbox)
            else:
                self._helper_left = trio.Event()
                await self._helper_left.wait()

    async def _help(self) -> None:
        parts = 0
        try:
            async with self._spare.opened() as imap, imap.examine(self._mailbox.name) as mailbox:
                if mailbox.uid_validity == self._mailbox.uid_validity:
                    while self._parts:
                        await self._take(mailbox)
                        parts += 1
        except (NotOpenedError, ImapError):
            # Where not even one part was brought, another try would bring none either.
            self._spare.count -= not parts
        finally:
            self._spare.count += 1
            self._helpers -= 1
            self._helper_left.set()

    async def _take(self, mailbox: Mailbox) -> None:
        part = self._parts.pop()
        stored: list[UIDSet] = []

        async def keep(batch: Sequence[MirroredMessage]) -> None:
            async with self._storing:
                await self._keep(batch)
            stored.append(UIDSet(message.uid for message in batch))

        try:
            self.missing |= await fetch_bodies(mailbox, part, keep)
        except ImapError:
            for uids in stored:
                part -= uids
            if part:
                self._parts.append(part)
            raise
