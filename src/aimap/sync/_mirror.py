"""One way from a server into a store: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Protocol, final

import trio

from aimap._client.client import Client
from aimap._client.driver import CommandFuture
from aimap._client.mailbox import Mailbox
from aimap._commands.connection import Enable
from aimap._commands.select import QResync
from aimap._errors import (
    CommandError,
    ConnectionLostError,
    ImapError,
    InvalidArgumentError,
    LocalProtocolError,
    StateError,
)
from aimap._model.capability import Capabilities
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UIDSet, UIDValidity
from aimap._model.search import IN
from aimap.sync._crew import Crew, open_crew
from aimap.sync._news import News, find_news
from aimap.sync._position import Position, Window
from aimap.sync._report import MailboxFailure, MirrorReport, Progress
from aimap.sync._sharing import Connect, NotOpenedError, Spare, fetch_shared
from aimap.sync._store import MailboxStore, MirroredMessage, Store
from aimap.sync._survey import survey

_MOST_LOSSES = 3
"""Connections that may be lost one after the other with nothing stored between."""

_SEARCHED_BY_NAME = 500
"""Of up to so many messages, those in the window are searched for by their UIDs."""


class HasConnections(Protocol):
    """What hands out connections, such as an account."""

    def connection(self) -> AbstractAsyncContextManager[Client]:
        """Hand out a connection that is logged in and has no mailbox selected."""
        ...


async def mirror(
    source: Client | Connect | HasConnections,
    store: Store,
    *,
    pattern: str = "*",
    since: date | None = None,
    largest: int | None = None,
    connections: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> MirrorReport:
    """Make a store equal to the mailboxes of a server, fetching only what is new.

    Nothing is changed on the server: mailboxes are opened by EXAMINE, messages are
    fetched by ``BODY.PEEK[]`` (:rfc:`4549#section-3` says how). What is new is found by
    QRESYNC or CONDSTORE (:rfc:`7162`) where the server has it, else by comparing UIDs and
    flags; mailboxes of which STATUS says that nothing changed are not opened at all.

    Args:
        source: a connection that is logged in and has no mailbox selected; or what makes
            such connections: an account, or a function. QRESYNC gets enabled on them.
        store: where to keep the messages, such as a :class:`MaildirStore`.
        pattern: which mailboxes; with ``"*"``, all, those that the server has no more
            are removed from the store.
        since: only messages that the server got on this day or later.
        largest: only messages of up to so many octets.
        connections: how many to use side by side at most, where *source* makes them: for
            several mailboxes, or for the messages of a large one.
        on_progress: called now and then with how far it has come.

    Returns:
        What was done. A mailbox that the server refuses does not stop the others.

    Raises:
        InvalidArgumentError: if *connections* or *largest* is below 1.
        ConnectionLostError: if the connection is gone; where *source* makes connections, if
            several are gone one after the other. What was stored is good; run it again to
            go on.
        OSError: if the store cannot be written, or no connection opened.

    What is in the store and leaves the window, since *since* is a later day now, stays as
    long as the server has it. What a larger window takes in is fetched.

    Cancelling leaves the store consistent: run it again to go on.
    """
    if connections < 1:
        raise InvalidArgumentError(f"connections is at least 1, not {connections!r}")
    window = Window(since, largest)
    positions = await store.positions()
    work = _Mirror(store, positions, pattern, window, on_progress or _tell_nobody)
    try:
        if isinstance(source, Client):
            await work.run(Spare(_same(source), 1), may_reconnect=False)
        else:
            connect: Connect = source if callable(source) else source.connection
            await work.run(Spare(connect, connections), may_reconnect=True)
    finally:
        with trio.CancelScope(shield=True):
            await store.aclose()
    return work.report


def _tell_nobody(progress: Progress) -> None:
    del progress


def _same(imap: Client) -> Connect:
    @asynccontextmanager
    async def connect() -> AsyncGenerator[Client]:
        yield imap

    return connect


@final
class _Mirror:
    def __init__(
        self,
        store: Store,
        positions: Mapping[str, Position],
        pattern: str,
        window: Window,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.report = MirrorReport()
        self._store = store
        self._positions = positions
        self._pattern = pattern
        self._window = window
        self._on_progress = on_progress
        self._expected = 0
        self._names: list[str] | None = None
        self._todo: list[MailboxInfo] = []
        self._losses = 0
        self._fetched_at_loss = 0

    async def run(self, spare: Spare, *, may_reconnect: bool) -> None:
        """Mirror all that the pattern matches."""
        spare.count -= 1
        # What a helper leaves undone because its connection is lost is done at last.
        while self._names is None or self._todo:
            refusal: ImapError | OSError | None = None
            async with open_crew() as crew:
                try:
                    await self._work(spare, crew, may_reconnect=may_reconnect)
                except NotOpenedError as error:
                    refusal = error.reason
            if refusal is not None:
                raise refusal
        # Who lists nothing at all, not even INBOX, need not be believed.
        if self._pattern == "*" and self._names:
            gone = await self._store.remove_others(self._names)
            self.report.mailboxes_removed = len(gone)

    async def _work(self, spare: Spare, crew: Crew | None, *, may_reconnect: bool) -> None:
        """Take mailboxes over one connection, or over those that follow it, until none is left."""
        while True:
            async with spare.opened() as imap:
                try:
                    # It goes in one flight with the survey.
                    enabling = self._enable_qresync(imap)
                    if self._names is None:
                        await self._survey(imap)
                    if enabling is not None:
                        await enabling.wait_done()
                    if crew is not None:
                        helpers = min(spare.count, len(self._todo) - 1)
                        spare.count -= max(0, helpers)
                        for _ in range(helpers):
                            crew.start_soon(self._help, spare)
                        crew = None
                    while self._todo:
                        await self._take(imap, spare, self._todo.pop())
                    return
                except ConnectionLostError:
                    if not may_reconnect or self._is_hopeless():
                        raise

    async def _help(self, spare: Spare) -> None:
        try:
            await self._work(spare, None, may_reconnect=True)
        except (NotOpenedError, ConnectionLostError):
            # One less: the first one goes on by itself.
            return
        spare.count += 1

    def _is_hopeless(self) -> bool:
        if self.report.fetched > self._fetched_at_loss:
            self._losses = 0
        self._fetched_at_loss = self.report.fetched
        self._losses += 1
        return self._losses > _MOST_LOSSES

    async def _survey(self, imap: Client) -> None:
        surveyed = await survey(imap, self._pattern)
        self._names = [each.name for each in surveyed]
        for each in surveyed:
            position = self._positions.get(each.name)
            if not each.selectable:
                continue
            if (
                position is not None
                and each.status is not None
                and position.is_still_right(each.status, self._window)
            ):
                self.report.mailboxes += 1
            else:
                self._todo.append(each)
        # From the end: in the server's order, but the one with most to do first.
        self._todo.reverse()
        self._todo.sort(key=_expected)

    async def _take(self, imap: Client, spare: Spare, each: MailboxInfo) -> None:
        """Mirror one mailbox; a refusal is noted."""
        try:
            try:
                await self._mailbox(imap, spare, each)
            except StateError:
                # It was closed meanwhile, such as by another UIDVALIDITY.
                await self._mailbox(imap, spare, each)
        except ConnectionLostError:
            self._todo.append(each)
            raise
        except (CommandError, LocalProtocolError) as error:
            if not await self._is_gone(imap, each.name):
                self.report.failures.append(MailboxFailure(each.name, error))
        else:
            self.report.mailboxes += 1

    async def _is_gone(self, imap: Client, name: str) -> bool:
        """Tell whether a mailbox was deleted or renamed meanwhile; it is not kept then."""
        try:
            found = [info.name for info in await imap.list(name) if info.selectable]
        except (CommandError, LocalProtocolError):
            return False
        if self._names is None or name in found:
            return False
        self._names.remove(name)
        return True

    async def _mailbox(self, imap: Client, spare: Spare, info: MailboxInfo) -> None:
        since = self._since(imap, info.name)
        # Dovecot tells no mod-sequence of a mailbox without changes where nobody asked for any.
        condstore = since is None and imap.offers("CONDSTORE")
        async with imap.examine(info.name, condstore=condstore, qresync=since) as mailbox:
            validity = mailbox.uid_validity
            if validity is None:
                raise StateError("the server has no stable UIDs in it, so it cannot be mirrored")
            # What comes later comes later again: nothing is lost between.
            uid_next, modseq = mailbox.uid_next or 0, mailbox.highest_modseq or 0
            kept = await self._store.mailbox(info, UIDValidity(validity))
            known = await kept.known()
            position = await kept.position()
            if since is not None and (position is None or position.modseq != since.modseq):
                position = None
            news = await find_news(imap, mailbox, known, position)
            await self._apply(kept, news)
            wanted = await self._wanted(mailbox, news.new, position)
            missing = await self._fetch(mailbox, kept, wanted, spare)
            left_out = news.new - wanted
            fetched = len(wanted) - len(missing)
            if missing:
                # Some went while they were fetched.
                missing &= await mailbox.search(IN(missing))
                self.report.missing += len(missing)
            reached = Position(
                uid_validity=UIDValidity(validity),
                uid_next=uid_next,
                messages=len(known) - len(news.gone) + fetched + len(left_out) + len(missing),
                modseq=modseq,
                left_out=left_out,
                missing=missing,
                window=self._window,
            )
            if reached != position:
                await kept.finish(reached)

    def _enable_qresync(self, imap: Client) -> CommandFuture[Capabilities] | None:
        """Ask for QRESYNC where anything is known from before; do not wait for it."""
        if not imap.offers("QRESYNC"):
            return None
        if not any(position.modseq for position in self._positions.values()):
            return None
        return imap.submit(Enable("QRESYNC"))

    def _since(self, imap: Client, name: str) -> QResync | None:
        """Return what to tell EXAMINE, where the server can say what is new since."""
        position = self._positions.get(name)
        if position is None or not position.modseq or "QRESYNC" not in imap.enabled:
            return None
        return QResync(position.uid_validity, position.modseq)

    async def _apply(self, kept: MailboxStore, news: News) -> None:
        if news.gone:
            await kept.remove(news.gone)
            self.report.removed += len(news.gone)
        if news.flags:
            await kept.set_flags(news.flags)
            self.report.flags_changed += len(news.flags)

    async def _wanted(self, mailbox: Mailbox, rest: UIDSet, position: Position | None) -> UIDSet:
        """Return which of the messages that are not kept are to be."""
        criteria = self._window.criteria
        if criteria is None or not rest:
            return rest
        wanted = UIDSet()
        if position is not None and not self._window.reaches_beyond(position.window):
            # What was outside before is outside.
            wanted, rest = rest & position.missing, rest - position.left_out - position.missing
        if not rest:
            return wanted
        if len(rest) <= _SEARCHED_BY_NAME:
            criteria = IN(rest) & criteria
        return wanted | (await mailbox.search(criteria) & rest)

    async def _fetch(
        self, mailbox: Mailbox, kept: MailboxStore, wanted: UIDSet, spare: Spare
    ) -> UIDSet:
        self._expected += len(wanted)
        self._tell(mailbox.name)
        if not wanted:
            return wanted

        async def keep(batch: Sequence[MirroredMessage]) -> None:
            await kept.add(batch)
            self.report.fetched += len(batch)
            self.report.octets += sum([len(message.octets) for message in batch])
            self._tell(mailbox.name)

        return await fetch_shared(mailbox, wanted, keep, spare)

    def _tell(self, name: str) -> None:
        report = self.report
        self._on_progress(Progress(name, report.fetched, self._expected, report.octets))


def _expected(each: MailboxInfo) -> int:
    messages = each.status.items.get("MESSAGES") if each.status is not None else None
    return messages if isinstance(messages, int) else 0
