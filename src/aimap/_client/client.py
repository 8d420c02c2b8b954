"""The connection as its user sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from email.message import EmailMessage
from typing import TypeVar, final

import attrs

from aimap._client.ahead import Learnt
from aimap._client.base import Connected
from aimap._client.driver import CommandFuture, Driver
from aimap._client.mailbox import Mailbox
from aimap._client.uploading import Source, message_octets, open_source, upload
from aimap._commands.append import Append
from aimap._commands.base import Command
from aimap._commands.connection import Enable, Id, Noop
from aimap._commands.listing import List, ListExtended, Lsub
from aimap._commands.mailboxes import (
    Create,
    Delete,
    Namespace,
    Rename,
    Status,
    Subscribe,
    Unsubscribe,
    status_items,
)
from aimap._commands.select import Examine, QResync, Select, Selecting, SelectResult, Unselect
from aimap._errors import BadError, CapabilityError, InvalidArgumentError, StateError
from aimap._model.capability import Capabilities
from aimap._model.code import AppendUIDCode, ResponseCode
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.profile import Profile
from aimap._model.state import ConnectionState
from aimap._protocol.counters import SessionCounters
from aimap._protocol.events import MailboxClosed, SessionEvent
from aimap._protocol.view import MailboxView

T = TypeVar("T")

# What STATUS items need: a capability, its RFC, and others that bring the item too.
_STATUS_NEEDS = {
    "SIZE": ("STATUS=SIZE", "RFC 8438", "IMAP4rev2"),
    "HIGHESTMODSEQ": ("CONDSTORE", "RFC 7162", "QRESYNC"),
    "MAILBOXID": ("OBJECTID", "RFC 8474"),
    "APPENDLIMIT": ("APPENDLIMIT", "RFC 7889"),
    "DELETED": ("QUOTA=RES-MESSAGE", "RFC 9208", "IMAP4rev2"),
    "DELETED-STORAGE": ("QUOTA=RES-STORAGE", "RFC 9208"),
}
# Some servers offer what includes an extension, and not its own name.
_ENABLED_WITH = {"CONDSTORE": ("QRESYNC",), "UTF8=ACCEPT": ("UTF8=ONLY",)}
_COUNTS = ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY")


@final
class Client(Connected):
    """One connection to an IMAP server; made by :func:`aimap.connect`.

    Any number of tasks may use it at once. Commands go out back to back, without waiting
    for each other's answers, except where answers could not be told apart
    (:rfc:`9051#section-5.5`). Cancelling any of them is safe: a command that was not sent
    is not sent; one that was sent is answered and dropped; nobody else is disturbed.

    Attributes:
        login_code: the code in the server's OK to the login, or ``None``: such as a
            :class:`ReferralCode` (:rfc:`2221#section-4.1`), which nothing follows.
        learnt: what the server showed itself to be, for the next connection to it.
    """

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self.login_code: ResponseCode | None = None
        self.learnt: Learnt | None = None
        self._mailbox: Mailbox | None = None
        self._selecting = False
        driver.session.on_event = self._on_event

    def __repr__(self) -> str:
        return f"<aimap.Client {self.state.value}>"

    @property
    def enabled(self) -> Capabilities:
        """The extensions that were enabled on this connection (:rfc:`5161`)."""
        return self._driver.session.enabled

    @property
    def state(self) -> ConnectionState:
        """The connection's state (:rfc:`9051#section-3`)."""
        return self._driver.session.state

    @property
    def profile(self) -> Profile:
        """What is peculiar about the server, as far as that is known or was given."""
        return self._driver.profile

    @property
    def greeting(self) -> str:
        """The text with which the server greeted."""
        greeting = self._driver.session.greeting
        return greeting.text if greeting is not None else ""

    def statistics(self) -> SessionCounters:
        """Return counters of what went over the connection so far."""
        return attrs.evolve(self._driver.session.counters)

    def submit(self, command: Command[T]) -> CommandFuture[T]:
        """Send a command object without waiting for it, from any code in Trio's thread.

        Args:
            command: an object of :mod:`aimap.commands`, used once.

        Returns:
            A future whose :meth:`CommandFuture.wait` gives the result.
        """
        return self._driver.submit(command)

    async def noop(self) -> None:
        """Do nothing, and give the server the chance to tell news (:rfc:`9051#section-6.1.2`).

        Raises:
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Noop())

    async def id(self, fields: Mapping[str, str | None] | None = None) -> Mapping[str, str | None]:
        """Tell the server who we are, and ask who it is (:rfc:`2971`).

        Args:
            fields: such as ``{"name": "my program", "version": "1.0"}``; ``None`` tells
                nothing.

        Returns:
            The server's fields; empty where it tells nothing.

        Raises:
            CapabilityError: if the server does not offer ID.
            InvalidArgumentError: if there are over 30 fields, or one is too long.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("ID", "RFC 2971")
        answer = await self._driver.call(Id(fields))
        self._driver.recognise(answer)
        return answer

    async def enable(self, *names: str) -> Capabilities:
        """Enable extensions (:rfc:`9051#section-6.3.1`). Not while a mailbox is selected.

        Args:
            names: capabilities such as ``"CONDSTORE"``.

        Returns:
            What the server says that it has enabled.

        Raises:
            CapabilityError: if the server does not offer ENABLE, or one of them.
            StateError: if a mailbox is selected.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("ENABLE", "RFC 5161")
        for name in names:
            self._need(name, "RFC 5161", *_ENABLED_WITH.get(name.upper(), ()))
        return await self._driver.call(Enable(*names))

    async def list(
        self,
        pattern: str = "*",
        *,
        reference: str = "",
        special_use: bool = True,
        subscribed: bool = False,
    ) -> list[MailboxInfo]:
        """List mailboxes (:rfc:`9051#section-6.3.9`).

        Args:
            pattern: ``*`` matches everything, ``%`` everything up to the hierarchy
                delimiter.
            reference: what the pattern is relative to, mostly nothing.
            special_use: ask for the special-use attributes (:rfc:`6154`) where the
                server offers that by LIST-EXTENDED.
            subscribed: list the subscribed ones, be they there or not: by LIST (SUBSCRIBED)
                where the server has that, else by LSUB.

        Returns:
            The mailboxes in the server's order.

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        extended = "LIST-EXTENDED" in self.capabilities or "IMAP4rev2" in self.capabilities
        if subscribed:
            if not extended:
                return await self._driver.call(Lsub(pattern, reference))
            selected = ListExtended(pattern, reference, selection=["SUBSCRIBED"])
            return [listed.info for listed in await self._driver.call(selected)]
        if special_use and extended and "SPECIAL-USE" in self.capabilities:
            command = List(pattern, reference, returning=("CHILDREN", "SPECIAL-USE"))
            try:
                found = await self._driver.call(command)
            except BadError:
                found = []
            # Some servers refuse what they offer, and some answer nothing to it.
            if found:
                return found
        return await self._driver.call(List(pattern, reference))

    async def status(self, name: str, items: Sequence[str] = _COUNTS) -> MailboxStatus:
        """Ask for a mailbox's counts without selecting it (:rfc:`9051#section-6.3.11`).

        Args:
            name: the mailbox.
            items: such as ``"MESSAGES"`` or ``"UNSEEN"``. Some need an extension: ``"SIZE"``
                (:rfc:`8438`), ``"HIGHESTMODSEQ"`` (:rfc:`7162`), ``"MAILBOXID"``
                (:rfc:`8474`), ``"APPENDLIMIT"`` (:rfc:`7889`), ``"DELETED"``
                (:rfc:`9051`, or :rfc:`9208`) and ``"DELETED-STORAGE"`` (:rfc:`9208`).

        Raises:
            InvalidArgumentError: if an item is not one of STATUS.
            CapabilityError: if one needs what the server does not offer.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need_status(items)
        return await self._driver.call(Status(name, items))

    def _need_status(self, items: Sequence[str]) -> None:
        for item in status_items(items):
            if item in _STATUS_NEEDS:
                self._need(*_STATUS_NEEDS[item])

    async def namespace(self) -> Namespaces:
        """Ask where mailboxes live (:rfc:`9051#section-6.3.10`).

        Raises:
            CapabilityError: if the server does not offer NAMESPACE.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("NAMESPACE", "RFC 2342")
        if not self.profile.namespace:
            raise CapabilityError("NAMESPACE", f"and {self.profile.name} ends the connection at it")
        return await self._driver.call(Namespace())

    async def create(self, name: str) -> None:
        """Create a mailbox (:rfc:`9051#section-6.3.4`).

        Raises:
            NoError: if the server refuses, for example because it exists.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Create(name))

    async def delete(self, name: str) -> None:
        """Delete a mailbox and its messages (:rfc:`9051#section-6.3.5`).

        Raises:
            NoError: if the server refuses, for example because it does not exist.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Delete(name))

    async def rename(self, name: str, new_name: str) -> None:
        """Rename a mailbox and what is below it (:rfc:`9051#section-6.3.6`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Rename(name, new_name))

    async def subscribe(self, name: str) -> None:
        """Add a mailbox to the subscribed ones (:rfc:`9051#section-6.3.7`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Subscribe(name))

    async def unsubscribe(self, name: str) -> None:
        """Take a mailbox out of the subscribed ones (:rfc:`9051#section-6.3.8`).

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._driver.call(Unsubscribe(name))

    async def append(
        self,
        name: str,
        message: bytes | EmailMessage | Source,
        *,
        flags: Iterable[str] = (),
        date: datetime | None = None,
        size: int | None = None,
    ) -> AppendUIDCode | None:
        """Upload a message (:rfc:`9051#section-6.3.12`).

        Args:
            name: the mailbox that it goes to.
            message: the message as octets, sent as they are; as an ``EmailMessage``; or
                where to read it from, while it is sent: the path of a file, or anything
                that gives octets in an ``async for`` loop, such as a
                :class:`trio.abc.ReceiveStream`.
            flags: flags that it gets, such as ``Flag.SEEN``.
            date: its internal date, with a time zone; the server's clock if not given.
            size: how many octets the source will give, if it is not a file.

        Returns:
            The new UID with the mailbox's UIDVALIDITY, where the server has UIDPLUS.

        Raises:
            InvalidArgumentError: if the message is empty or holds NUL, a flag is not
                one, *date* has no time zone, or the source gives more or less than
                *size*; the connection is closed in that last case.
            OSError: if the file cannot be read.
            NoError: if the server refuses; its code ``TRYCREATE`` says that the mailbox
                would first have to be created.
            ConnectionLostError: if the connection is gone.

        Cancelling before the command was sent sends nothing; after that the whole
        message is still sent, and stored. One that is read from a source cannot be
        completed then: the connection is closed, so that no part of it is stored. The
        same happens when the source raises something, which comes out here.
        """
        if isinstance(message, (bytes, EmailMessage)):
            if size is not None:
                raise InvalidArgumentError("size is for a message that is read from a source")
            octets = message if isinstance(message, bytes) else message_octets(message)
            return await self._driver.call(Append(name, octets, flags=flags, date=date))
        async with open_source(message, size) as (source, octets_there):
            return await upload(self._driver, name, source, octets_there, flags=flags, date=date)

    def select(
        self, name: str, *, condstore: bool = False, qresync: QResync | None = None
    ) -> AbstractAsyncContextManager[Mailbox]:
        """Select a mailbox to read and change, as an ``async with`` block.

        At the end of the block the mailbox is left without expunging anything. One
        connection has one selected mailbox at a time (:rfc:`9051#section-6.3.2`).

        Args:
            name: the mailbox.
            condstore: ask for mod-sequences (:rfc:`7162#section-3.1.8`; needs CONDSTORE).
            qresync: what is known of it from before (:rfc:`7162#section-3.2.5`; QRESYNC has
                to be enabled): what is new since is in :attr:`Mailbox.resynced` then.

        Returns:
            An async context manager that gives the :class:`Mailbox`.

        Raises:
            StateError: if a mailbox is selected already.
            InvalidArgumentError: if *qresync* is given and QRESYNC is not enabled.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        return _Selection(self, Select(name, condstore=condstore, qresync=qresync))

    def examine(
        self, name: str, *, condstore: bool = False, qresync: QResync | None = None
    ) -> AbstractAsyncContextManager[Mailbox]:
        """Select a mailbox for reading only (:rfc:`9051#section-6.3.3`).

        Like :meth:`select`; nothing done in the block can change the mailbox.
        """
        return _Selection(self, Examine(name, condstore=condstore, qresync=qresync))

    async def _enter(self, command: Selecting) -> Mailbox:
        if self._selecting:
            raise StateError(
                f"{command.mailbox!r} cannot be selected: this connection has a mailbox selected "
                "already; leave that one first, or use another connection"
            )
        self._selecting = True
        try:
            result = await self._driver.call(command)
            view = self._driver.session.view
            if view is None:
                if self._driver.session.lost is not None:
                    raise self._driver.session.lost.fresh()
                raise StateError(f"{command.mailbox!r} was closed as soon as it was selected")
        except BaseException:
            self._leave()
            raise
        return self._show(view, result if command.resynchronizes else None)

    def _show(self, view: MailboxView, resynced: SelectResult | None = None) -> Mailbox:
        self._selecting = True
        self._mailbox = Mailbox(self._driver, view, resynced)
        return self._mailbox

    def _leave(self, *, keep: bool = False) -> None:
        """Show the mailbox no more, and leave it, unless it is to be kept for the next user."""
        self._selecting = False
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            mailbox.on_event(MailboxClosed())
        if not keep and "UNSELECT" in self.capabilities:
            # Nothing is awaited: what comes next on this connection queues behind it. If
            # no mailbox is selected after all, it is not sent.
            self._driver.submit(Unselect())

    def _on_event(self, event: SessionEvent) -> None:
        if self._mailbox is not None:
            self._mailbox.on_event(event)


@final
class _Selection:
    """The ``async with`` block of :meth:`Client.select` and :meth:`Client.examine`.

    A class, since generators would take 600 octets of every connection.
    """

    __slots__ = ("_client", "_command")

    def __init__(self, client: Client, command: Selecting) -> None:
        self._client = client
        self._command: Selecting | None = command

    async def __aenter__(self) -> Mailbox:
        """Select the mailbox. On cancellation none is selected."""
        command, self._command = self._command, None
        if command is None:
            raise StateError("what select() returns is entered once; call it again")
        return await self._client._enter(command)  # noqa: SLF001 (the other half of it)

    async def __aexit__(self, *exc: object) -> None:
        """Leave the mailbox, at once; what comes next queues behind it."""
        self._client._leave()  # noqa: SLF001
