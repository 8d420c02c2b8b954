"""The selected mailbox as its user sees it; each part has a module of its own."""

from __future__ import annotations

from typing import final

from aimap._client.changing import Changing
from aimap._client.driver import Driver
from aimap._client.reading import Reading
from aimap._client.searching import Searching
from aimap._client.watching import Watcher
from aimap._commands.select import SelectResult
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
class Mailbox(Reading, Searching, Changing):
    """The selected mailbox; made by :meth:`Client.select` and :meth:`Client.examine`.

    Its properties follow what the server tells. Messages are named by UID: by a
    :class:`UIDSet`, one UID, an iterable of them, or text such as ``"1:100"``; or by
    :data:`aimap.commands.SAVED`, what the last search with SAVE found. A call on an empty set
    does nothing and sends nothing. What a server does not do at once, because it bounds
    how many messages a command may be about (:rfc:`9738`), is done in several steps.
    """

    def __init__(
        self, driver: Driver, view: MailboxView, resynced: SelectResult | None = None
    ) -> None:
        super().__init__(driver, view, resynced)
        self._watchers: list[Watcher] = []

    def on_event(self, event: SessionEvent) -> None:
        """Take an event of the session, for the watchers."""
        if isinstance(event, MailboxClosed):
            self._left = True
        if isinstance(event, _MAILBOX_EVENTS):
            for watcher in self._watchers:
                watcher.on_event(event)

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
