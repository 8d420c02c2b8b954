"""APPEND and REPLACE (:rfc:`9051#section-6.3.12`, :rfc:`3502`, :rfc:`4469`, :rfc:`8508`)."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import unquote

import attrs

from aimap._model.flag import Flag
from aimap._model.numbers import UIDSet
from aimap.testing._connection import Connection
from aimap.testing._describe import section
from aimap.testing._grammar import Arguments
from aimap.testing._mime import parse_message
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import Account, StoredMailbox

# imessagepart without a server (RFC 5092 section 7.2)
_URL = re.compile(
    r"/([^/;?#]+)(?:;UIDVALIDITY=([0-9]+))?/;UID=([0-9]+)(?:/;SECTION=([^/;]+))?", re.IGNORECASE
)


@attrs.frozen
class _Upload:
    octets: bytes
    flags: list[Flag]
    date: datetime | None


async def append(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    uploads = [_upload(client, arguments)]
    while not arguments.at_end:
        if not client.offers("MULTIAPPEND"):
            raise ViolationError(
                "more behind a message, without MULTIAPPEND (RFC 3502)", Rule.MULTIAPPEND
            )
        uploads.append(_upload(client, arguments))
    _check_uploads(client, uploads)
    mailbox = _target(client, name)
    added = [mailbox.add(each.octets, each.flags, each.date).uid for each in uploads]
    if client.offers("UIDPLUS"):
        client.done_code = f"APPENDUID {mailbox.uid_validity} {UIDSet(added)}"


async def replace(client: Connection, arguments: Arguments, *, by_uid: bool) -> None:
    view = client.selected
    numbers = view.numbers(arguments, by_uid=by_uid)
    arguments.space()
    name = arguments.mailbox()
    upload = _upload(client, arguments)
    arguments.end()
    if len(numbers) != 1:
        raise ViolationError(f"{numbers} replaced, not one message (RFC 8508 section 3.1)")
    source = view.writable()
    _check_uploads(client, [upload])
    mailbox = _target(client, name)
    chosen = [message for _, message in view.chosen(numbers)]
    if not chosen:
        raise RefusalError("there is no such message", "NONEXISTENT")
    added = mailbox.add(upload.octets, upload.flags, upload.date)
    client.untagged(f"OK [APPENDUID {mailbox.uid_validity} {added.uid}] replaced")
    source.expunge(chosen)


def _target(client: Connection, name: str) -> StoredMailbox:
    assert client.account is not None
    mailbox = client.account.mailbox(name)
    if mailbox is None:
        raise RefusalError("there is no such mailbox", "TRYCREATE")
    return mailbox


def _upload(client: Connection, arguments: Arguments) -> _Upload:
    arguments.space()
    flags: list[Flag] = []
    date = None
    if arguments.peek() == b"(":
        flags = arguments.flags()
        arguments.space()
    if arguments.peek() == b'"':
        date = arguments.date_time()
        arguments.space()
    if arguments.step_word(b"CATENATE"):
        if not client.offers("CATENATE"):
            raise ViolationError("CATENATE is not offered (RFC 4469)", Rule.CATENATE)
        octets = b"".join(_part(client, arguments) for _ in arguments.listed())
    else:
        octets = _message(client, arguments)
    return _Upload(octets, flags, date)


def _check_uploads(client: Connection, uploads: list[_Upload]) -> None:
    if not all(upload.octets for upload in uploads):
        raise ViolationError(
            "a message of no octets, which cancels all of them (RFC 3502 section 6.3.11)",
            Rule.MULTIAPPEND,
        )
    headers = b"".join(parse_message(upload.octets).header for upload in uploads)
    if client.offers("UTF8=ACCEPT") and not client.utf8 and not headers.isascii():
        raise RefusalError(
            "8-bit octets in a header before ENABLE UTF8=ACCEPT (RFC 9755 section 4)",
            "CANNOT",
            rule=Rule.HEADER_8BIT,
        )


def _message(client: Connection, arguments: Arguments) -> bytes:
    literal = arguments.literal()
    if literal is None:
        raise ViolationError("a literal was expected (RFC 9051 section 6.3.12)")
    octets, eight = literal
    if eight and not (client.offers("BINARY") or client.offers("IMAP4REV2") or client.utf8):
        raise ViolationError("a literal8 without BINARY (RFC 3516 section 4.4)", Rule.LITERAL8)
    return octets


def _part(client: Connection, arguments: Arguments) -> bytes:
    kind = arguments.atom()
    arguments.space()
    if kind == "TEXT":
        return _message(client, arguments)
    if kind != "URL":
        raise ViolationError(f"CATENATE takes TEXT and URL, not {kind} (RFC 4469)", Rule.CATENATE)
    url = arguments.astring().decode("ascii", "replace")
    match = _URL.fullmatch(url)
    if match is None:
        raise ViolationError(
            f"{url} is not an absolute path to a message (RFC 5092 section 7.2)", Rule.CATENATE
        )
    assert client.account is not None
    octets = _resolved(client.account, match)
    if octets is None:
        raise RefusalError("there is nothing at that URL", f'BADURL "{url}"')
    return octets


def _resolved(account: Account, url: re.Match[str]) -> bytes | None:
    mailbox = account.mailbox(unquote(url[1]))
    if mailbox is None or (url[2] and int(url[2]) != mailbox.uid_validity):
        return None
    message = mailbox.find(int(url[3]))
    if message is None:
        return None
    return section(message.part, unquote(url[4] or "").encode("ascii", "replace"))
