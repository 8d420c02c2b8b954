"""Following many mailboxes on one connection, where the server says which has changed.

By NOTIFY (:rfc:`5465`) it tells the STATUS of all of them at once, and then of each that
changes; that one is selected then and followed until it is another's turn. Once all
were looked at, NOTIFY is sent again: so nothing is lost that happens in between, since the
STATUS of all is compared with what is known of them; and Dovecot 2.3 does not tell later of
a mailbox that was selected when NOTIFY was sent.

It takes mod-sequences: without them a STATUS says nothing of flags, and the server need not
tell that they changed (:rfc:`5465#section-5.1`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import final

import trio

from aimap._account.following import Follower
from aimap._account.known import Followed, Known, Step
from aimap._account.link import Link
from aimap._client.watching import OF_SELECTED
from aimap._commands.base import mailbox_key
from aimap._commands.notify import Notify
from aimap._errors import CommandError
from aimap._model.fetch import FLAGS, MODSEQ, UID_ITEM
from aimap._model.mailbox import MailboxStatus
from aimap._model.notify import EventGroup, MailboxFilter
from aimap._model.response import ListResponse, StatusResponse
from aimap._protocol.events import SessionEvent, UnsolicitedResponse

_LONGEST_NAMES = 4000
_SELECTED = EventGroup(
    # EXPUNGE comes only where message sequence numbers are safe from it (RFC 5465 6.1.2).
    MailboxFilter.SELECTED_DELAYED,
    ("MessageNew", "MessageExpunge", "FlagChange"),
    items=(UID_ITEM, FLAGS, MODSEQ),
)


@final
class NotifiedFollower:
    """Follows mailboxes on one connection, each when the server says that it has changed.

    Args:
        link: the connection, held for watching.
        mailboxes: by name; at least one.
        tell: called with each step of a mailbox, and with the time when the server told it.
        caught: called with each mailbox of which all that was there was told.
    """

    def __init__(
        self,
        link: Link,
        mailboxes: Mapping[str, Followed],
        tell: Callable[[Followed, Step, float], None],
        caught: Callable[[Followed], None],
    ) -> None:
        self._link = link
        self._driver = link.driver
        self._mailboxes = mailboxes
        self._tell = tell
        self._caught = caught
        self._names = {mailbox_key(name): name for name in mailboxes}
        self._told: dict[str, MailboxStatus | None] = {}
        self._looked: dict[str, MailboxStatus | None] = {}
        self._selected: Follower | None = None
        self._name = ""
        self._filters = [MailboxFilter.named(*mailboxes), MailboxFilter.PERSONAL]
        self._overflowed = False

    def wake(self) -> None:
        """Let it look again how long it may go on."""
        if self._selected is not None:
            self._selected.wake()

    async def follow(self, until: Callable[[], float]) -> bool:
        """Tell what happens, for as long as *until* says, on Trio's clock.

        Returns:
            Whether this is the way to follow them; ``False`` if the server does not tell
            enough for it.

        Raises:
            NoError: if the server refuses a mailbox.
            StateError: if one was closed while it was selected.
            ConnectionLostError: if the connection is gone.
        """
        if not self._link.client.offers("NOTIFY") or not self._fits():
            await trio.lowlevel.checkpoint()
            return False
        selected = await self._turn_to(next(iter(self._mailboxes)))
        if not selected.by_modseq:
            return False
        try:
            while await self._ask():
                while (name := self._next()) is None and not self._overflowed:
                    await selected.follow(lambda: 0.0 if self._is_wanted else until())
                    if trio.current_time() >= until():
                        return True
                while name is not None:
                    selected = await self._turn_to(name)
                    if trio.current_time() >= until():
                        return True
                    name = self._next()
            return False
        finally:
            # Nothing is awaited. NOTIFY NONE would end the news of the selected mailbox too
            # (RFC 5465 section 3.1), for whoever has the connection next.
            self._driver.submit(Notify([OF_SELECTED]))

    @property
    def _is_wanted(self) -> bool:
        """Whether a mailbox may have to be looked at, or the server tells no more."""
        return bool(self._told) or self._overflowed

    def _fits(self) -> bool:
        """Tell whether the names go into one command."""
        return sum(map(len, self._mailboxes)) + 3 * len(self._mailboxes) < _LONGEST_NAMES

    async def _ask(self) -> bool:
        """Have the server tell the state of all other mailboxes, and what changes from then on.

        Returns:
            Whether it does.
        """
        while self._filters and not self._overflowed:
            others = EventGroup(
                self._filters[0],
                ("MessageNew", "MessageExpunge", "FlagChange", "MailboxName"),
            )
            self._told.clear()
            try:
                await self._driver.call(Notify([_SELECTED, others], status=True))
            except CommandError:
                return False
            missing = self._mailboxes.keys() - self._told.keys() - {self._name}
            if not missing:
                break
            # Dovecot 2.3 knows no names here that are not ASCII, but all those of the user.
            del self._filters[0]
        for name in list(self._told):
            if not self._is_news(name):
                del self._told[name]
                self._caught(self._mailboxes[name])
        return bool(self._filters) and not self._overflowed

    async def _turn_to(self, name: str) -> Follower:
        self._name = name
        mailbox = self._mailboxes[name]
        self._looked[name] = self._told.pop(name, None)
        self._selected = follower = Follower(
            self._link, name, mailbox.ahead, partial(self._tell, mailbox), self._on_other
        )
        await follower.catch_up()
        self._caught(mailbox)
        return follower

    # What the server tells

    def _on_other(self, event: SessionEvent) -> None:
        response = event.response if isinstance(event, UnsolicitedResponse) else None
        if isinstance(response, MailboxStatus):
            self._announce(response.mailbox, response)
        elif isinstance(response, ListResponse):
            # Made, deleted or renamed: looking at it tells what it is now.
            self._announce(response.mailbox.name, None)
        elif _is_overflow(response):
            self._overflowed = True
            self.wake()

    def _announce(self, as_told: str, status: MailboxStatus | None) -> None:
        name = self._names.get(mailbox_key(as_told))
        # Of the selected one, STATUS says nothing new.
        if name is not None and (status is None or name != self._name):
            self._told[name] = status
            self.wake()

    def _next(self) -> str | None:
        """Return the mailbox that has changed and waits longest, if there is one."""
        while self._told:
            name = next(iter(self._told))
            if self._is_news(name):
                return name
            del self._told[name]
        return None

    def _is_news(self, name: str) -> bool:
        status = self._told[name]
        if status is None:
            return True
        # The same again, although it was looked at since, is no reason to look at it for ever.
        return status != self._looked.get(name) and not _agrees(self._mailboxes[name].ahead, status)


def _is_overflow(response: object) -> bool:
    return (
        isinstance(response, StatusResponse)
        and response.code is not None
        and response.code.name == "NOTIFICATIONOVERFLOW"
    )


def _agrees(known: Known, status: MailboxStatus) -> bool:
    """Tell whether what STATUS says is known already."""
    modseq = status.items.get("HIGHESTMODSEQ")
    return (
        known.modseq is not None
        and isinstance(modseq, int)
        and modseq <= max(known.modseq, known.highest_single or 0)
        and status.items.get("UIDVALIDITY", known.uid_validity) == known.uid_validity
        and status.items.get("MESSAGES", len(known.uids)) == len(known.uids)
    )
