"""What a mirror needs of a place to keep messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, final

import attrs

from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.numbers import UID, UIDSet, UIDValidity


@final
@attrs.frozen
class MirroredMessage:
    """A message on its way into a store.

    Attributes:
        uid: its UID.
        octets: the whole message, as the server has it.
        flags: its flags.
        date: its internal date, or ``None`` where the server's makes no sense.
    """

    uid: UID
    octets: bytes
    flags: Flags
    date: datetime | None


class MailboxStore(Protocol):
    """One mailbox in a store. A crash at any moment loses nothing that was there."""

    async def known(self) -> Mapping[UID, Flags]:
        """Return the messages that are there, with their flags."""
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


class Store(Protocol):
    """A place to keep the mailboxes of one account."""

    async def mailbox(self, info: MailboxInfo, uid_validity: UIDValidity) -> MailboxStore:
        """Open a mailbox, created if need be.

        What was kept under another UIDVALIDITY is another mailbox's, and is removed.
        """
        ...

    async def remove_others(self, names: Sequence[str]) -> Sequence[str]:
        """Remove every mailbox that is not among *names*; return what was removed."""
        ...
