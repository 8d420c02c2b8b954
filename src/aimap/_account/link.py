"""One connection of an account, and what it is used for just now."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import final

import trio

from aimap._account.selecting import Prepared
from aimap._client.client import Client
from aimap._client.connect import start_compressing
from aimap._client.driver import Driver
from aimap._client.mailbox import Mailbox
from aimap._commands.base import same_mailbox
from aimap._commands.select import Examine, Select
from aimap._errors import ConnectionLostError
from aimap._protocol.events import SessionEvent
from aimap._protocol.view import MailboxView


class Use(Enum):
    """What somebody needs a connection for."""

    SHARE = "share"
    """Commands that need nothing to themselves, beside whatever else goes on."""
    MAILBOX = "mailbox"
    """A mailbox to be selected; others may send commands that need none."""
    WATCH = "watch"
    """Likewise, for as long as nobody needs it more."""
    ALONE = "alone"
    """The connection itself."""


@final
class Link:
    """A connection that is open, in a task of its own.

    Attributes:
        client: the connection.
        use: what it is held for; ``None`` if nobody holds it.
        sharers: how many send commands over it without holding it.
        since: when it was opened, on Trio's clock.
        held_since: when it was taken by whoever holds it.
        prepared: a mailbox that was selected along with the login.
        on_wanted: called when others wait for it, which a watch holds: whether it is
            urgent, or watches can take turns.
    """

    def __init__(self, client: Client, driver: Driver, prepared: Prepared | None = None) -> None:
        self.client = client
        self.driver = driver
        self.use: Use | None = None
        self.sharers = 0
        self.since = self.held_since = trio.current_time()
        self.on_wanted: Callable[[bool], object] | None = None
        self.prepared = prepared
        self._kept: MailboxView | None = driver.session.view
        self._patience = trio.CancelScope()
        self._tried_compressing = False
        driver.session.on_lost = self.close

    # Its life

    async def run(self) -> None:
        """Keep it open until it is closed, is lost, or nobody has wanted it for long."""
        if self.lost is not None:
            self.close()
        with self._patience:
            await trio.sleep_forever()

    def close(self) -> None:
        """Let it end."""
        self._patience.cancel()

    def keep_for(self, seconds: float) -> None:
        """Let it end after so many seconds."""
        self._patience.deadline = trio.current_time() + seconds

    def keep(self) -> None:
        """Keep it until it is closed."""
        self._patience.deadline = math.inf

    @property
    def lost(self) -> ConnectionLostError | None:
        """Why it is of no use any more, once it is not."""
        return self.driver.session.lost

    @property
    def alive(self) -> bool:
        """Whether it can be used."""
        return (
            self.lost is None
            and not self.driver.session.said_bye
            and not self._patience.cancel_called
        )

    @property
    def is_free(self) -> bool:
        """Whether nobody uses it."""
        return self.use is None and not self.sharers

    def takes(self, use: Use) -> bool:
        """Tell whether it can be taken for that, beside what it is used for."""
        if use is Use.SHARE:
            return self.use is not Use.ALONE
        if use is Use.ALONE:
            return self.is_free
        return self.use is None

    def has(self, name: str, *, read_only: bool) -> bool:
        """Tell whether it was left with that mailbox selected, in that way."""
        view = self._kept
        return (
            view is not None
            and view is self.driver.session.view
            and view.mailbox == name
            and view.examined == read_only
        )

    def is_in(self, name: str) -> bool:
        """Tell whether that mailbox is selected, by whomever."""
        view = self.driver.session.view
        return view is not None and same_mailbox(view.mailbox, name)

    @property
    def has_any(self) -> bool:
        """Whether it was left with a mailbox selected."""
        return self._kept is not None

    # What is done with it

    async def prepare(self, *, compressed: bool) -> None:
        """Compress what follows, where that is wanted, offered, and was not tried."""
        if not compressed or self._tried_compressing:
            await trio.lowlevel.checkpoint()
            return
        self._tried_compressing = True
        await start_compressing(self.driver)

    def bare(self) -> None:
        """See to it that no mailbox is selected."""
        self._discard()
        if self._kept is not None and self._kept is self.driver.session.view:
            self.client._unselect()  # noqa: SLF001 (no part of what users see)
        self._kept = None

    def _discard(self) -> None:
        """Drop what was prepared for somebody else."""
        if self.prepared is not None:
            self.prepared = None
            self.listen(None)

    async def enter(self, name: str, *, read_only: bool) -> Mailbox:
        """Select a mailbox, or show again the one that was kept, with its news.

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._discard()
        view = self._kept
        if view is not None and self.has(name, read_only=read_only):
            await self.client.noop()
            if self.driver.session.view is view:
                return self.client._show(view)  # noqa: SLF001 (no part of what users see)
        self._kept = None
        command = Examine(name) if read_only else Select(name)
        return await self.client._enter(command)  # noqa: SLF001

    def leave(self) -> None:
        """Show the mailbox to its user no more; it is kept for the next one."""
        self._kept = self.driver.session.view
        self.client._leave(keep=True)  # noqa: SLF001

    def listen(self, listener: Callable[[SessionEvent], object] | None) -> None:
        """Have what the session tells also told to *listener*."""
        on_event = self.client._on_event  # noqa: SLF001 (no part of what users see)

        def both(event: SessionEvent) -> None:
            on_event(event)
            if listener is not None:
                listener(event)

        self.driver.session.on_event = on_event if listener is None else both
