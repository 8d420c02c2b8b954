"""The selected mailbox as its user sees it; each part has a module of its own."""

from __future__ import annotations

from typing import final

from aimap._client.changing import Changing
from aimap._client.live import SearchUpdates
from aimap._client.reading import Reading
from aimap._client.searching import Searching
from aimap._client.watching import Watcher
from aimap._model.search import SearchCriteria
from aimap._protocol.events import (
    MailboxClosed,
    MailboxDoubtful,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    MessagesVanished,
    SessionEvent,
    UnsolicitedResponse,
)

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

    Cancelling a call does what it does to those of :class:`Client`. Of several steps, those
    that were sent may have been done, and no further one is.
    """

    def on_event(self, event: SessionEvent) -> None:
        """Take an event of the session, for the watchers."""
        if isinstance(event, MailboxClosed):
            self._left = True
        if isinstance(event, _MAILBOX_EVENTS):
            for listener in self._listeners:
                listener.on_event(event)
        elif isinstance(event, UnsolicitedResponse):
            for listener in self._listeners:
                if isinstance(listener, SearchUpdates):
                    listener.on_response(event.response)

    def search_updates(self, criteria: SearchCriteria) -> SearchUpdates:
        """Search, and go on telling what comes into the results and what leaves them.

        ::

            async with inbox.search_updates(UNSEEN) as unread:
                print(unread.results)
                async for change in unread:
                    print(change.added, change.removed)

        By CONTEXT=SEARCH (:rfc:`5267#section-4.3`); without it on the server, the search is
        made again whenever the mailbox has changed. What changes by itself, as the age of
        messages does, is noticed with the next change then. Other tasks may use the
        connection meanwhile.

        Args:
            criteria: what to look for.

        Returns:
            An async context manager that gives an async iterable of :class:`SearchChange`.

        Raises:
            CapabilityError: if the server has not what a key needs.
            StateError: if the mailbox is not selected any more.
        """
        self._check()
        self._check_criteria(criteria)
        return SearchUpdates(self._driver, criteria, self._listeners)

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
        return Watcher(self._driver, self._view, self._listeners)
