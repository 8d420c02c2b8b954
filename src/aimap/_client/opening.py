"""Which mailbox is selected, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import final

from aimap._client.base import Connected
from aimap._client.driver import CommandFuture, Driver
from aimap._client.mailbox import Mailbox
from aimap._client.notifying import Notifying
from aimap._commands.base import same_mailbox
from aimap._commands.select import (
    Close,
    Examine,
    QResync,
    Select,
    Selecting,
    SelectResult,
    Unselect,
)
from aimap._errors import StateError
from aimap._protocol.events import (
    Alert,
    ConnectionEvent,
    Defect,
    MailboxClosed,
    SessionEvent,
    UnsolicitedResponse,
)
from aimap._protocol.view import MailboxView


class Opening(Notifying, Connected):
    """The part of :class:`aimap.Client` that selects mailboxes."""

    on_event: Callable[[ConnectionEvent], object] | None = None
    """What :func:`aimap.connect` was given as ``on_event``."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._mailbox: Mailbox | None = None
        self._selecting = False
        self._unselecting: CommandFuture[None] | None = None
        driver.session.on_event = self._on_event

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
        if not command.resynchronizes:
            # What it learns of could be of the mailbox before.
            self._leave_by_what_follows()
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
        if not keep:
            self._unselect()

    def _unselect(self) -> None:
        """Have the server leave the mailbox that is selected, if one is, and the server can.

        Nothing is awaited: what comes next on this connection queues behind it.
        """
        if self.offers("UNSELECT"):
            # If no mailbox is selected after all, it is not sent.
            self._unselecting = self._driver.submit(Unselect())

    def _leave_by_what_follows(self) -> None:
        """Spare an UNSELECT that was not sent yet: SELECT, EXAMINE and LOGOUT leave too."""
        if self._unselecting is not None:
            self._unselecting.cancel()
            self._unselecting = None

    async def _let_go(self, name: str) -> None:
        """Leave a mailbox that nobody uses and the server has selected all the same.

        Where there is no UNSELECT, it stays so until the next is selected, and accounts keep it
        so; but some servers delete no such mailbox. CLOSE behind EXAMINE expunges nothing.
        """
        view = self._driver.session.view
        if view is None or self._selecting or not same_mailbox(view.mailbox, name):
            return
        if self.offers("UNSELECT"):
            self._unselect()
            return
        await self._driver.call(Examine(view.mailbox))
        await self._driver.call(Close())

    def _on_event(self, event: SessionEvent) -> None:
        if self._mailbox is not None:
            self._mailbox.on_event(event)
        self._hear(event)
        if self.on_event is not None and isinstance(event, (Alert, UnsolicitedResponse, Defect)):
            self.on_event(event)


@final
class _Selection:
    """The ``async with`` block of :meth:`Client.select` and :meth:`Client.examine`.

    A class, since generators would take 600 octets of every connection.
    """

    __slots__ = ("_client", "_command")

    def __init__(self, client: Opening, command: Selecting) -> None:
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
