"""APPEND and REPLACE (:rfc:`9051#section-6.3.12`, :rfc:`3502`, :rfc:`4469`, :rfc:`8508`)."""

from __future__ import annotations

from datetime import datetime

import attrs

from aimap._model.flag import Flag
from aimap._model.numbers import UIDSet
from aimap.testing._annotations import annotate, values_to_store
from aimap.testing._capabilities import limit_of
from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._limits import check_room, target
from aimap.testing._mime import parse_message
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import StoredMailbox, StoredMessage
from aimap.testing._urls import parse_url


@attrs.frozen
class _Upload:
    octets: bytes
    flags: list[Flag]
    date: datetime | None
    annotations: dict[str, dict[str, bytes | None]]

    def into(self, mailbox: StoredMailbox) -> StoredMessage:
        """Store it."""
        message = mailbox.add(self.octets, self.flags, self.date)
        annotate(message, self.annotations)
        return message


async def append(client: Connection, arguments: Arguments) -> None:
    name = arguments.mailbox()
    uploads = [_upload(client, arguments)]
    while not arguments.at_end:
        if not client.offers("MULTIAPPEND"):
            raise ViolationError(
                "more behind a message, without MULTIAPPEND (RFC 3502)", Rule.MULTIAPPEND
            )
        uploads.append(_upload(client, arguments))
    mailbox = target(client, name)
    _check_uploads(client, uploads, mailbox)
    added = [each.into(mailbox).uid for each in uploads]
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
    mailbox = target(client, name)
    _check_uploads(client, [upload], mailbox)
    chosen = [message for _, message in view.chosen(numbers)]
    if not chosen:
        raise RefusalError("there is no such message", "NONEXISTENT")
    added = upload.into(mailbox)
    client.untagged(f"OK [APPENDUID {mailbox.uid_validity} {added.uid}] replaced")
    source.expunge(chosen)


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
    annotations: dict[str, dict[str, bytes | None]] = {}
    if client.offers("ANNOTATE-EXPERIMENT-1") and arguments.step_word(b"ANNOTATION"):
        annotations = values_to_store(arguments)
        arguments.space()
    if arguments.step_word(b"CATENATE"):
        if not client.offers("CATENATE"):
            raise ViolationError("CATENATE is not offered (RFC 4469)", Rule.CATENATE)
        octets = b"".join(_part(client, arguments) for _ in arguments.listed())
    else:
        octets = _message(client, arguments)
    return _Upload(octets, flags, date, annotations)


def _check_uploads(client: Connection, uploads: list[_Upload], mailbox: StoredMailbox) -> None:
    if not all(upload.octets for upload in uploads):
        raise ViolationError(
            "a message of no octets, which cancels all of them (RFC 3502 section 6.3.11)",
            Rule.MULTIAPPEND,
        )
    limit = mailbox.append_limit or limit_of("APPENDLIMIT", client.server.capabilities)
    largest = max(len(upload.octets) for upload in uploads)
    if limit is not None and largest > limit:
        raise RefusalError(
            f"a message of {largest} octets, over APPENDLIMIT, which is {limit} "
            "(RFC 7889 section 4)",
            "TOOBIG",
            rule=Rule.APPEND_LIMIT,
        )
    for name in ("MESSAGELIMIT", "SAVELIMIT"):
        most = limit_of(name, client.server.capabilities)
        if most is not None and len(uploads) > most:
            # RFC 9738 section 3.1: all or nothing (RFC 3502), so nothing.
            raise RefusalError("too many messages at once", f"MESSAGELIMIT {most}")
    check_room(client, [upload.octets for upload in uploads])
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
    if eight and not (client.offers("BINARY") or client.utf8):
        raise ViolationError("a literal8 without BINARY (RFC 3516 section 4.4)", Rule.LITERAL8)
    return octets


def _part(client: Connection, arguments: Arguments) -> bytes:
    kind = arguments.atom()
    arguments.space()
    if kind == "TEXT":
        return _message(client, arguments)
    if kind != "URL":
        raise ViolationError(f"CATENATE takes TEXT and URL, not {kind} (RFC 4469)", Rule.CATENATE)
    text = arguments.astring().decode("ascii", "replace")
    url = parse_url(text)
    if url is None or not url.is_path:
        raise ViolationError(
            f"{text} is not an absolute path to a message (RFC 5092 section 7.2)", Rule.CATENATE
        )
    if url.window is not None and not client.offers("URL-PARTIAL"):
        raise ViolationError(f"{text} with PARTIAL (RFC 5550 section 2.3)", Rule.CATENATE)
    assert client.account is not None
    octets = url.octets(client.account)
    if octets is None:
        raise RefusalError("there is nothing at that URL", f'BADURL "{text}"')
    return octets
