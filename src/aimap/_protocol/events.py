"""What a session tells that no command asked for."""

from __future__ import annotations

from typing import TypeAlias, final

import attrs

from aimap._model.message import Message
from aimap._model.numbers import UID, SeqNum, UIDSet
from aimap._model.response import Untagged


@final
@attrs.frozen
class MailboxGrew:
    """The selected mailbox has more messages than before.

    Attributes:
        first: the first new message sequence number.
        last: the last one.
    """

    first: SeqNum
    last: SeqNum


@final
@attrs.frozen
class MessageExpunged:
    """A message is gone.

    Attributes:
        seq: the message sequence number that it had.
        uid: its UID, or ``None`` where the view does not know it.
    """

    seq: SeqNum
    uid: UID | None


@final
@attrs.frozen
class MessagesVanished:
    """Messages are gone, told by UID (:rfc:`7162#section-3.2.10`)."""

    uids: UIDSet


@final
@attrs.frozen
class MessageChanged:
    """Data of a message that nobody asked for: mostly new flags.

    Attributes:
        message: what was told of it.
        uid: its UID, from the response or else from the view; ``None`` if neither knows.
    """

    message: Message
    uid: UID | None


@final
@attrs.frozen
class MailboxDoubtful:
    """What the server told of the numbers of messages cannot all be true.

    Which UIDs there are has to be asked again.

    Attributes:
        known: the UIDs that were known until then.
    """

    known: UIDSet


@final
@attrs.frozen
class MailboxClosed:
    """The selected mailbox is selected no more."""


@final
@attrs.frozen
class ConnectionOver:
    """The connection is lost, or was closed: there are no events behind this one."""


@final
@attrs.frozen
class Alert:
    """Text that the server wants a person to see (:rfc:`9051#section-7.1`, ``ALERT``).

    Attributes:
        text: the text.
    """

    text: str


@final
@attrs.frozen
class UnsolicitedResponse:
    """Anything else that no command in flight asked for.

    Attributes:
        response: what it is: one of aimap's, or what an :class:`aimap.Extension` made of it.
    """

    response: Untagged


@final
@attrs.frozen
class Defect:
    """The server deviated from the protocol; it cost at most what is named.

    Attributes:
        reason: what was wrong.
        raw: the octets concerned, or the start of them, where that is not a deviation
            that is understood.
    """

    reason: str
    raw: bytes = b""


MailboxEvent: TypeAlias = (
    MailboxGrew
    | MessageExpunged
    | MessagesVanished
    | MessageChanged
    | MailboxDoubtful
    | MailboxClosed
)
"""An event about the selected mailbox."""

ConnectionEvent: TypeAlias = Alert | UnsolicitedResponse | Defect
"""What a server says that answers no command, and is not about the selected mailbox."""

SessionEvent: TypeAlias = MailboxEvent | ConnectionEvent | ConnectionOver
