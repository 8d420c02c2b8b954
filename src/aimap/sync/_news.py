"""What is new in a mailbox since it was mirrored: the cheapest way that the server has.

* QRESYNC (:rfc:`7162#section-3.2.5`): EXAMINE itself says which messages are new, changed and
  gone.
* CONDSTORE (:rfc:`7162#section-3.1.4.1`): FETCH with CHANGEDSINCE says which are new or
  changed; only if the counts then differ are UIDs asked for, as ranges.
* Otherwise the UIDs of all messages are asked for, and the flags of those that are kept
  (:rfc:`4549#section-4.3.1`).

The counts are the check on all of it: what is not as many messages as there are is not
believed. Nothing is removed on the word of what came unasked, or did not come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import final

import attrs

from aimap._client.client import Client
from aimap._client.mailbox import Mailbox
from aimap._commands.fetch import Fetch
from aimap._model.fetch import FLAGS
from aimap._model.flag import Flag, Flags
from aimap._model.message import Message
from aimap._model.numbers import UID, UIDSet
from aimap._model.search import IN
from aimap.sync._position import Position

_ALL = UIDSet("1:*")


@final
@attrs.frozen
class News:
    """How a mailbox differs from what is kept of it.

    Attributes:
        new: messages that are there and not kept.
        flags: flags of messages that are kept, where they are others now.
        gone: messages that are kept, and not there any more.
    """

    new: UIDSet
    flags: Mapping[UID, Flags]
    gone: UIDSet


async def find_news(
    imap: Client, mailbox: Mailbox, known: Mapping[UID, Flags], position: Position | None
) -> News:
    """Find out what is new.

    Args:
        imap: the connection.
        mailbox: the mailbox, just selected.
        known: what is kept.
        position: how far that had come, where it is known; what :attr:`Mailbox.resynced`
            tells must be since then.
    """
    kept = UIDSet(known)
    if position is None or not _is_usable(position, mailbox, kept):
        return await _compared(mailbox, known, kept)
    before = kept | position.left_out | position.missing
    changed: Iterable[Message]
    if mailbox.resynced is not None:
        changed, vanished = mailbox.resynced.changed, mailbox.resynced.vanished
    else:
        changed, vanished = await _changed_since(imap, mailbox, position)
    fetched = {
        message.uid_or_none: lasting(message.flags)
        for message in changed
        if message.uid_or_none is not None and message.has_all(("FLAGS",))
    }
    there = (before - vanished) | UIDSet(uid for uid in fetched if uid not in before)
    if len(there) != mailbox.exists:
        there = await mailbox.search()
    flags = {
        uid: flags
        for uid, flags in fetched.items()
        if uid in known and uid in there and known[uid] != flags
    }
    return News(there - kept, flags, kept - there)


def _is_usable(position: Position, mailbox: Mailbox, kept: UIDSet) -> bool:
    """Tell whether what happened since can be asked for."""
    return (
        position.modseq > 0
        and position.uid_validity == mailbox.uid_validity
        # Of a mailbox that was put back from a copy, mod-sequences mean something else.
        and (mailbox.highest_modseq or 0) >= position.modseq
        and len(kept) + len(position.left_out) + len(position.missing) == position.messages
    )


async def _changed_since(
    imap: Client, mailbox: Mailbox, position: Position
) -> tuple[Iterable[Message], UIDSet]:
    if mailbox.highest_modseq == position.modseq:
        return (), UIDSet()
    found: list[Message] = []
    vanished: list[UIDSet] = []
    await imap.submit(
        Fetch(
            _ALL,
            [FLAGS],
            found.extend,
            changed_since=position.modseq,
            on_vanished=vanished.append if "QRESYNC" in imap.enabled else None,
        )
    ).wait()
    gone = UIDSet()
    for uids in vanished:
        gone |= uids
    return found, gone


async def _compared(mailbox: Mailbox, known: Mapping[UID, Flags], kept: UIDSet) -> News:
    there = await mailbox.search()
    gone = kept - there
    if gone:
        # Some servers leave out of an answer what they cannot read just now.
        gone -= await mailbox.search(IN(gone))
    changed: dict[UID, Flags] = {}
    async with mailbox.fetch(kept & there, FLAGS) as messages:
        async for message in messages:
            flags = lasting(message.flags)
            if known.get(message.uid, flags) != flags:
                changed[message.uid] = flags
    return News(there - kept, changed, gone)


def lasting(flags: Flags) -> Flags:
    r"""Leave out ``\Recent``, which is a session's and not the message's."""
    return Flags(flag for flag in flags if flag != Flag.RECENT) if Flag.RECENT in flags else flags
