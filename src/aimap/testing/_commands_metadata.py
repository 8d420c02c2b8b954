"""Annotations of mailboxes and of the server (:rfc:`5464`)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from aimap.testing._commands_mailboxes import require, wire_name
from aimap.testing._connection import Connection
from aimap.testing._describe import literal, nstring
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError

MAX_OCTETS = 1024 * 1024

_ENTRY = re.compile(r"/(?:private|shared)(?:/[^/*%\x00-\x1f\x7f]+)+", re.IGNORECASE)


def _entries(client: Connection, name: str) -> dict[str, bytes]:
    assert client.account is not None
    if not name:
        return client.account.entries
    if not client.offers("METADATA"):
        raise ViolationError(
            f"metadata of {name!r}, where METADATA-SERVER alone is offered (RFC 5464 section 1)",
            Rule.METADATA,
        )
    return require(client, name).entries


def entry_name(arguments: Arguments) -> str:
    """Read the name of an entry.

    Raises:
        ViolationError: if it is none.
    """
    octets = arguments.astring()
    name = octets.decode("ascii", "backslashreplace")
    if not octets.isascii() or not _ENTRY.fullmatch(name):
        raise ViolationError(
            f"{name!r} is not an entry below /private or /shared (RFC 5464 section 3.1)",
            Rule.METADATA,
        )
    return name.lower()


def _mailbox(arguments: Arguments) -> str:
    if arguments.peek(2) == b'""':
        arguments.pos += 2
        return ""
    return arguments.mailbox()


async def set_metadata(client: Connection, arguments: Arguments) -> None:
    name = _mailbox(arguments)
    arguments.space()
    values: dict[str, bytes | None] = {}
    for _ in arguments.listed():
        entry = entry_name(arguments)
        arguments.space()
        values[entry] = arguments.value()
    arguments.end()
    _entries(client, name)
    too_big = max((len(value) for value in values.values() if value is not None), default=0)
    if too_big > MAX_OCTETS:
        raise RefusalError("a value that is too large", f"METADATA MAXSIZE {MAX_OCTETS}")
    assert client.account is not None
    (require(client, name) if name else client.account).set_entries(values)


async def get_metadata(client: Connection, arguments: Arguments) -> None:
    depth, largest = 0.0, math.inf
    if arguments.peek() == b"(":
        depth, largest = _options(arguments)
        arguments.space()
    name = _mailbox(arguments)
    arguments.space()
    asked = _asked(arguments)
    arguments.end()
    found = _entries(client, name)
    meant = [e for e in sorted(found) if any(_below(e, each, depth) for each in asked)]
    small = {entry: found[entry] for entry in meant if len(found[entry]) <= largest}
    if small:
        send_metadata(client, name, small)
    longest = max((len(found[entry]) for entry in meant), default=0)
    if longest > largest:
        # RFC 5464 section 4.2.1
        client.done_code = f"METADATA LONGENTRIES {longest}"


def send_metadata(client: Connection, name: str, values: Mapping[str, bytes | None]) -> None:
    """Queue a METADATA response."""
    shown = wire_name(client, name).encode("utf-8") if name else b'""'
    pairs = [nstring(e.encode("ascii")) + b" " + _value(value) for e, value in values.items()]
    client.send(b"* METADATA %s (%s)\r\n" % (shown, b" ".join(pairs)))


def _asked(arguments: Arguments) -> list[str]:
    if arguments.peek() != b"(":
        return [entry_name(arguments)]
    if re.match(rb"\((?:DEPTH|MAXSIZE) ", arguments.peek(9), re.IGNORECASE):
        raise ViolationError(
            "options behind the mailbox of GETMETADATA, not before it (RFC 5464 section 5)",
            Rule.METADATA,
        )
    return [entry_name(arguments) for _ in arguments.listed()]


def _options(arguments: Arguments) -> tuple[float, float]:
    depth, largest = 0.0, math.inf
    for _ in arguments.listed():
        option = arguments.atom()
        arguments.space()
        if option == "MAXSIZE":
            largest = arguments.number()
            continue
        word = arguments.atom()
        if option != "DEPTH" or word not in ("0", "1", "INFINITY"):
            raise ViolationError(
                f"no option {option} {word} of GETMETADATA (RFC 5464 section 4.2)", Rule.METADATA
            )
        depth = math.inf if word == "INFINITY" else int(word)
    return depth, largest


def _below(entry: str, asked: str, depth: float) -> bool:
    if entry == asked:
        return True
    return entry.startswith(asked + "/") and entry[len(asked) :].count("/") <= depth


def _value(value: bytes | None) -> bytes:
    if value is not None and b"\0" in value:
        return b"~" + literal(value)
    return nstring(value)
