"""LIST and its kin (:rfc:`9051#section-6.3.9`, :rfc:`5258`, :rfc:`6154`, :rfc:`2193`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from aimap.testing._commands_acl import send_my_rights
from aimap.testing._commands_mailboxes import send_status, status_items, wire_name
from aimap.testing._commands_metadata import entry_name, send_metadata
from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import DELIMITER, StoredMailbox

_SELECTION = ("SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE")


@attrs.define
class _Wanted:
    """What a LIST asks for."""

    selection: list[str]
    patterns: list[str]
    returning: list[str] = attrs.field(factory=list[str])
    status: list[str] = attrs.field(factory=list[str])
    metadata: list[str] = attrs.field(factory=list[str])


async def list_mailboxes(client: Connection, arguments: Arguments) -> None:
    client.answer_is_alike = True
    selection = _selection(client, arguments)
    reference = arguments.list_mailbox()
    arguments.space()
    wanted = _Wanted(selection, [reference + pattern for pattern in _patterns(client, arguments)])
    if arguments.step(b" "):
        _return_options(client, arguments, wanted)
    arguments.end()
    if wanted.patterns == [reference] and not selection:
        client.untagged(f'LIST (\\Noselect) "{DELIMITER}" ""')
        return
    names = _matching(client, wanted.patterns, remote="REMOTE" in selection)
    above: set[str] = set()
    if "SUBSCRIBED" in selection:
        if "RECURSIVEMATCH" in selection:
            above = _above_subscribed(client, names)
        names = [mailbox for mailbox in names if mailbox.subscribed or mailbox.name in above]
    if "SPECIAL-USE" in selection:
        names = [mailbox for mailbox in names if mailbox.special_use]
    for mailbox in names:
        line = list_line(
            client, "LIST", mailbox, subscribed="SUBSCRIBED" in selection + wanted.returning
        )
        client.untagged(f'{line} ("CHILDINFO" ("SUBSCRIBED"))' if mailbox.name in above else line)
        if wanted.status:
            send_status(client, mailbox, wanted.status)
        if "MYRIGHTS" in wanted.returning:
            send_my_rights(client, mailbox)
        if wanted.metadata:
            values = {entry: mailbox.entries.get(entry) for entry in wanted.metadata}
            send_metadata(client, mailbox.name, values)


def _above_subscribed(client: Connection, names: Sequence[StoredMailbox]) -> set[str]:
    """Return which of *names* have a subscribed one below that is not among them."""
    assert client.account is not None
    listed = {mailbox.name for mailbox in names}
    return {
        name
        for name in listed
        if any(
            mailbox.subscribed and below not in listed and below.startswith(name + DELIMITER)
            for below, mailbox in client.account.mailboxes.items()
        )
    }


def _need_extended(client: Connection, what: str) -> None:
    if not client.offers("LIST-EXTENDED"):
        raise ViolationError(f"{what} without LIST-EXTENDED (RFC 5258)", Rule.LIST_OPTIONS)


def _selection(client: Connection, arguments: Arguments) -> list[str]:
    if arguments.peek() != b"(":
        return []
    _need_extended(client, "selection options")
    found: list[str] = []
    if arguments.peek(2) == b"()":
        arguments.pos += 2
    else:
        for _ in arguments.listed():
            found.append(arguments.atom())
            if found[-1] not in _SELECTION:
                raise ViolationError(
                    f"no selection option {found[-1]} (RFC 5258 section 3.1)", Rule.LIST_OPTIONS
                )
    arguments.space()
    if "RECURSIVEMATCH" in found and "SUBSCRIBED" not in found:
        raise ViolationError(
            "RECURSIVEMATCH without an option that it is about, such as SUBSCRIBED "
            "(RFC 5258 section 3.1)",
            Rule.RECURSIVEMATCH,
        )
    return found


def _patterns(client: Connection, arguments: Arguments) -> list[str]:
    if arguments.peek() != b"(":
        return [arguments.list_mailbox()]
    _need_extended(client, "several patterns")
    if arguments.peek(2) == b"()":
        raise ViolationError("no pattern (RFC 5258 section 6, patterns)", Rule.LIST_OPTIONS)
    return [arguments.list_mailbox() for _ in arguments.listed()]


def _return_options(client: Connection, arguments: Arguments, wanted: _Wanted) -> None:
    _need_extended(client, "RETURN")
    if arguments.atom() != "RETURN":
        raise ViolationError("RETURN was expected (RFC 5258 section 6)", Rule.LIST_OPTIONS)
    arguments.space()
    if arguments.peek(2) == b"()":
        arguments.pos += 2
        return
    for _ in arguments.listed():
        option = arguments.atom()
        if option == "STATUS" and client.offers("LIST-STATUS"):
            arguments.space()
            wanted.status = status_items(client, arguments)
        elif option == "METADATA" and client.offers("LIST-METADATA"):
            arguments.space()
            wanted.metadata = [entry_name(arguments) for _ in arguments.listed()]
        elif option == "MYRIGHTS" and client.offers("LIST-MYRIGHTS"):
            pass
        elif option not in ("CHILDREN", "SPECIAL-USE", "SUBSCRIBED"):
            raise ViolationError(
                f"no return option {option} (RFC 5258 section 3.2)", Rule.LIST_OPTIONS
            )
        if option in wanted.returning:
            raise ViolationError(
                f"return option {option} twice (RFC 5258 section 3.2)", Rule.LIST_OPTIONS
            )
        wanted.returning.append(option)


async def lsub(client: Connection, arguments: Arguments) -> None:
    await _simple(client, arguments, "LSUB", remote=False)


async def rlsub(client: Connection, arguments: Arguments) -> None:
    """RLSUB (:rfc:`2193#section-5.2`)."""
    await _simple(client, arguments, "LSUB", remote=True)


async def rlist(client: Connection, arguments: Arguments) -> None:
    """RLIST (:rfc:`2193#section-5.1`)."""
    await _simple(client, arguments, "LIST", remote=True)


async def xlist(client: Connection, arguments: Arguments) -> None:
    """XLIST, which Gmail had before there was SPECIAL-USE."""
    await _simple(client, arguments, "XLIST", remote=False)


async def _simple(client: Connection, arguments: Arguments, word: str, *, remote: bool) -> None:
    client.answer_is_alike = True
    if arguments.rev2 and word == "LSUB":
        raise ViolationError("LSUB in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
    reference = arguments.list_mailbox()
    arguments.space()
    pattern = arguments.list_mailbox()
    arguments.end()
    for mailbox in _matching(client, [reference + pattern], remote=remote):
        if mailbox.subscribed or word != "LSUB":
            client.untagged(list_line(client, word, mailbox, subscribed=False))


def _matching(client: Connection, patterns: Iterable[str], *, remote: bool) -> list[StoredMailbox]:
    """Return mailboxes by name; those on other servers only if *remote*."""
    assert client.account is not None
    wild = {"*": ".*", "%": f"[^{DELIMITER}]*"}
    matchers = [
        re.compile(
            "".join(wild.get(part, re.escape(part)) for part in re.split(r"([*%])", pattern)),
            re.DOTALL,
        )
        for pattern in patterns
    ]
    return [
        mailbox
        for name, mailbox in sorted(client.account.mailboxes.items())
        if any(matcher.fullmatch(name) for matcher in matchers) and (remote or not mailbox.referral)
    ]


_XLIST_USES = {
    "\\All": "\\AllMail",
    "\\Flagged": "\\Starred",
    "\\Junk": "\\Spam",
}


def list_line(client: Connection, word: str, mailbox: StoredMailbox, *, subscribed: bool) -> str:
    """Return a LIST response, or another one of that form."""
    assert client.account is not None
    attributes: list[str] = []
    if client.offers("CHILDREN"):
        below = mailbox.name + DELIMITER
        has_children = any(name.startswith(below) for name in client.account.mailboxes)
        attributes.append("\\HasChildren" if has_children else "\\HasNoChildren")
    if word == "XLIST":
        use = "\\Inbox" if mailbox.name == "INBOX" else mailbox.special_use
        attributes += [_XLIST_USES.get(use, use)] if use else []
    elif mailbox.special_use and client.offers("SPECIAL-USE"):
        attributes.append(mailbox.special_use)
    if mailbox.referral:
        attributes.append("\\Remote")
    if subscribed and mailbox.subscribed:
        attributes.append("\\Subscribed")
    name = wire_name(client, mailbox.name)
    return f'{word} ({" ".join(attributes)}) "{DELIMITER}" {name}'
