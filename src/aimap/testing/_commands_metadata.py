"""Annotations of mailboxes and of the server (:rfc:`5464`)."""

from __future__ import annotations

import math
import re

from aimap.testing._commands_mailboxes import require, wire_name
from aimap.testing._connection import Connection
from aimap.testing._describe import literal, nstring
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError

_ENTRY = re.compile(r"/(?:private|shared)(?:/[^/*%\x00-\x1f\x7f]+)+", re.IGNORECASE)


def _entries(client: Connection, name: str) -> dict[str, bytes]:
    assert client.account is not None
    return require(client, name).entries if name else client.account.entries


def _entry(arguments: Arguments) -> str:
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
        entry = _entry(arguments)
        arguments.space()
        values[entry] = arguments.value()
    arguments.end()
    entries = _entries(client, name)
    for entry, value in values.items():
        if value is None:
            entries.pop(entry, None)
        else:
            entries[entry] = value


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
    values = [
        nstring(entry.encode("ascii")) + b" " + _value(found[entry])
        for entry in sorted(found)
        if len(found[entry]) <= largest and any(_below(entry, each, depth) for each in asked)
    ]
    if values:
        shown = wire_name(client, name).encode("utf-8") if name else b'""'
        client.send(b"* METADATA %s (%s)\r\n" % (shown, b" ".join(values)))


def _asked(arguments: Arguments) -> list[str]:
    if arguments.peek() != b"(":
        return [_entry(arguments)]
    if re.match(rb"\((?:DEPTH|MAXSIZE) ", arguments.peek(9), re.IGNORECASE):
        raise ViolationError(
            "options behind the mailbox of GETMETADATA, not before it (RFC 5464 section 5)",
            Rule.METADATA,
        )
    return [_entry(arguments) for _ in arguments.listed()]


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


def _value(value: bytes) -> bytes:
    if b"\0" in value:
        return b"~" + literal(value)
    return nstring(value)
