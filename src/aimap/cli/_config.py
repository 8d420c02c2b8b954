"""Reading ``accounts.toml``.

Every mistake in it is told, with the account, the key, and what would be right.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar, cast, final

import click

from aimap import InvalidArgumentError
from aimap._client.connect import TLSMode
from aimap._client.proxy import parse_proxy
from aimap.cli._account import STORES, Account
from aimap.cli._query import QueryError, parse_size
from aimap.cli._secrets import (
    KEYRING_SERVICE,
    FromCommand,
    FromKeyring,
    FromVariable,
    Given,
    Secret,
    TokenFromCommand,
)

_TLS: dict[str, TLSMode] = {
    "implicit": "implicit",
    "starttls": "starttls",
    "insecure": "insecure",
}
_SECRETS = ("password", "password_env", "password_command", "keyring", "oauth_command")
_SHARED = (
    "port",
    "tls",
    "ca_file",
    "proxy",
    "timeout",
    "compress",
    "connections",
    "mailboxes",
    "since",
    "largest",
    "store",
)
_KEYS = ("host", "user", "folder", *_SECRETS, *_SHARED)


T = TypeVar("T")

_Table = Mapping[str, object]


class ConfigError(click.ClickException):
    """A configuration file is wrong; the message has a line for each mistake."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print it; each line says whose it is."""
        for line in self.message.splitlines():
            click.echo(f"aimap: {line}", err=True)


def default_config() -> Path:
    """Return where the configuration file is if nobody says otherwise."""
    return Path(click.get_app_dir("aimap")) / "accounts.toml"


def read_config(path: Path) -> dict[str, Account]:
    """Return the accounts in a file, by name.

    Raises:
        ConfigError: if it cannot be read, or is not right.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    reader = _Reader(path, is_private=os.name != "posix" or not stat.S_IMODE(mode) & 0o077)
    accounts = reader.accounts(content)
    if reader.mistakes:
        raise ConfigError("\n".join(f"{path}: {mistake}" for mistake in reader.mistakes))
    return accounts


class _Wrong(Exception):  # noqa: N818 (told, not raised further)
    """A value is wrong; the text says what would be right."""


@final
class _Reader:
    def __init__(self, path: Path, *, is_private: bool) -> None:
        self.mistakes: list[str] = []
        self._path = path
        self._is_private = is_private
        self._where = ""

    def accounts(self, content: _Table) -> dict[str, Account]:
        self._known(content, ("defaults", "accounts"))
        nothing: _Table = {}
        defaults = _table(content.get("defaults", nothing))
        if defaults is None:
            self._note("'defaults' is a table, as in [defaults]")
            defaults = nothing
        tables = _table(content.get("accounts", nothing)) or nothing
        if not tables:
            self._note("there is no account: one begins with a line such as [accounts.work]")
        self._where = "defaults: "
        self._known(defaults, _SHARED)
        made: dict[str, Account] = {}
        for name, value in tables.items():
            self._where = f"account {name!r}: "
            table = _table(value)
            if table is None:
                self._note(f"it is a table, as in [accounts.{name}]")
                continue
            account = self._account(name, {**defaults, **table})
            for other in made.values():
                # A mirror removes from its folder what the server has no more.
                if _overlap(account.folder, other.folder):
                    self._note(f"'folder' {account.folder!r} overlaps that of {other.name!r}")
            made[name] = account
        return made

    def _account(self, name: str, table: _Table) -> Account:
        self._known(table, _KEYS)
        host = self._text(table, "host", "imap.example.org")
        user = self._text(table, "user", "joe@example.org")
        return Account(
            name=name,
            host=host,
            users=(user,),
            secret=self._secret(table, f"{user}@{host}"),
            port=self._value(table, "port", None, _port),
            tls=self._value(table, "tls", "implicit", _tls),
            ca_file=self._value(table, "ca_file", None, self._file),
            proxy=self._value(table, "proxy", None, _proxy),
            timeout=self._value(table, "timeout", None, _seconds),
            compress=self._value(table, "compress", True, _boolean),
            connections=self._value(table, "connections", 1, _connections),
            mailboxes=self._value(table, "mailboxes", ("*",), _names),
            since=self._value(table, "since", None, _days),
            largest=self._value(table, "largest", None, _octets),
            folder=self._value(table, "folder", None, _folder) or self._folder_of(name),
            store=self._value(table, "store", "maildir", _store),
        )

    def _secret(self, table: _Table, whose: str) -> Secret:
        named = [key for key in _SECRETS if table.get(key, False) is not False]
        if len(named) != 1:
            kinds = ", ".join(_SECRETS[:-1]) + f" or {_SECRETS[-1]}"
            found = " and ".join(named) if named else "none of them"
            self._note(f"one of {kinds} says where the password is; here is {found}")
            return Given("")
        (key,) = named

        def read(value: object) -> Secret:
            return self._way(key, value, whose)

        nothing: Secret = Given("")
        return self._value(table, key, nothing, read)

    def _way(self, key: str, value: object, whose: str) -> Secret:
        if key == "keyring":
            if value is True:
                return FromKeyring(KEYRING_SERVICE, whose)
            return FromKeyring(KEYRING_SERVICE, _string(value))
        if key == "password_env":
            return FromVariable(_string(value))
        if key == "password":
            if not self._is_private:
                _wrong(f"others can read it here: 'chmod 600 {self._path}', or use another way")
            return Given(_string(value))
        command = _string(value) if isinstance(value, str) else _names(value)
        return FromCommand(command) if key == "password_command" else TokenFromCommand(command)

    def _text(self, table: _Table, key: str, example: str) -> str:
        if key not in table:
            self._note(f"{key!r} is missing, such as {key} = {example!r}")
            return ""
        return self._value(table, key, "", _string)

    def _folder_of(self, name: str) -> str:
        try:
            return _folder(name)
        except _Wrong:
            self._note("its name is no name of a folder, so 'folder' has to say where it goes")
            return name

    def _file(self, value: object) -> str:
        path = self._path.parent / Path(_string(value)).expanduser()
        if not path.is_file():
            _wrong(f"an existing file, not {value!r}")
        return str(path)

    def _value(self, table: _Table, key: str, default: T, read: Callable[[object], T]) -> T:
        if key not in table:
            return default
        try:
            return read(table[key])
        except _Wrong as wrong:
            self._note(f"{key!r} is wrong: {wrong}")
            return default

    def _known(self, table: _Table, keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                meant = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(keys)}"
                self._note(f"there is no key {key!r}: {meant}")

    def _note(self, mistake: str) -> None:
        self.mistakes.append(self._where + mistake)


def _overlap(one: str, other: str) -> bool:
    pairs = zip(Path(one.casefold()).parts, Path(other.casefold()).parts, strict=False)
    return all(a == b for a, b in pairs)


def _wrong(reason: str) -> NoReturn:
    raise _Wrong(reason)


def _table(value: object) -> _Table | None:
    return cast("_Table", value) if isinstance(value, dict) else None


def _string(value: object) -> str:
    if not isinstance(value, str) or not value:
        _wrong(f"some text in quotes, not {value!r}")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        _wrong(f'a list such as ["a", "b"], not {value!r}')
    return tuple(map(_string, cast("list[object]", value)))


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        _wrong(f"true or false, not {value!r}")
    return value


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        _wrong(f"a number from 1 to 65535, not {value!r}")
    return value


def _connections(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 100:
        _wrong(f"a number from 1 to 100, not {value!r}")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
        _wrong(f"a number of seconds, not {value!r}")
    return float(value)


def _days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 36500:
        _wrong(f"a number of days, not {value!r}")
    return value


def _octets(value: object) -> int:
    try:
        octets = parse_size(str(value))
    except QueryError as error:
        _wrong(str(error))
    if not octets:
        _wrong("more than 0 octets")
    return octets


def _store(value: object) -> str:
    if value not in STORES:
        _wrong(f"{' or '.join(map(repr, STORES))}, not {value!r}")
    return str(value)


def _tls(value: object) -> TLSMode:
    if not isinstance(value, str) or value not in _TLS:
        _wrong(f"'implicit', 'starttls' or 'insecure', not {value!r}")
    return _TLS[value]


def _proxy(value: object) -> str:
    url = _string(value)
    try:
        parse_proxy(url)
    except InvalidArgumentError as error:
        _wrong(str(error).removeprefix("proxy is "))
    return url


def _folder(value: object) -> str:
    folder = _string(value)
    parts = Path(folder).parts
    if Path(folder).is_absolute() or ".." in parts or not parts or not folder.isprintable():
        _wrong(f"a folder below the one that all are in, not {value!r}")
    return folder
