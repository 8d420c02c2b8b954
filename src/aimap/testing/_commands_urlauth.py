"""URLs that let others fetch a message (:rfc:`4467`, :rfc:`5524`)."""

from __future__ import annotations

import hmac

from aimap.testing._commands_mailboxes import require
from aimap.testing._connection import Connection
from aimap.testing._describe import body_structure, decoded, literal, nstring
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._urls import MessageURL, parse_url, token_for

_MECHANISM = "INTERNAL"
_ITEMS = ("BODY", "BINARY", "BODYPARTSTRUCTURE")


def _url(arguments: Arguments) -> str:
    return arguments.astring().decode("ascii", "replace")


def _broken(text: str) -> ViolationError:
    return ViolationError(text, Rule.URLAUTH)


async def reset_key(client: Connection, arguments: Arguments) -> None:
    assert client.account is not None
    if arguments.at_end:
        for mailbox in client.account.mailboxes.values():
            mailbox.access_key = ""
        client.done_text = "all keys removed"
        return
    mailbox = require(client, arguments.mailbox())
    while arguments.step(b" "):
        if arguments.atom() != _MECHANISM:
            raise RefusalError("there is no such mechanism", "CANNOT")
    arguments.end()
    mailbox.access_key = ""
    client.done_code = f"URLMECH {_MECHANISM}"


async def gen_url_auth(client: Connection, arguments: Arguments) -> None:
    client.answer_is_alike = True
    found: list[bytes] = []
    while True:
        text = _url(arguments)
        arguments.space()
        mechanism = arguments.atom()
        url = parse_url(text)
        if url is None or url.is_path or url.token:
            raise _broken(f"{text} is no URL of a message (RFC 4467 section 7)")
        if not url.owner:
            raise _broken(f"no owner in {text} (RFC 4467 section 7)")
        if not url.names_access:
            raise _broken(f"nobody may use {text} (RFC 4467 section 7)")
        if mechanism != _MECHANISM:
            raise RefusalError("there is no such mechanism", "CANNOT")
        found.append(nstring(_signed(client, url).encode("ascii")))
        if arguments.at_end:
            break
        arguments.space()
    client.send(b"* GENURLAUTH %s\r\n" % b" ".join(found))


def _signed(client: Connection, url: MessageURL) -> str:
    assert client.account is not None
    if url.owner != client.user:
        raise RefusalError("the mailbox is not yours", "NOPERM")
    mailbox = url.box(client.account)
    if mailbox is None:
        raise _broken(f"no mailbox is at {url.text} (RFC 4467 section 7)")
    return f"{url.text}:internal:{token_for(mailbox, url.text)}"


async def url_fetch(client: Connection, arguments: Arguments) -> None:
    client.answer_is_alike = True
    found: list[bytes] = []
    while True:
        items: list[str] = []
        if client.offers("URLAUTH=BINARY") and arguments.step(b"("):
            text = _url(arguments)
            while not arguments.step(b")"):
                arguments.space()
                items.append(arguments.atom())
                if items[-1] not in _ITEMS:
                    raise _broken(f"no item {items[-1]} of URLFETCH (RFC 5524 section 5)")
        else:
            text = _url(arguments)
        shown = _extended(client, text, items) if items else nstring(_body(client, text))
        found.append(nstring(text.encode("ascii", "replace")) + b" " + shown)
        if arguments.at_end:
            break
        arguments.space()
    client.send(b"* URLFETCH %s\r\n" % b" ".join(found))


def _checked(client: Connection, text: str) -> MessageURL | None:
    """Return a URL if this client may use it."""
    url = parse_url(text)
    owner = None if url is None else client.server.accounts.get(url.owner)
    mailbox = None if url is None or owner is None else url.box(owner)
    if url is None or mailbox is None or not mailbox.access_key or not url.token:
        return None
    if not hmac.compare_digest(token_for(mailbox, url.rump), url.token.lower()):
        return None
    return url if url.may_be_used(client.user) else None


def _body(client: Connection, text: str) -> bytes | None:
    url = _checked(client, text)
    return None if url is None else url.octets(client.server.accounts[url.owner])


def _extended(client: Connection, text: str, items: list[str]) -> bytes:
    """Return what the items ask for (:rfc:`5524#section-3`); NIL for what is not to be had."""
    url = _checked(client, text)
    part = None if url is None else url.part(client.server.accounts[url.owner])
    if part is None:
        return b" ".join(b"(%s NIL)" % item.encode() for item in items)
    found: list[bytes] = []
    for item in items:
        match item:
            case "BODY":
                value = nstring(_body(client, text))
            case "BINARY":
                octets = decoded(part)
                value = b"NIL" if octets is None else b"~" + literal(octets)
            case _:
                value = body_structure(part, extended=True)
        found.append(b"(%s %s)" % (item.encode(), value))
    return b" ".join(found)
