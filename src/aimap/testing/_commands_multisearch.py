"""ESEARCH, which looks into many mailboxes at once (:rfc:`7377`)."""

from __future__ import annotations

from aimap.testing._commands_mailboxes import wire_name
from aimap.testing._commands_search import read_charset, searched
from aimap.testing._connection import Connection
from aimap.testing._filters import MailboxFilter, read_filter
from aimap.testing._grammar import Arguments
from aimap.testing._results import Wanted, esearch, return_options
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._selected import Selected
from aimap.testing._store import StoredMailbox

_NOT_HERE = ("SAVE", "CONTEXT", "UPDATE")


async def multi_search(client: Connection, arguments: Arguments) -> None:
    mailboxes = _source(client, arguments)
    wanted = return_options(client, arguments, "SEARCH") or Wanted([])
    if any(option in wanted.options for option in _NOT_HERE):
        raise ViolationError(
            "SAVE, CONTEXT and UPDATE are about one mailbox (RFC 7377 section 2.1)", Rule.SEARCH
        )
    charset = read_charset(arguments)
    start = arguments.pos
    for mailbox in mailboxes:
        view = Selected(mailbox, read_only=True, wake=lambda: None)
        view.leave()
        arguments.pos = start
        search = searched(client, arguments, charset, view)
        arguments.end()
        found = search.found(view)
        if found:
            # RFC 7377 section 2.1: nothing is said of a mailbox in which nothing is found.
            correlator = (
                f'TAG "{client.tag}" MAILBOX {wire_name(client, mailbox.name)} '
                f"UIDVALIDITY {mailbox.uid_validity}"
            )
            client.untagged(esearch(correlator, found, wanted, search, by_uid=True))
    if not mailboxes:
        arguments.pos = len(arguments.data)


def _source(client: Connection, arguments: Arguments) -> list[StoredMailbox]:
    """Read where to look: in what IN says, else in the selected mailbox."""
    assert client.account is not None
    if not arguments.step_word(b"IN"):
        return [_selected(client).mailbox]
    arguments.expect(b"(")
    found: dict[str, StoredMailbox] = {}
    while True:
        each = read_filter(arguments, Rule.SEARCH, without="SELECTED-DELAYED")
        for mailbox in _meant(client, each):
            found[mailbox.name] = mailbox
        if arguments.step(b")"):
            break
        arguments.space()
        if arguments.peek() == b"(":
            raise ViolationError("no scope option exists (RFC 7377 section 2.2)", Rule.SEARCH)
    arguments.space()
    return list(found.values())


def _meant(client: Connection, each: MailboxFilter) -> list[StoredMailbox]:
    assert client.account is not None
    if each.word == "SELECTED":
        return [_selected(client).mailbox]
    return each.among(client.account)


def _selected(client: Connection) -> Selected:
    if client.view is None:
        raise ViolationError(
            "ESEARCH of the selected mailbox, where none is (RFC 7377 section 2.2)", Rule.SEARCH
        )
    return client.view
