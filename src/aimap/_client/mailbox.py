"""The selected mailbox as its user sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Literal, final

import trio

from aimap._client.decoding import Decoder, decoder_for
from aimap._client.downloading import Sink, download, open_sink
from aimap._client.driver import Driver
from aimap._client.fetching import FetchResult, FetchStream, search
from aimap._client.watching import Watcher
from aimap._commands.copy import Copy, Move
from aimap._commands.expunge import Expunge
from aimap._commands.select import SelectResult
from aimap._commands.sets import pieces
from aimap._commands.store import Store
from aimap._errors import CapabilityError, InvalidArgumentError, NotFetchedError, StateError
from aimap._model.code import CopyUIDCode
from aimap._model.fetch import BODYSTRUCTURE, FetchItem
from aimap._model.flag import Flag, Flags
from aimap._model.numbers import UID, ModSeq, UIDSet, UIDValidity
from aimap._model.search import ALL, DELETED, SearchCriteria
from aimap._protocol.events import (
    MailboxClosed,
    MailboxDoubtful,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    MessagesVanished,
    SessionEvent,
)
from aimap._protocol.view import MailboxView

_MAILBOX_EVENTS = (
    MailboxDoubtful,
    MailboxGrew,
    MessageExpunged,
    MessagesVanished,
    MessageChanged,
    MailboxClosed,
)


@final
class Mailbox:
    """The selected mailbox; made by :meth:`Client.select` and :meth:`Client.examine`.

    Its properties follow what the server tells. Messages are named by UID: by a
    :class:`UIDSet`, one UID, an iterable of them, or text such as ``"1:100"``. A call on
    an empty set does nothing and sends nothing.
    """

    def __init__(
        self, driver: Driver, view: MailboxView, resynced: SelectResult | None = None
    ) -> None:
        self._driver = driver
        self._view = view
        self._resynced = resynced
        self._watchers: list[Watcher] = []
        self._left = False

    def __repr__(self) -> str:
        return f"<aimap.Mailbox {self.name!r}, {self.exists} messages>"

    @property
    def name(self) -> str:
        """The mailbox's name."""
        return self._view.mailbox

    @property
    def exists(self) -> int:
        """How many messages there are (:rfc:`9051#section-7.4.1`)."""
        return self._view.exists

    @property
    def flags(self) -> Flags:
        """The flags that exist in this mailbox (:rfc:`9051#section-7.3.5`)."""
        return self._view.flags

    @property
    def permanent_flags(self) -> Flags:
        """The flags that can be changed for good; all of :attr:`flags` if not told."""
        permanent = self._view.permanent_flags
        return self.flags if permanent is None else permanent

    @property
    def uid_validity(self) -> UIDValidity | None:
        """The epoch of the UIDs; ``None`` where the server has no stable UIDs."""
        return self._view.uid_validity

    @property
    def uid_next(self) -> UID | None:
        """The UID that the next message gets or exceeds, as told on selecting."""
        return self._view.uid_next

    @property
    def highest_modseq(self) -> ModSeq | None:
        """The highest mod-sequence, as last told (:rfc:`7162#section-3.1.2.1`)."""
        return self._view.highest_modseq

    @property
    def resynced(self) -> SelectResult | None:
        """What is new since the time that ``qresync=`` named; ``None`` without that."""
        return self._resynced

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed here."""
        return self._view.read_only

    @property
    def is_selected(self) -> bool:
        """Whether this is still the connection's selected mailbox."""
        return not self._left and self._driver.session.view is self._view

    def on_event(self, event: SessionEvent) -> None:
        """Take an event of the session, for the watchers."""
        if isinstance(event, MailboxClosed):
            self._left = True
        if isinstance(event, _MAILBOX_EVENTS):
            for watcher in self._watchers:
                watcher.on_event(event)

    async def search(self, criteria: SearchCriteria = ALL) -> UIDSet:
        """Search for messages (:rfc:`9051#section-6.4.4`).

        Args:
            criteria: such as ``UNSEEN & FROM("joe")``.

        Returns:
            The UIDs of the messages that match.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses, for example the charset.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        return await search(self._driver, criteria)

    def fetch(
        self, uids: UIDSet | str | int | Iterable[int], *items: FetchItem[Any]
    ) -> FetchStream:
        """Fetch data of messages as a stream (:rfc:`9051#section-6.4.5`).

        ::

            async with inbox.fetch(uids, ENVELOPE, FLAGS) as messages:
                async for message in messages:
                    await inbox.add_flags(message.uid, Flag.SEEN)

        Other commands may be awaited inside the loop, on the same connection. A slow
        loop slows the fetching down, and nothing else. Leaving the loop early gives up
        the rest at once.

        Args:
            uids: which messages.
            items: what to fetch of each, such as ``ENVELOPE``.

        Returns:
            An async context manager that gives an async iterable of :class:`Message`.

        Raises:
            StateError: if the mailbox is not selected any more.
            InvalidArgumentError: if there is no item.
        """
        self._check()
        if not items:
            raise InvalidArgumentError("name at least one item to fetch, such as ENVELOPE")
        return FetchStream(self._driver, self._view, _uids(uids), items)

    async def fetch_all(
        self, uids: UIDSet | str | int | Iterable[int], *items: FetchItem[Any]
    ) -> FetchResult:
        """Fetch data of messages into a list (:rfc:`9051#section-6.4.5`).

        Args:
            uids: which messages.
            items: what to fetch of each, such as ``ENVELOPE``.

        Returns:
            A list of :class:`Message` in ascending order of UID, with the UIDs that
            were not answered in its ``missing``.

        Raises:
            StateError: if the mailbox is not selected any more.
            InvalidArgumentError: if there is no item.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        async with self.fetch(uids, *items) as messages:
            found = await messages.rest()
            # Servers answer pipelined slices side by side.
            found.sort(key=attrgetter("uid_or_none"))
            return FetchResult(found, messages.missing)

    async def download(
        self,
        uid: int,
        section: str = "",
        *,
        into: Sink,
        decode: bool = False,
        resume: bool = False,
    ) -> int:
        """Download a message, or a part of one, of any size (:rfc:`9051#section-6.4.5`).

        It comes in windows of 256 KiB, a few in flight at a time: memory stays small, other
        tasks' commands go in between, and cancelling costs no more than those few. It
        does not set the Seen flag.

        Args:
            uid: which message.
            section: empty for all of it, or as for :func:`BODY_PEEK`: ``"2"``, ``"1.MIME"``.
            into: a path, a binary file that is open for writing, or a
                :class:`trio.abc.SendStream`. A file at a path is called ``….part`` until
                it is complete.
            decode: undo the part's content transfer encoding; *section* is a part's number.
            resume: go on with the ``….part`` that an earlier download of the same section
                left behind; *into* is a path, and the UIDVALIDITY still the same.

        Returns:
            How many octets the server sent.

        Raises:
            InvalidArgumentError: if the arguments do not go together, or the part's
                encoding is not known.
            NotFetchedError: if there is no such message or part.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
            OSError: if it cannot be written.

        Cancelling leaves the ``….part``, and the connection as it was.
        """
        self._check()
        if resume and (decode or not isinstance(into, (str, os.PathLike))):
            raise InvalidArgumentError("a download is resumed at a path, and without decode=True")
        decoder = await self._decoder(uid, section) if decode else None
        async with open_sink(into, decoder, resume=resume) as (write, there):
            return await download(self._driver, uid, section, write, there)

    async def _decoder(self, uid: int, section: str) -> Decoder:
        if not section.replace(".", "").isdigit():
            raise InvalidArgumentError(f"decode=True is for a part such as '2', not {section!r}")
        for message in await self.fetch_all(uid, BODYSTRUCTURE):
            for part in message.body_structure.walk():
                if part.section == section and not part.is_multipart:
                    return decoder_for(part.encoding)
        raise NotFetchedError(f"BODY[{section}]")

    async def add_flags(self, uids: UIDSet | str | int | Iterable[int], *flags: str) -> None:
        """Add flags to messages (:rfc:`9051#section-6.4.6`).

        Args:
            uids: which messages.
            flags: such as ``Flag.SEEN``; at least one.

        Raises:
            StateError: if the mailbox is read-only, or not selected any more.
            InvalidArgumentError: if a flag is not one; nothing is sent then.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._store(uids, "+", flags)

    async def remove_flags(self, uids: UIDSet | str | int | Iterable[int], *flags: str) -> None:
        """Remove flags from messages; otherwise like :meth:`add_flags`."""
        await self._store(uids, "-", flags)

    async def set_flags(self, uids: UIDSet | str | int | Iterable[int], *flags: str) -> None:
        """Give messages just those flags, or none; otherwise like :meth:`add_flags`."""
        await self._store(uids, "", flags)

    async def _store(
        self,
        uids: UIDSet | str | int | Iterable[int],
        change: Literal["+", "-", ""],
        flags: Iterable[str],
    ) -> None:
        self._check_writable()
        for piece in pieces(_uids(uids), self._max_line):
            await self._driver.call(Store(piece, change, flags))
        await trio.lowlevel.checkpoint()

    async def copy(
        self, uids: UIDSet | str | int | Iterable[int], name: str
    ) -> tuple[CopyUIDCode, ...]:
        """Copy messages to another mailbox (:rfc:`9051#section-6.4.7`).

        Args:
            uids: which messages.
            name: the mailbox that they go to.

        Returns:
            Which UIDs the copies got, one value per command that it took, where the
            server has UIDPLUS.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses; its code ``TRYCREATE`` says that the other
                mailbox would first have to be created.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        copied = [
            await self._driver.call(Copy(piece, name))
            for piece in pieces(_uids(uids), self._max_line)
        ]
        await trio.lowlevel.checkpoint()
        return tuple(code for code in copied if code is not None)

    async def move(
        self, uids: UIDSet | str | int | Iterable[int], name: str
    ) -> tuple[CopyUIDCode, ...]:
        r"""Move messages to another mailbox (:rfc:`6851`).

        Without MOVE on the server, they are copied, then marked ``\Deleted`` and, with
        UIDPLUS, expunged: just those of which the server says that it has copied them.
        With neither, this is a :exc:`CapabilityError`.

        Args:
            uids: which messages.
            name: the mailbox that they go to.

        Returns:
            Which UIDs the messages got, as :meth:`copy`.

        Raises:
            CapabilityError: if the server has neither MOVE nor UIDPLUS.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        if not self._offers("MOVE"):
            self._need_uidplus("MOVE, nor UIDPLUS to do it safely by COPY and UID EXPUNGE")
            return await self._copy_and_expunge(_uids(uids), name)
        moved = [
            await self._driver.call(Move(piece, name))
            for piece in pieces(_uids(uids), self._max_line)
        ]
        await trio.lowlevel.checkpoint()
        return tuple(code for code in moved if code is not None)

    async def _copy_and_expunge(self, uids: UIDSet, name: str) -> tuple[CopyUIDCode, ...]:
        commands = [Copy(piece, name) for piece in pieces(uids, self._max_line)]
        codes = [await self._driver.call(command) for command in commands]
        # What was not copied stays, whatever the reason.
        for command in commands:
            await self.add_flags(command.processed, Flag.DELETED)
            await self.expunge(command.processed)
        await trio.lowlevel.checkpoint()
        return tuple(code for code in codes if code is not None)

    async def expunge(self, uids: UIDSet | str | int | Iterable[int] | None = None) -> None:
        r"""Remove messages that are marked ``\Deleted`` (:rfc:`4315#section-2.1`).

        Args:
            uids: only those of them; ``None`` removes all that are marked. Without
                UIDPLUS on the server, the others that are marked must be none.

        Raises:
            CapabilityError: if *uids* are given, the server has no UIDPLUS, and other
                messages are marked too: EXPUNGE would remove those as well.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        if uids is None:
            await self._driver.call(Expunge())
            return
        wanted = _uids(uids)
        if not wanted:
            await trio.lowlevel.checkpoint()
        elif self._offers("UIDPLUS"):
            for piece in pieces(wanted, self._max_line):
                await self._driver.call(Expunge(piece))
        else:
            marked = await self.search(DELETED)
            if marked - wanted:
                self._need_uidplus("UIDPLUS, and other messages are marked \\Deleted too")
            await self._driver.call(Expunge())

    def watch(self) -> Watcher:
        """Watch this mailbox: by IDLE (:rfc:`2177`), or by NOOP where there is no IDLE.

        ::

            async with inbox.watch() as events:
                async for event in events:
                    match event:
                        case Arrived(uid=uid): ...

        Other tasks may use the connection meanwhile.

        Returns:
            An async context manager that gives an async iterable of :class:`Arrived`,
            :class:`FlagsChanged` and :class:`Expunged`.

        Raises:
            StateError: if the mailbox is not selected any more.
        """
        self._check()
        return Watcher(self._driver, self._view, self._watchers)

    @property
    def _max_line(self) -> int:
        return self._driver.session.max_line

    def _offers(self, capability: str) -> bool:
        return capability in (self._driver.session.capabilities or ())

    def _need_uidplus(self, reason: str) -> None:
        if not self._offers("UIDPLUS"):
            raise CapabilityError("UIDPLUS", f"it has no {reason}")

    def _check(self) -> None:
        if not self.is_selected and self._driver.session.lost is None:
            raise StateError(f"{self.name!r} is not selected any more")

    def _check_writable(self) -> None:
        self._check()
        if self.read_only:
            raise StateError(f"{self.name!r} is open for reading only")


def _uids(uids: UIDSet | str | int | Iterable[int]) -> UIDSet:
    return uids if isinstance(uids, UIDSet) else UIDSet(uids)
