"""What a mirror tells of its work."""

from __future__ import annotations

from typing import final

import attrs

from aimap._errors import CommandError, LocalProtocolError


@final
@attrs.frozen
class Progress:
    """How far a mirror has come.

    Attributes:
        mailbox: the mailbox that it is at.
        fetched: messages fetched so far, of all mailboxes.
        expected: messages known to be new so far, of all mailboxes.
        octets: octets of the messages fetched.
    """

    mailbox: str
    fetched: int
    expected: int
    octets: int


@final
@attrs.frozen
class MailboxFailure:
    """A mailbox that could not be mirrored; the others were.

    Attributes:
        mailbox: its name.
        error: why: the server refused, or what it said cannot be worked with.
    """

    mailbox: str
    error: CommandError | LocalProtocolError


@final
@attrs.define
class MirrorReport:
    """What a mirror did.

    Attributes:
        mailboxes: mailboxes that are equal now.
        fetched: messages that were new.
        octets: octets of those.
        flags_changed: messages whose flags had changed.
        removed: messages that were gone.
        mailboxes_removed: mailboxes that were gone.
        missing: messages that the server lists and does not give out.
        failures: mailboxes that could not be mirrored.
    """

    mailboxes: int = 0
    fetched: int = 0
    octets: int = 0
    flags_changed: int = 0
    removed: int = 0
    mailboxes_removed: int = 0
    missing: int = 0
    failures: list[MailboxFailure] = attrs.field(factory=list[MailboxFailure])

    @property
    def is_current(self) -> bool:
        """Whether everything is equal now."""
        return not self.failures and not self.missing
