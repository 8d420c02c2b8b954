"""What mailboxes a server has, and their counts: two flights at most, for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import attrs

from aimap._client.client import Client
from aimap._commands.listing import ListExtended
from aimap._commands.mailboxes import Status
from aimap._errors import CommandError, LocalProtocolError
from aimap._model.mailbox import MailboxInfo, MailboxStatus


@final
@attrs.frozen
class Surveyed:
    """A mailbox.

    Attributes:
        info: its line of LIST.
        status: its counts, where the server tells them.
    """

    info: MailboxInfo
    status: MailboxStatus | None


async def survey(imap: Client, pattern: str) -> list[Surveyed]:
    """List mailboxes with what tells whether anything in them has changed.

    By one LIST where the server has LIST-STATUS (:rfc:`5819`), else by a STATUS of each, all
    sent at once.
    """
    # Some servers list a mailbox twice.
    return list({each.info.name: each for each in await _survey(imap, pattern)}.values())


async def _survey(imap: Client, pattern: str) -> list[Surveyed]:
    items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES"]
    if "CONDSTORE" in imap.capabilities or "QRESYNC" in imap.capabilities:
        items.append("HIGHESTMODSEQ")
    if "LIST-STATUS" in imap.capabilities:
        try:
            listed = await imap.submit(ListExtended(pattern, status=items)).wait()
        except CommandError:
            listed = []
        # Some servers refuse what they offer, and some answer nothing to it.
        if listed:
            return [Surveyed(each.info, each.status) for each in listed]
    found = await imap.list(pattern)
    return await _with_status(imap, found, items)


async def _with_status(
    imap: Client, mailboxes: Sequence[MailboxInfo], items: Sequence[str]
) -> list[Surveyed]:
    if "HIGHESTMODSEQ" not in items:
        # The other counts would not tell of flags, so each mailbox is opened in any case.
        return [Surveyed(info, None) for info in mailboxes]
    futures = [
        imap.submit(Status(info.name, items)) if info.selectable else None for info in mailboxes
    ]
    surveyed: list[Surveyed] = []
    for info, future in zip(mailboxes, futures, strict=True):
        status: MailboxStatus | None = None
        if future is not None:
            try:
                status = await future.wait()
            except (CommandError, LocalProtocolError):
                # Opening it will show what is the matter.
                status = None
        surveyed.append(Surveyed(info, status))
    return surveyed
