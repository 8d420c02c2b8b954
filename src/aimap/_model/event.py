"""What a watcher of a mailbox is told."""

from __future__ import annotations

from typing import TypeAlias, final

import attrs

from aimap._model.flag import Flags
from aimap._model.numbers import UID, UIDSet, UIDValidity


@final
@attrs.frozen
class Arrived:
    """A message is new in the mailbox.

    Attributes:
        uid: its UID.
        flags: the flags that it came with.
        mailbox: where, in a watch of an account; empty in one of a mailbox.
    """

    uid: UID
    flags: Flags
    mailbox: str = ""


@final
@attrs.frozen
class FlagsChanged:
    """A message has other flags than before, or the server says once more which it has.

    Attributes:
        uid: its UID.
        flags: all flags that it has now.
        mailbox: where, in a watch of an account; empty in one of a mailbox.
    """

    uid: UID
    flags: Flags
    mailbox: str = ""


@final
@attrs.frozen
class Expunged:
    """A message is gone.

    Attributes:
        uid: the UID that it had; it is never used again.
        mailbox: where, in a watch of an account; empty in one of a mailbox.
    """

    uid: UID
    mailbox: str = ""


@final
@attrs.frozen
class MailboxReset:
    """Every UID of a mailbox that was known means nothing any more.

    Its UIDVALIDITY is another one (:rfc:`9051#section-2.3.1.1`): it was deleted and made
    anew, or the server lost its records. What is in it now follows as :class:`Arrived`.

    Attributes:
        mailbox: which mailbox.
        uid_validity: the new epoch; ``None`` where the server has no stable UIDs.
    """

    mailbox: str
    uid_validity: UIDValidity | None


WatchEvent: TypeAlias = Arrived | FlagsChanged | Expunged
"""An event of :meth:`aimap.Mailbox.watch`."""

AccountWatchEvent: TypeAlias = WatchEvent | MailboxReset
"""An event of :meth:`aimap.Account.watch`."""


@final
@attrs.frozen
class SearchChange:
    """Messages came into the results of a search, or left them.

    Attributes:
        added: those that match now.
        removed: those that do not match any more, or are gone.
    """

    added: UIDSet
    removed: UIDSet
