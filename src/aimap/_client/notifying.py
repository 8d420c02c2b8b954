"""News of mailboxes that are not selected (NOTIFY, :rfc:`5465`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self, TypeAlias, final

import trio

from aimap._client.base import Connected
from aimap._client.driver import Driver
from aimap._client.watching import OF_SELECTED
from aimap._commands.connection import Noop
from aimap._commands.notify import Notify
from aimap._errors import InvalidArgumentError, LimitExceededError, StateError
from aimap._model.mailbox import MailboxStatus
from aimap._model.metadata import MetadataResponse
from aimap._model.notify import EventGroup, MailboxFilter
from aimap._model.response import ListResponse, StatusResponse
from aimap._protocol.events import ConnectionOver, SessionEvent, UnsolicitedResponse

Notification: TypeAlias = MailboxStatus | ListResponse | MetadataResponse | StatusResponse
"""What NOTIFY brings: the counts of a mailbox where something happened, the name of one that came,
went, was renamed or (un)subscribed, metadata that changed, or the end of all that."""

_OVERFLOW = "NOTIFICATIONOVERFLOW"


class Notifying(Connected):
    """The part of :class:`aimap.Client` that tells news of other mailboxes."""

    _notifications: Notifications | None = None

    def notify(self, *groups: EventGroup, status: bool = False) -> Notifications:
        """Hear of what happens in mailboxes that are not selected (:rfc:`5465#section-3.1`).

        ::

            new = EventGroup(MailboxFilter.PERSONAL, ("MessageNew", "MessageExpunge"))
            async with imap.notify(new) as news:
                async for each in news:
                    match each:
                        case MailboxStatus(mailbox): ...

        What happens in the selected mailbox, :meth:`Mailbox.watch` tells; both may be used at
        once. A server that tells nothing by itself is asked every :attr:`Timeouts.poll` seconds.

        Args:
            groups: which events are wanted of which mailboxes; the first group that a mailbox
                is in counts.
            status: tell the counts of all those mailboxes first.

        Returns:
            An async context manager that gives an async iterable of :class:`MailboxStatus`,
            :class:`ListResponse`, :class:`MetadataResponse`, and last, where the server ends it
            because it is too much, a :class:`StatusResponse` with the code
            ``NOTIFICATIONOVERFLOW``.

        Raises:
            CapabilityError: if the server does not offer NOTIFY.
            InvalidArgumentError: if there is no group, one is about the selected mailbox, or they
                do not go together.
        """
        self._need("NOTIFY", "RFC 5465")
        if not groups:
            raise InvalidArgumentError("name at least one group of mailboxes and events")
        if any(group.mailboxes in _SELECTED for group in groups):
            raise InvalidArgumentError("what happens in the selected mailbox, Mailbox.watch tells")
        return Notifications(self, self._driver, groups, status=status)

    def _hear(self, event: SessionEvent) -> None:
        """Hand an event on to who wants it."""
        if self._notifications is not None:
            self._notifications.on_event(event)


_SELECTED = (MailboxFilter.SELECTED, MailboxFilter.SELECTED_DELAYED)


@final
class Notifications:
    """What NOTIFY brings: an ``async with`` block around an ``async for`` loop."""

    def __init__(
        self, client: Notifying, driver: Driver, groups: Sequence[EventGroup], *, status: bool
    ) -> None:
        self._client = client
        self._driver = driver
        self._groups = tuple(groups)
        self._status = status
        self._waiting: list[Notification] = []
        self._over = False
        self._event = trio.Event()

    async def __aenter__(self) -> Self:
        """Ask for the news: from here on, all of it is told.

        Raises:
            StateError: if there is such a block already on this connection.
            NoError: if the server refuses; a :class:`BadEventCode` names the events that it has.
            ConnectionLostError: if the connection is gone.
        """
        if self._client._notifications is not None:  # noqa: SLF001 (the other half of it)
            raise StateError("one notify() is open already on this connection: add groups there")
        self._client._notifications = self  # noqa: SLF001
        self._driver.notified = self._groups
        try:
            await self._driver.call(Notify([*self._groups, OF_SELECTED], status=self._status))
        except BaseException:
            self._leave()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ask for no more news, at once; those of the selected mailbox go on."""
        self._leave()
        # NOTIFY NONE would end the news of the selected mailbox too (section 3.1).
        self._driver.submit(Notify([OF_SELECTED]))

    def _leave(self) -> None:
        self._client._notifications = None  # noqa: SLF001
        self._driver.notified = ()

    def on_event(self, event: SessionEvent) -> None:
        """Take an event of the session."""
        match event:
            case ConnectionOver():
                self._over = True
            case UnsolicitedResponse(
                MailboxStatus() | ListResponse() | MetadataResponse() as response
            ):
                self._waiting.append(response)
            case UnsolicitedResponse(StatusResponse(code=code) as response) if (
                code is not None and code.name == _OVERFLOW
            ):
                self._waiting.append(response)
            case _:
                return
        if len(self._waiting) > self._driver.limits.max_events:
            self._driver.session.lose(
                LimitExceededError("max_events", self._driver.limits.max_events)
            )
        self._event.set()

    def __aiter__(self) -> AsyncIterator[Notification]:
        return self

    async def __anext__(self) -> Notification:
        """Wait for the next notification, for ever if need be.

        Raises:
            ConnectionLostError: if the connection is gone.

        Cancelling loses nothing: the next call gives it.
        """
        await trio.lowlevel.checkpoint()
        while not self._waiting:
            if self._over:
                lost = self._driver.session.lost
                raise lost.fresh() if lost else StopAsyncIteration
            await self._wait_or_ask()
        each = self._waiting.pop(0)
        # Behind an overflow there is nothing more (section 5.8).
        self._over = self._over or isinstance(each, StatusResponse)
        return each

    async def _wait_or_ask(self) -> None:
        """Wait, and ask now and then: Dovecot 2.3 keeps news of others back during IDLE."""
        self._event = trio.Event()
        with self._driver.awaiting, trio.move_on_after(self._driver.timeouts.poll) as patience:
            await self._event.wait()
        if patience.cancelled_caught:
            await self._driver.call(Noop())
