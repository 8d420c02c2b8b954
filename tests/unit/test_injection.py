"""What a user's values may do to what is sent: nothing (I8). Each under its attack's name.

A hostile value is refused before anything is sent, or the command holds it as one value:
a strict reader that knows nothing of the encoder finds as many tokens as for a harmless one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import aimap
from aimap import InvalidArgumentError, UIDSet
from aimap._commands.base import Command
from aimap._wire.encoder import Dialect, Encoder
from aimap.commands import (
    Append,
    Copy,
    Create,
    Delete,
    Enable,
    Fetch,
    GetMetadata,
    Id,
    List,
    Login,
    Lsub,
    Move,
    Rename,
    Search,
    Select,
    SetAcl,
    SetMetadata,
    SetQuota,
    Status,
    Store,
    Subscribe,
)

from .reader import Bare, Text, Token, read

HARMLESS = {"FETCH section": "TEXT", "SETACL rights": "l", "STATUS item": "UIDNEXT"}
"""What is not refused, where not every word is good."""

COMMANDS: dict[str, Callable[[str], Command[Any]]] = {
    "SELECT": Select,
    "CREATE": Create,
    "DELETE": Delete,
    "SUBSCRIBE": Subscribe,
    "RENAME from": lambda value: Rename(value, "x"),
    "RENAME to": lambda value: Rename("x", value),
    "STATUS": lambda value: Status(value, ["MESSAGES"]),
    "STATUS item": lambda value: Status("x", [value]),
    "LIST": lambda value: List(value),
    "LIST reference": lambda value: List("*", value),
    "LSUB": Lsub,
    "APPEND": lambda value: Append(value, b"hello"),
    "APPEND flag": lambda value: Append("x", b"hello", flags=[value]),
    "COPY": lambda value: Copy(UIDSet(1), value),
    "MOVE": lambda value: Move(UIDSet(1), value),
    "STORE flag": lambda value: Store(UIDSet(1), "+", [value]),
    "FETCH section": lambda value: Fetch(UIDSet(1), [aimap.items.BODY_PEEK(value)], print),
    "SEARCH text": lambda value: Search(aimap.SUBJECT(value), extended=False),
    "SEARCH header": lambda value: Search(aimap.HEADER(value, "x"), extended=False),
    "SEARCH header text": lambda value: Search(aimap.HEADER("x", value), extended=False),
    "SEARCH keyword": lambda value: Search(aimap.KEYWORD(value), extended=False),
    "LOGIN user": lambda value: Login(value, "x"),
    "LOGIN password": lambda value: Login("x", value),
    "ID field": lambda value: Id({value: "x"}),
    "ID value": lambda value: Id({"x": value}),
    "ENABLE": Enable,
    "SETACL who": lambda value: SetAcl("x", value, "l"),
    "SETACL rights": lambda value: SetAcl("x", "joe", value),
    "SETQUOTA root": lambda value: SetQuota(value, {"STORAGE": 1}),
    "SETQUOTA resource": lambda value: SetQuota("x", {value: 1}),
    "GETMETADATA entry": lambda value: GetMetadata("x", "/shared/" + value),
    "SETMETADATA entry": lambda value: SetMetadata("x", {"/shared/" + value: b"x"}),
    "SETMETADATA value": lambda value: SetMetadata(
        "x", {"/shared/x": value.encode("utf-8", "replace")}
    ),
}
DIALECTS = [
    Dialect(),
    Dialect(literal_plus=True),
    Dialect(literal_minus=True, binary=True),
    Dialect(utf8=True, literal_plus=True, binary=True),
    Dialect(rev2=True, utf8=True, literal_minus=True, binary=True),
]

each_command = pytest.mark.parametrize("name", list(COMMANDS))


def shape(tokens: list[Token]) -> list[object]:
    """Return what a command is, without what its values are."""
    return [shape(token) if isinstance(token, list) else "value" for token in tokens]


def texts(tokens: list[Token]) -> list[bytes]:
    found: list[bytes] = []
    for token in tokens:
        if isinstance(token, list):
            found += texts(token)
        else:
            found.append(token.value if isinstance(token, Text) else token.text.encode())
    return found


def written(command: Command[Any], dialect: Dialect) -> list[Token]:
    wire = Encoder(dialect)
    command.write(wire)
    return read([part for part in wire.parts() if isinstance(part, bytes)], dialect)


def holds_as_one(name: str, value: str) -> int:
    """See that a command holds a value as one, or not at all; return how often it did."""
    make, held = COMMANDS[name], 0
    for dialect in DIALECTS:
        try:
            tokens = written(make(value), dialect)
        except InvalidArgumentError:
            continue
        held += 1
        rest = [token for token in tokens if token not in (Bare("CHARSET"), Bare("UTF-8"))]
        assert shape(rest) == shape(written(make(HARMLESS.get(name, "abc")), dialect))
    return held


@each_command
@pytest.mark.parametrize(
    "value",
    ['x"\r\nX1 DELETE INBOX', "x\r\nX1 DELETE INBOX", "\r\n", "x\n", "\r", "x\\\r\n", "é\r\n"],
)
def test_argument_crlf(name: str, value: str) -> None:
    holds_as_one(name, value)


@each_command
@pytest.mark.parametrize("value", ["a\0b", "\0"])
def test_argument_nul(name: str, value: str) -> None:
    for dialect in DIALECTS:
        try:
            tokens = written(COMMANDS[name](value), dialect)
        except InvalidArgumentError:
            continue
        # Where it is legal: in a literal8.
        assert name == "SETMETADATA value"
        assert isinstance(tokens[-1], list)
        assert tokens[-1][-1] == Text(value.encode(), "literal8")


@each_command
@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_argument_nul_and_what_is_no_text(name: str, value: str) -> None:
    if name == "SETMETADATA value":
        return  # these are octets
    for dialect in DIALECTS:
        with pytest.raises(InvalidArgumentError):
            written(COMMANDS[name](value), dialect)


@each_command
@pytest.mark.parametrize("value", ["x {9}", "x{9+}", "{9}", "~{9}", "{9}\r\n", "x {9}\r\nNOOP"])
def test_argument_literal_tail(name: str, value: str) -> None:
    holds_as_one(name, value)


@each_command
@pytest.mark.parametrize(
    "value",
    ["1-Jan-2026 ALL", "\\Seen) X", "a b", "a)", "(a", "a (b", '"a" "b"', '"', "\\", "a\\", "NIL",
     "*", "%", "1:*", "$", "a]", "TEXT] BODY[", "]<0.1>", "a\tb", "\x7f", "", " ", "a,b", "/../x"],
)  # fmt: skip
def test_argument_key_injection(name: str, value: str) -> None:
    holds_as_one(name, value)


def test_values_are_not_all_refused() -> None:
    # Else the tests above would say nothing.
    for name in ("SELECT", "LIST", "SEARCH text", "LOGIN password", "ID value"):
        for value in ("a b", 'a"b', "x {9}", "a)", "NIL"):
            assert holds_as_one(name, value) == len(DIALECTS), (name, value)
    for dialect in DIALECTS:
        held = texts(written(Login("x", 'x"\r\nX1 NOOP'), dialect))
        assert held == [b"LOGIN", b"x", b'x"\r\nX1 NOOP']
