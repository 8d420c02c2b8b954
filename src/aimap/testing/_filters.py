"""Which mailboxes NOTIFY and MULTISEARCH name (:rfc:`5465#section-6`, :rfc:`7377#section-2.2`)."""

from __future__ import annotations

from typing import final

import attrs

from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import DELIMITER, Account, StoredMailbox

OF_SELECTED = ("SELECTED", "SELECTED-DELAYED")
_BY_NAME = ("SUBTREE", "SUBTREE-ONE", "MAILBOXES")
_OTHERS = ("INBOXES", "PERSONAL", "SUBSCRIBED", *_BY_NAME)


@final
@attrs.frozen
class MailboxFilter:
    """A filter: its word, and the mailboxes that it names."""

    word: str
    names: tuple[str, ...] = ()

    def matches(self, mailbox: StoredMailbox) -> bool:
        """Tell whether a mailbox is meant; the selected one is so by nothing here."""
        return self.matches_name(mailbox.name, subscribed=mailbox.subscribed)

    def matches_name(self, name: str, *, subscribed: bool) -> bool:
        """Tell whether a mailbox of that name is meant, also one that is gone."""
        match self.word:
            case "INBOXES":
                return name == "INBOX"
            case "PERSONAL":
                return True
            case "SUBSCRIBED":
                return subscribed
            case "MAILBOXES":
                return name in self.names
            case "SUBTREE" | "SUBTREE-ONE":
                return any(self._is_below(name, top) for top in self.names)
            case _:
                return False

    def _is_below(self, name: str, top: str) -> bool:
        if name == top:
            return True
        rest = name.removeprefix(top + DELIMITER) if name.startswith(top + DELIMITER) else ""
        return bool(rest) and (self.word == "SUBTREE" or DELIMITER not in rest)

    def among(self, account: Account) -> list[StoredMailbox]:
        """Return the mailboxes of an account that are meant."""
        return [each for _, each in sorted(account.mailboxes.items()) if self.matches(each)]


def read_filter(arguments: Arguments, rule: Rule, *, without: str) -> MailboxFilter:
    """Read a filter, with the names of mailboxes if it has some.

    Args:
        arguments: where it stands.
        rule: the rule that is broken if there is no such filter.
        without: one that is not allowed.

    Raises:
        ViolationError: if it is none.
    """
    word = arguments.atom()
    if word not in OF_SELECTED + _OTHERS or word == without:
        raise ViolationError(f"no mailbox filter {word} (RFC 5465 section 6)", rule)
    if word not in _BY_NAME:
        return MailboxFilter(word)
    arguments.space()
    if arguments.peek() != b"(":
        return MailboxFilter(word, (arguments.mailbox(),))
    return MailboxFilter(word, tuple(arguments.mailbox() for _ in arguments.listed()))
