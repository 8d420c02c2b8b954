"""Mailbox filters, as NOTIFY and ESEARCH write them (:rfc:`5465#section-8`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimap._model.notify import MailboxFilter

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


# one-or-more-mailbox = mailbox / many-mailboxes
def write_filter(wire: Encoder, mailboxes: MailboxFilter) -> None:
    """Write a filter and the mailboxes that it names."""
    wire.atom(mailboxes.word)
    if len(mailboxes.mailboxes) == 1:
        wire.mailbox(mailboxes.mailboxes[0])
    elif mailboxes.mailboxes:
        with wire.parentheses():
            for name in mailboxes.mailboxes:
                wire.mailbox(name)
