"""Accounts and faults from TOML files, for the embedded server.

Every mistake in them is told with the place where it is, and what would be right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from aimap._errors import InvalidArgumentError
from aimap.testing._faults import Drip, Drop, Fault, Insert, Repeat, Stall
from aimap.testing._scripts import (
    Action,
    Change,
    Chunk,
    Close,
    Delay,
    Hold,
    Ignore,
    On,
    Send,
    Strings,
    Truncate,
    nearest,
)
from aimap.testing._server import Server
from aimap.testing._trees import crlf

_Table = Mapping[str, object]

_MATCHERS = (
    "command", "tag", "session", "state", "text", "nth", "times", "chance", "seed", "seconds",
)  # fmt: skip


def _chunk(value: object) -> Chunk:
    if isinstance(value, Mapping):
        table = cast("_Table", value)
        _check_keys(table, ("size", "seconds"), "a chunk")
        return Chunk(**table)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return Chunk(cast("int", value))


def _change(value: object) -> Change:
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or len(cast("Sequence[str]", value)) != 2
    ):
        raise InvalidArgumentError(f"change takes a pattern and what replaces it, not {value!r}")
    pattern, by = cast("Sequence[str]", value)
    return Change(pattern, by)


_ACTIONS: dict[str, Callable[[object], Action]] = {
    "send": lambda value: Send(str(value)),
    "ignore": lambda _: Ignore(),
    "change": _change,
    "strings": lambda value: Strings(cast("str", value)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    "hold": lambda value: Hold(cast("str", value)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    "delay": lambda value: Delay(cast("float", value)),
    "chunk": _chunk,
    "truncate": lambda value: Truncate(cast("int", value)),
    "close": lambda _: Close(),
    "reset": lambda _: Close(reset=True),
}
_AT_OCTETS: dict[str, tuple[type[Fault], tuple[str, ...]]] = {
    "drop": (Drop, ("reset",)),
    "stall": (Stall, ("seconds",)),
    "drip": (Drip, ("size", "seconds")),
    "insert": (Insert, ("octets", "times")),
    "repeat": (Repeat, ("times",)),
}


def load_faults(path: str | Path) -> list[Fault | On]:
    """Read faults from a TOML file.

    ``[[on]]`` has ``event``, the matchers of :class:`On`, and ``do``, a list of actions such
    as ``{ delay = 5 }`` or ``{ close = true }``. ``[[drop]]``, ``[[stall]]``, ``[[drip]]``,
    ``[[insert]]`` and ``[[repeat]]`` are the faults of that name; ``after`` is a number of
    octets, or a regular expression.

    Args:
        path: the file.

    Raises:
        InvalidArgumentError: if something in it is wrong; it says where.
        OSError: if it cannot be read.
    """
    table = _read(Path(path))
    _check_keys(table, ("on", *_AT_OCTETS), str(path))
    found: list[Fault | On] = []
    for kind, entries in table.items():
        for number, entry in enumerate(_tables(entries, f"{path}: [[{kind}]]"), 1):
            where = f"{path}: [[{kind}]] number {number}"
            try:
                found.append(_on(entry) if kind == "on" else _at_octets(kind, entry))
            except (InvalidArgumentError, TypeError) as error:
                raise InvalidArgumentError(f"{where}: {error}") from None
    return found


def _read(path: Path) -> _Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{path}: not TOML: {error}") from None


def _tables(value: object, where: str) -> list[_Table]:
    if isinstance(value, list) and all(
        isinstance(each, Mapping) for each in cast("list[object]", value)
    ):
        return cast("list[_Table]", value)
    raise InvalidArgumentError(f"{where} is a list of tables, not {value!r}")


def _check_keys(table: _Table, known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise InvalidArgumentError(f"{where}: {nearest(key, known, 'key')}")


def _on(entry: _Table) -> On:
    _check_keys(entry, ("event", "do", *_MATCHERS), "on")
    actions: list[Action] = []
    for each in _tables(entry.get("do", []), "do"):
        for name, value in each.items():
            if name not in _ACTIONS:
                raise nearest(name, _ACTIONS, "action")
            actions.append(_ACTIONS[name](value))
    matchers = {key: value for key, value in entry.items() if key in _MATCHERS}
    return On(entry.get("event", ""), *actions, **matchers)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _at_octets(kind: str, entry: _Table) -> Fault:
    fault, keys = _AT_OCTETS[kind]
    _check_keys(entry, ("after", "of", *keys), kind)
    options = dict(entry)
    if isinstance(options.get("after"), str):
        options["after"] = re.compile(str(options["after"]).encode())
    if "octets" in options:
        options["octets"] = str(options["octets"]).encode()
    return fault(**options)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


_OF_ACCOUNT = ("password", "source", "mailboxes")
_OF_MAILBOX = ("special_use", "subscribed", "source", "messages")
_OF_MESSAGE = ("file", "text", "flags", "date")


def load_accounts(server: Server, path: str | Path) -> None:
    """Add the accounts of a TOML file to a server, with their mail.

    ``[accounts.joe]`` has ``password`` and ``source``, a folder of .eml files, an mbox or a
    Maildir; ``[accounts.joe.mailboxes."Name"]`` has ``special_use``, ``subscribed``,
    ``source``, and ``messages``, a list of ``{ file = "a.eml" }`` or ``{ text = "..." }``, with
    ``flags`` and ``date``. Paths are relative to the file.

    Args:
        server: the server.
        path: the file.

    Raises:
        InvalidArgumentError: if something in it is wrong; it says where.
        OSError: if a file cannot be read.
    """
    path = Path(path)
    table = _read(path)
    _check_keys(table, ("accounts",), str(path))
    for user, account in _named(table.get("accounts", {}), f"{path}: accounts").items():
        where = f"{path}: account {user!r}"
        _check_keys(account, _OF_ACCOUNT, where)
        server.add_account(user, str(account.get("password", "secret")))
        if "source" in account:
            server.load(user, path.parent / str(account["source"]))
        mailboxes = _named(account.get("mailboxes", {}), f"{where}: mailboxes")
        for name, mailbox in mailboxes.items():
            _check_keys(mailbox, _OF_MAILBOX, f"{where}: mailbox {name!r}")
            _fill(server, user, name, mailbox, path.parent)


def _named(value: object, where: str) -> dict[str, _Table]:
    found = cast("dict[str, _Table]", value)
    if isinstance(value, dict) and all(isinstance(each, Mapping) for each in found.values()):
        return found
    raise InvalidArgumentError(f"{where} are tables by name, not {value!r}")


def _fill(server: Server, user: str, name: str, mailbox: _Table, folder: Path) -> None:
    found = server.mailbox(user, name)
    if "special_use" in mailbox:
        found.special_use = str(mailbox["special_use"])
    found.subscribed = bool(mailbox.get("subscribed", True))
    if "source" in mailbox:
        server.load(user, folder / str(mailbox["source"]), mailbox=name)
    where = f"mailbox {name!r}: messages"
    for message in _tables(mailbox.get("messages", []), where):
        _check_keys(message, _OF_MESSAGE, where)
        if ("file" in message) is ("text" in message):
            raise InvalidArgumentError(f"{where}: each has either file or text")
        octets = (
            (folder / str(message["file"])).read_bytes()
            if "file" in message
            else str(message["text"]).encode()
        )
        date = message.get("date")
        if date is not None and not isinstance(date, datetime):
            raise InvalidArgumentError(f"{where}: a date has a time, unlike {date}")
        server.deliver(
            user,
            crlf(octets),
            mailbox=name,
            flags=cast("list[str]", message.get("flags", [])),
            date=date if date is None or date.tzinfo is not None else date.replace(tzinfo=UTC),
        )
