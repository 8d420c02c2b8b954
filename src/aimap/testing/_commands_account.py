"""Commands about the connection, the login and the mailboxes (:rfc:`9051#section-6`)."""

from __future__ import annotations

import re
from base64 import b64encode

import trio

from aimap._nursery import open_private_nursery
from aimap._wire.utf7 import encode_mailbox_name
from aimap.testing._connection import SYSTEM_FLAGS, Connection, RefusalError
from aimap.testing._describe import nstring
from aimap.testing._grammar import Arguments, ViolationError
from aimap.testing._logins import check_password, decode_response, exchange
from aimap.testing._store import DELIMITER, StoredMailbox


async def capability(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.untagged(f"CAPABILITY {client.capability_words()}")


async def noop(client: Connection, arguments: Arguments) -> None:
    arguments.end()


async def logout(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.untagged("BYE logging out")
    client.logged_out = True


async def compress(client: Connection, arguments: Arguments) -> None:
    """COMPRESS (:rfc:`4978#section-3`)."""
    mechanism = arguments.atom()
    arguments.end()
    if mechanism != "DEFLATE" or client.compressed:
        raise ViolationError("there is DEFLATE, and that only once (RFC 4978 section 3)")


async def starttls(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    if client.secure or not client.server.offers_starttls:
        raise ViolationError("STARTTLS is not offered (RFC 9051 section 6.2.1)")
    client.done_text = "begin TLS now"


async def login(client: Connection, arguments: Arguments) -> None:
    user = arguments.astring()
    arguments.space()
    password = arguments.astring()
    arguments.end()
    if not client.may_log_in or not client.server.logins.command:
        raise ViolationError("LOGIN where LOGINDISABLED (RFC 3501 section 6.2.3)")
    names = user.decode("utf-8", "replace"), password.decode("utf-8", "replace")
    _log_in(client, check_password(client, *names))


def _log_in(client: Connection, user: str) -> None:
    client.user = user
    client.account = client.server.accounts[user]
    client.done_code = f"CAPABILITY {client.capability_words()}"
    client.done_text = "logged in"


async def authenticate(client: Connection, arguments: Arguments) -> None:
    mechanism = arguments.atom().upper()
    initial: bytes | None = None
    if arguments.step(b" "):
        if "SASL-IR" not in client.server.capabilities:
            raise ViolationError("an initial response without SASL-IR (RFC 4959)")
        initial = decode_response(arguments.data[arguments.pos :])
    if not client.may_log_in:
        raise ViolationError("AUTHENTICATE in clear where STARTTLS is offered (RFC 8314)")
    if mechanism not in client.server.logins.offered(secure=client.secure):
        raise RefusalError("no such mechanism", "CANNOT")
    talk = exchange(client, mechanism, initial=initial is not None)
    challenge = next(talk)
    try:
        if initial is not None:
            challenge = talk.send(initial)
        while True:
            client.send(b"+ %s\r\n" % b64encode(challenge))
            await client.flush()
            response = (await client.input.line()).removesuffix(b"\r\n")
            if response == b"*":
                raise ViolationError("AUTHENTICATE was called off")
            challenge = talk.send(decode_response(response))
    except StopIteration as done:
        _log_in(client, done.value)


async def enable(client: Connection, arguments: Arguments) -> None:
    if client.mailbox is not None:
        raise ViolationError("ENABLE with a mailbox selected (RFC 5161 section 3.1)")
    arguments.atom()
    while arguments.step(b" "):
        arguments.atom()
    arguments.end()
    client.untagged("ENABLED")


async def identify(client: Connection, arguments: Arguments) -> None:
    if not arguments.step(b"NIL"):
        arguments.expect(b"(")
        names: list[bytes] = []
        while not arguments.step(b")"):
            if names:
                arguments.space()
            names.append(arguments.string().lower())
            arguments.space()
            arguments.nstring()
        if len(names) > 30 or len(set(names)) < len(names):
            raise ViolationError("over 30 fields, or a field twice (RFC 2971 section 3.3)")
    arguments.end()
    client.untagged('ID ("name" "aimap test server")')


async def idle(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.send(b"+ idling\r\n")
    await client.flush()
    async with open_private_nursery() as nursery:
        nursery.start_soon(_push, client)
        line = await client.input.line()
    if line.upper() != b"DONE\r\n":
        raise ViolationError("anything but DONE in IDLE (RFC 2177)")


async def _push(client: Connection) -> None:
    while True:
        client.changed = trio.Event()
        client.tell_news(expunges=True)
        try:
            await client.flush()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            # Whoever reads from the client finds that it is gone, and ends the connection.
            return
        await client.changed.wait()


async def namespace(client: Connection, arguments: Arguments) -> None:
    arguments.end()
    client.untagged(f'NAMESPACE (("" "{DELIMITER}")) NIL NIL')


def _wire(name: str) -> str:
    return nstring(encode_mailbox_name(name)).decode("ascii")


def _require(client: Connection, name: str) -> StoredMailbox:
    assert client.account is not None
    found = client.account.mailbox(name)
    if found is None:
        raise RefusalError("there is no such mailbox", "NONEXISTENT")
    return found


async def create(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.end()
    assert client.account is not None
    if not name or name.startswith(DELIMITER) or DELIMITER * 2 in name:
        raise RefusalError("an empty name in the hierarchy", "CANNOT")
    if client.account.mailbox(name) is not None:
        raise RefusalError("it exists", "ALREADYEXISTS")
    client.account.create(name.rstrip(DELIMITER))


async def delete(client: Connection, arguments: Arguments) -> None:
    mailbox = _require(client, arguments.mailbox())
    arguments.end()
    assert client.account is not None
    if mailbox.name == "INBOX":
        raise RefusalError("INBOX cannot be deleted", "CANNOT")
    del client.account.mailboxes[mailbox.name]


async def rename(client: Connection, arguments: Arguments) -> None:
    mailbox = _require(client, arguments.mailbox())
    arguments.space()
    new = arguments.mailbox()
    arguments.end()
    account = client.account
    assert account is not None
    if account.mailbox(new) is not None:
        raise RefusalError("it exists", "ALREADYEXISTS")
    if mailbox.name == "INBOX":
        # RFC 9051 6.3.6: its messages move, and INBOX stays.
        target = account.create(new)
        for message in mailbox.messages:
            target.add(message.octets, message.flags, message.date)
        mailbox.expunge(list(mailbox.messages))
        return
    old = mailbox.name
    for name, each in list(account.mailboxes.items()):
        if name == old or name.startswith(old + DELIMITER):
            del account.mailboxes[name]
            each.name = new + name[len(old) :]
            account.mailboxes[each.name] = each


async def subscribe(client: Connection, arguments: Arguments) -> None:
    mailbox = _require(client, arguments.mailbox())
    arguments.end()
    mailbox.subscribed = True


async def unsubscribe(client: Connection, arguments: Arguments) -> None:
    mailbox = _require(client, arguments.mailbox())
    arguments.end()
    mailbox.subscribed = False


async def list_mailboxes(client: Connection, arguments: Arguments) -> None:
    reference, pattern = _patterns(arguments)
    if arguments.step(b" "):
        _return_options(client, arguments)
    arguments.end()
    if not pattern:
        client.untagged(f'LIST (\\Noselect) "{DELIMITER}" ""')
        return
    _answer(client, "LIST", reference + pattern, subscribed=False)


def _return_options(client: Connection, arguments: Arguments) -> None:
    if "LIST-EXTENDED" not in client.server.capabilities:
        raise ViolationError("RETURN without LIST-EXTENDED (RFC 5258)")
    if arguments.atom() != "RETURN":
        raise ViolationError("RETURN was expected (RFC 5258)")
    arguments.space()
    arguments.expect(b"(")
    seen: list[str] = []
    while not arguments.step(b")"):
        if seen:
            arguments.space()
        seen.append(arguments.atom())
        if seen[-1] not in ("CHILDREN", "SPECIAL-USE", "SUBSCRIBED"):
            raise ViolationError(f"no return option {seen[-1]} (RFC 5258)")


async def lsub(client: Connection, arguments: Arguments) -> None:
    reference, pattern = _patterns(arguments)
    arguments.end()
    _answer(client, "LSUB", reference + pattern, subscribed=True)


def _patterns(arguments: Arguments) -> tuple[str, str]:
    reference = arguments.list_mailbox()
    arguments.space()
    return reference, arguments.list_mailbox()


def _answer(client: Connection, word: str, pattern: str, *, subscribed: bool) -> None:
    assert client.account is not None
    parts = re.split(r"([*%])", pattern)
    wild = {"*": ".*", "%": f"[^{DELIMITER}]*"}
    matcher = re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)
    names = sorted(client.account.mailboxes)
    for name in names:
        mailbox = client.account.mailboxes[name]
        if not matcher.fullmatch(name) or (subscribed and not mailbox.subscribed):
            continue
        has_children = any(other.startswith(name + DELIMITER) for other in names)
        attributes = ["\\HasChildren" if has_children else "\\HasNoChildren"]
        if mailbox.special_use and "SPECIAL-USE" in client.server.capabilities:
            attributes.append(mailbox.special_use)
        client.untagged(f'{word} ({" ".join(attributes)}) "{DELIMITER}" {_wire(name)}')


async def status(client: Connection, arguments: Arguments) -> None:
    mailbox = _require(client, arguments.mailbox())
    arguments.space()
    arguments.expect(b"(")
    items: list[str] = []
    while not arguments.step(b")"):
        if items:
            arguments.space()
        items.append(arguments.atom())
    arguments.end()
    if not items or len(set(items)) < len(items):
        raise ViolationError("no STATUS item, or one twice (RFC 3501 section 6.3.10)")
    found = " ".join(f"{item} {_count(client, mailbox, item)}" for item in items)
    client.untagged(f"STATUS {_wire(mailbox.name)} ({found})")


def _count(client: Connection, mailbox: StoredMailbox, item: str) -> int:
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
            return sum("\\Seen" not in message.flags for message in messages)
        case "DELETED":
            return sum("\\Deleted" in message.flags for message in messages)
        case "SIZE" if "STATUS=SIZE" in client.server.capabilities:
            return sum(len(message.octets) for message in messages)
        case _:
            raise ViolationError(f"no STATUS item {item}")


async def select(client: Connection, arguments: Arguments) -> None:
    await _select(client, arguments, read_only=False)


async def examine(client: Connection, arguments: Arguments) -> None:
    await _select(client, arguments, read_only=True)


async def _select(client: Connection, arguments: Arguments, *, read_only: bool) -> None:
    name = arguments.mailbox()
    arguments.end()
    client.deselect()
    mailbox = _require(client, name)
    client.select(mailbox, read_only=read_only)
    flags = " ".join((*SYSTEM_FLAGS, *sorted(mailbox.keywords)))
    client.untagged(f"FLAGS ({flags})")
    permanent = "" if read_only else f"{flags} \\*"
    client.untagged(f"OK [PERMANENTFLAGS ({permanent})] can be changed for good")
    client.untagged(f"{len(client.messages)} EXISTS")
    client.untagged("0 RECENT")
    unseen = next((n for n, m in enumerate(client.messages, 1) if "\\Seen" not in m.flags), None)
    if unseen is not None:
        client.untagged(f"OK [UNSEEN {unseen}] is the first unseen")
    client.untagged(f"OK [UIDVALIDITY {mailbox.uid_validity}] UIDs are valid")
    client.untagged(f"OK [UIDNEXT {mailbox.uid_next}] is the next UID")
    client.done_code = "READ-ONLY" if read_only else "READ-WRITE"


async def append(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    arguments.space()
    flags: list[str] = []
    date = None
    if arguments.peek() == b"(":
        flags = list(arguments.flags())
        arguments.space()
    if arguments.peek() == b'"':
        date = arguments.date_time()
        arguments.space()
    literal = arguments.literal()
    if literal is None or literal[1]:
        raise ViolationError("a literal was expected (RFC 3501 section 6.3.11)")
    arguments.end()
    if not literal[0]:
        raise ViolationError("a message of no octets (RFC 3502)")
    assert client.account is not None
    mailbox = client.account.mailbox(name)
    if mailbox is None:
        raise RefusalError("there is no such mailbox", "TRYCREATE")
    message = mailbox.add(literal[0], flags, date)
    if "UIDPLUS" in client.server.capabilities:
        client.done_code = f"APPENDUID {mailbox.uid_validity} {message.uid}"
