"""What a mirror needs of a place to keep messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, final

import attrs

from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UID, UIDSet, UIDValidity
from aimap.sync._position import Position


@final
@attrs.frozen
class MirroredMessage:
    """A message on its way into a store.

    Attributes:
        uid: its UID.
        octets: the whole message, as the server has it. Of a message of some megabytes this
            is a view of a temporary file, good until :meth:`MailboxStore.add` returns.
        flags: its flags.
        date: its internal date, or ``None`` where the server's makes no sense.
    """

    uid: UID
    octets: bytes | memoryview
    flags: Flags
    date: datetime | None


class MailboxStore(Protocol):
    """One mailbox in a store. A crash at any moment loses nothing that was there.

    The methods are called one after the other.
    """

    async def known(self) -> Mapping[UID, Flags]:
        """Return the messages that are there, with their flags."""
        ...

    async def position(self) -> Position | None:
        """Return what :meth:`finish` was given last, or ``None``.

        It must be ``None`` if a message that was there then is lost since, or its flags
        are not those that :meth:`set_flags` set: only so are they fetched again.
        """
        ...

    async def add(self, messages: Sequence[MirroredMessage]) -> None:
        """Add messages. One that is there already is there once."""
        ...

    async def set_flags(self, flags: Mapping[UID, Flags]) -> None:
        """Give messages other flags."""
        ...

    async def remove(self, uids: UIDSet) -> None:
        """Remove messages."""
        ...

    async def finish(self, position: Position) -> None:
        """Keep the position; it must never outlive a crash that loses what came before."""
        ...


class Store(Protocol):
    """A place to keep the mailboxes of one account.

    Mailboxes may be worked at side by side, each by one task.
    """

    async def positions(self) -> Mapping[str, Position]:
        """Return the positions of the mailboxes that are as :meth:`MailboxStore.finish` left them.

        What is not among them is opened and looked at; so empty is always right.
        """
        ...

    async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> MailboxStore:
        """Open a mailbox, created if need be.

        What was kept under another UIDVALIDITY is another mailbox's, and is removed.
        """
        ...

    async def remove_others(self, names: Sequence[str]) -> Sequence[str]:
        """Remove every mailbox that is not among *names*; return what was removed."""
        ...

    async def aclose(self) -> None:
        """Let go of what is held open. The store can be used again."""
        ...
