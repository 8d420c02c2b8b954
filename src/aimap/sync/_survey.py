"""What mailboxes a server has, and their counts: two flights at most, for any number of them."""

from __future__ import annotations

from aimap._client.client import Client
from aimap._model.mailbox import MailboxInfo


async def survey(imap: Client, pattern: str) -> list[MailboxInfo]:
    """List mailboxes with what tells whether anything in them has changed.

    By one LIST where the server has LIST-STATUS (:rfc:`5819`), else by a STATUS of each, all
    sent at once.
    """
    items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES"]
    if imap.offers("CONDSTORE"):
        items.append("HIGHESTMODSEQ")
    elif not imap.offers("LIST-STATUS"):
        # These counts would not tell of flags, so each mailbox is opened in any case.
        items.clear()
    found = await imap.list(pattern, special_use=False, status=items)
    # Some servers list a mailbox twice.
    return list({info.name: info for info in found}.values())
