"""Commands on mailboxes as a whole (:rfc:`9051#section-6.3`)."""

from __future__ import annotations

from collections.abc import Iterable

from aimap._model.flag import Flag
from aimap._model.numbers import MAX_NUMBER, SeqSet, UIDSet
from aimap._wire.utf7 import encode_mailbox_name
from aimap.testing._annotations import MAX_OCTETS
from aimap.testing._capabilities import limit_of
from aimap.testing._connection import Connection
from aimap.testing._describe import nstring
from aimap.testing._grammar import SYSTEM_FLAGS, Arguments
from aimap.testing._limits import check_here
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._selected import Selected
from aimap.testing._store import DELIMITER, StoredMailbox


def wire_name(client: Connection, name: str) -> str:
    """Return a mailbox's name as this client is told it."""
    if client.utf8:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return nstring(encode_mailbox_name(name)).decode("ascii")


def require(client: Connection, name: str) -> StoredMailbox:
    """Return a mailbox.

    Raises:
        RefusalError: if there is none of that name.
    """
    assert client.account is not None
    found = client.account.mailbox(name)
    if found is None:
        raise RefusalError("there is no such mailbox", "NONEXISTENT")
    check_here(client, found)
    return found


def _check_new(name: str) -> None:
    if not name or "" in name.split(DELIMITER):
        raise RefusalError(
            f"{name!r} has a level without a name (RFC 9051 section 6.3.4)",
            "CANNOT",
            rule=Rule.HIERARCHY,
        )


SPECIAL_USES = (
    "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash",
)  # fmt: skip


async def create(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    use: str | None = None
    if arguments.step(b" "):
        use = _use(client, arguments)
    arguments.end()
    account = client.account
    assert account is not None
    name = name.removesuffix(DELIMITER)
    _check_new(name)
    if account.mailbox(name) is not None:
        raise RefusalError("it exists", "ALREADYEXISTS")
    if use is not None and any(each.special_use == use for each in account.mailboxes.values()):
        raise RefusalError(f"another mailbox is {use}", "USEATTR")
    if client.offers("QUOTA") and not account.has_room(MAILBOX=1):
        raise RefusalError("the quota has no room for a mailbox", "OVERQUOTA")
    mailbox = account.create(name, use)
    if client.offers("OBJECTID"):
        client.done_code = f"MAILBOXID ({mailbox.mailbox_id})"


def _use(client: Connection, arguments: Arguments) -> str | None:
    """Read USE and its attributes (:rfc:`6154#section-3`)."""
    uses: list[str] = []
    for _ in arguments.listed():
        word = arguments.atom()
        if word != "USE" or not client.offers("CREATE-SPECIAL-USE"):
            raise ViolationError(f"no parameter {word} of CREATE (RFC 6154 section 3)")
        arguments.space()
        if arguments.peek(2) == b"()":
            arguments.pos += 2
        else:
            uses += [str(arguments.label()) for _ in arguments.listed()]
    known = {each.lower(): each for each in SPECIAL_USES}
    if len(uses) > 1 or any(each.lower() not in known for each in uses):
        raise RefusalError("no mailbox can be that here", "USEATTR")
    return known[uses[0].lower()] if uses else None


async def delete(client: Connection, arguments: Arguments) -> None:
    mailbox = require(client, arguments.mailbox())
    arguments.end()
    assert client.account is not None
    if mailbox.name == "INBOX":
        raise RefusalError("INBOX cannot be deleted", "CANNOT")
    client.account.delete(mailbox.name)


async def rename(client: Connection, arguments: Arguments) -> None:
    old = arguments.mailbox()
    arguments.space()
    new = arguments.mailbox()
    arguments.end()
    mailbox = require(client, old)
    _check_new(new)
    account = client.account
    assert account is not None
    if account.mailbox(new) is not None:
        raise RefusalError("it exists", "ALREADYEXISTS")
    if mailbox.name == "INBOX":
        # RFC 9051 6.3.6: its messages move, and INBOX stays.
        target = account.create(new)
        for message in mailbox.messages:
            target.add_copy(message)
        mailbox.expunge(list(mailbox.messages))
        return
    account.rename(old, new)


async def subscribe(client: Connection, arguments: Arguments) -> None:
    _subscribe(client, arguments, subscribed=True)


async def unsubscribe(client: Connection, arguments: Arguments) -> None:
    _subscribe(client, arguments, subscribed=False)


def _subscribe(client: Connection, arguments: Arguments, *, subscribed: bool) -> None:
    mailbox = require(client, arguments.mailbox())
    arguments.end()
    assert client.account is not None
    client.account.subscribe(mailbox.name, subscribed=subscribed)


async def status(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.space()
    items = status_items(client, arguments)
    arguments.end()
    mailbox = require(client, name)
    send_status(client, mailbox, items)
    if client.view is not None and client.view.mailbox is mailbox:
        client.forgive(
            Rule.STATUS_OF_SELECTED,
            "STATUS of the mailbox that is selected (RFC 2683 section 3.1.1)",
        )


def status_items(client: Connection, arguments: Arguments) -> list[str]:
    """Read what is asked of a mailbox.

    Raises:
        ViolationError: if that is nothing, or does not exist.
    """
    if arguments.peek(2) == b"()":
        raise ViolationError("no STATUS item (RFC 9051 section 6.3.11)", Rule.STATUS_ITEMS)
    items: list[str] = []
    for _ in arguments.listed():
        item = arguments.atom()
        if item in items:
            raise ViolationError(
                f"STATUS item {item} twice (RFC 9051 section 6.3.11)", Rule.STATUS_ITEMS
            )
        if item == "RECENT" and arguments.rev2:
            raise ViolationError("STATUS item RECENT in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
        items.append(item)
        _count(client, _EMPTY, item)
    return items


_EMPTY = StoredMailbox("")
"""Of which items are counted to see whether they exist."""


def send_status(client: Connection, mailbox: StoredMailbox, items: Iterable[str]) -> None:
    """Queue a STATUS response."""
    found = " ".join(f"{item} {_count(client, mailbox, item)}" for item in items)
    client.untagged(f"STATUS {wire_name(client, mailbox.name)} ({found})")


def _count(client: Connection, mailbox: StoredMailbox, item: str) -> int | str:
    messages = mailbox.messages
    match item:
        case "MESSAGES":
            return len(messages)
        case "RECENT":
            return 0
        case "UIDNEXT":
            return mailbox.uid_next
        case "UIDVALIDITY":
            return mailbox.uid_validity
        case "UNSEEN":
            return sum(Flag.SEEN not in message.flags for message in messages)
        case "DELETED":
            return sum(Flag.DELETED in message.flags for message in messages)
        case "SIZE" if client.offers("STATUS=SIZE"):
            return mailbox.size
        case "DELETED-STORAGE" if client.offers("QUOTA=RES-STORAGE"):
            marked = (m for m in messages if Flag.DELETED in m.flags)
            return sum(len(message.octets) for message in marked)
        case "MAILBOXID" if client.offers("OBJECTID"):
            return f"({mailbox.mailbox_id})"
        case "APPENDLIMIT" if _has_append_limit(client):
            limit = mailbox.append_limit or limit_of("APPENDLIMIT", client.server.capabilities)
            return "NIL" if limit is None else limit
        case "HIGHESTMODSEQ" if client.offers("CONDSTORE"):
            return mailbox.highest_modseq
        case _:
            raise ViolationError(
                f"no STATUS item {item} (RFC 9051 section 6.3.11)", Rule.STATUS_ITEMS
            )


def _has_append_limit(client: Connection) -> bool:
    return any(name.partition("=")[0] == "APPENDLIMIT" for name in client.server.capabilities)


async def select(client: Connection, arguments: Arguments) -> None:
    await _select(client, arguments, read_only=False)


async def examine(client: Connection, arguments: Arguments) -> None:
    await _select(client, arguments, read_only=True)


async def _select(client: Connection, arguments: Arguments, *, read_only: bool) -> None:
    name = arguments.mailbox()
    known: tuple[int, int, UIDSet | None] | None = None
    if arguments.step(b" "):
        for _ in arguments.listed():
            known = _parameter(client, arguments) or known
    arguments.end()
    if client.view is not None and (arguments.rev2 or "QRESYNC" in client.enabled):
        client.untagged("OK [CLOSED] the mailbox before is closed")
    client.deselect()
    mailbox = require(client, name)
    view = client.select(mailbox, read_only=read_only)
    flags = " ".join((*SYSTEM_FLAGS, *sorted(mailbox.keywords)))
    client.untagged(f"FLAGS ({flags})")
    permanent = "" if read_only else f"{flags} \\*"
    client.untagged(f"OK [PERMANENTFLAGS ({permanent})] can be changed for good")
    client.untagged(f"{len(view.messages)} EXISTS")
    if arguments.rev2:
        client.untagged(f'LIST () "{DELIMITER}" {wire_name(client, mailbox.name)}')
    else:
        client.untagged("0 RECENT")
        unseen = next((n for n, m in enumerate(view.messages, 1) if Flag.SEEN not in m.flags), None)
        if unseen is not None:
            client.untagged(f"OK [UNSEEN {unseen}] is the first unseen")
    client.untagged(f"OK [UIDVALIDITY {mailbox.uid_validity}] UIDs are valid")
    if client.offers("OBJECTID"):
        client.untagged(f"OK [MAILBOXID ({mailbox.mailbox_id})] is its own for ever")
    if client.offers("ANNOTATE-EXPERIMENT-1"):
        size = "READ-ONLY" if read_only else MAX_OCTETS
        client.untagged(f"OK [ANNOTATIONS {size}] annotations are kept")
    if client.offers("URLAUTH"):
        client.untagged("OK [URLMECH INTERNAL] signs URLs")
    client.untagged(f"OK [UIDNEXT {mailbox.uid_next}] is the next UID")
    if client.offers("CONDSTORE"):
        client.untagged(f"OK [HIGHESTMODSEQ {mailbox.highest_modseq}] is the highest")
    if known is not None and known[0] == mailbox.uid_validity:
        _resynchronize(client, view, known[1], known[2])
    client.done_code = "READ-ONLY" if read_only else "READ-WRITE"


def _parameter(client: Connection, arguments: Arguments) -> tuple[int, int, UIDSet | None] | None:
    word = arguments.atom()
    if word == "CONDSTORE" and client.offers("CONDSTORE"):
        client.enabled.add("CONDSTORE")
        return None
    if word == "ANNOTATE" and client.offers("ANNOTATE-EXPERIMENT-1"):
        return None
    if word != "QRESYNC" or not client.offers("QRESYNC"):
        raise ViolationError(f"no parameter {word} of SELECT (RFC 4466 section 2.1)")
    if "QRESYNC" not in client.enabled:
        raise ViolationError(
            "the parameter QRESYNC without ENABLE QRESYNC (RFC 7162 section 3.2.5)", Rule.QRESYNC
        )
    arguments.space()
    arguments.expect(b"(")
    validity = arguments.number()
    if not validity:
        raise ViolationError("UIDVALIDITY 0 (RFC 9051 section 9, nz-number)", Rule.QRESYNC)
    arguments.space()
    modseq = arguments.modseq()
    known: UIDSet | None = None
    if arguments.step(b" "):
        if arguments.peek() != b"(":
            known = _known_uids(arguments)
            if arguments.step(b" "):
                _check_match(arguments)
        else:
            _check_match(arguments)
    arguments.expect(b")")
    return validity, modseq, known


def _known_uids(arguments: Arguments) -> UIDSet:
    if b"*" in arguments.set_text():
        raise ViolationError("'*' in known UIDs (RFC 7162 section 3.2.5)", Rule.QRESYNC)
    return UIDSet.from_ranges(arguments.numbers(UIDSet, MAX_NUMBER).ranges)


def _check_match(arguments: Arguments) -> None:
    arguments.expect(b"(")
    numbers = _ascending(arguments)
    arguments.space()
    uids = _ascending(arguments)
    arguments.expect(b")")
    if len(numbers) != len(uids):
        raise ViolationError(
            f"{len(numbers)} numbers matched with {len(uids)} UIDs (RFC 7162 section 3.2.5.2)",
            Rule.QRESYNC,
        )


def _ascending(arguments: Arguments) -> UIDSet | SeqSet:
    text = arguments.set_text().decode("ascii")
    ends = [int(end) for end in text.replace(":", ",").split(",") if end.isdigit()]
    if "*" in text or ends != sorted(set(ends)):
        raise ViolationError(
            f"{text} is not in ascending order, or has '*' (RFC 7162 section 3.2.5.2)",
            Rule.QRESYNC,
        )
    return arguments.numbers(UIDSet, MAX_NUMBER)


def _resynchronize(client: Connection, view: Selected, modseq: int, known: UIDSet | None) -> None:
    """Tell what changed since (:rfc:`7162#section-3.2.5`)."""
    gone = UIDSet(uid for at, uid in view.mailbox.vanished if at > modseq)
    if known is not None:
        gone &= known
    if gone:
        client.untagged(f"VANISHED (EARLIER) {gone}")
    for message in view.messages:
        if message.modseq > modseq and (known is None or message.uid in known):
            flags = " ".join(sorted(message.flags))
            items = f"UID {message.uid} FLAGS ({flags}) MODSEQ ({message.modseq})"
            client.tell_message(message, items.encode("utf-8"))
