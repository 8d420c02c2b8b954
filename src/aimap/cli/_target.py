"""Which account is meant: a URL (:rfc:`5092`), an address, or a name in the configuration file."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote, urlsplit

import attrs
import click

from aimap import ServerSettings, discover
from aimap._client.connect import TLSMode
from aimap.cli._account import Account
from aimap.cli._config import default_config, read_config
from aimap.cli._failures import Failure, failures_in_words
from aimap.cli._remembered import Remembered
from aimap.cli._running import run
from aimap.cli._secrets import (
    KEYRING_SERVICE,
    FromCommand,
    FromKeyring,
    FromVariable,
    Secret,
    TokenFromCommand,
    ask,
)
from aimap.cli._show import plain

_TLS: dict[str, TLSMode] = {
    "imaps": "implicit",
    "imap": "starttls",
    "imap+insecure": "insecure",
}


@final
@attrs.frozen(kw_only=True)
class Options:
    """What the command line says of how to reach accounts; it goes before the file."""

    config: Path | None = None
    password_env: str | None = None
    password_command: str | None = None
    keyring: bool = False
    oauth_command: str | None = None
    ca_file: str | None = None
    proxy: str | None = attrs.field(default=None, repr=False)
    timeout: float | None = None
    trace: bool = False

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return whom to trust, where that is not for the system to say."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None

    def secret(self, whose: str) -> Secret | None:
        """Return the way to the password that the options name, if any."""
        ways: list[Secret] = []
        if self.password_env is not None:
            ways.append(FromVariable(self.password_env))
        if self.password_command is not None:
            ways.append(FromCommand(self.password_command))
        if self.keyring:
            ways.append(FromKeyring(KEYRING_SERVICE, whose))
        if self.oauth_command is not None:
            ways.append(TokenFromCommand(self.oauth_command))
        if len(ways) > 1:
            raise click.UsageError("name one place only where the password comes from")
        return ways[0] if ways else None

    def applied(self, account: Account) -> Account:
        """Return *account* as the options want it."""
        return attrs.evolve(
            account,
            ca_file=self.ca_file or account.ca_file,
            proxy=self.proxy or account.proxy,
            timeout=self.timeout or account.timeout,
            trace=self.trace,
            secret=self.secret(account.name) or account.secret,
        )


@final
@attrs.frozen
class Target:
    """An account, and the mailbox in it if one was named."""

    account: Account
    mailbox: str | None = None
    is_configured: bool = False


def resolve(text: str, options: Options) -> Target:
    """Find out which account is meant, asking DNS and the user where need be.

    Raises:
        click.ClickException: if it is none.
    """
    if "://" in text:
        target = parse_url(text)
        whose = f"{target.account.users[0]}@{target.account.host}"
        secret = options.secret(whose) or ask(whose)
        return Target(options.applied(attrs.evolve(target.account, secret=secret)), target.mailbox)
    accounts = configured(options)
    if text in accounts:
        return Target(options.applied(accounts[text]), is_configured=True)
    if "@" in text:
        return Target(options.applied(_by_address(text, options)))
    known = f"in the file are {', '.join(accounts)}" if accounts else "there is no file of accounts"
    raise click.BadParameter(
        "it begins with imaps:// (TLS), imap:// (STARTTLS) or imap+insecure:// (no TLS), or is an "
        f"address, or the name of an account: {plain(known)}"
    )


def configured(options: Options) -> dict[str, Account]:
    """Return the accounts of the configuration file: none if it is not named and not there."""
    if options.config is not None:
        return read_config(options.config)
    path = default_config()
    return read_config(path) if path.exists() else {}


def parse_url(url: str) -> Target:
    """Read an account's URL; the password is still to be had.

    Raises:
        click.BadParameter: if it is not one, with what would be right.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise click.BadParameter(f"not a URL: {error}") from None
    if parts.scheme not in _TLS:
        raise click.BadParameter(
            "it begins with imaps:// (TLS), imap:// (STARTTLS) or imap+insecure:// (no TLS)"
        )
    if parts.password is not None:
        raise click.BadParameter(
            "no password belongs here, where other users can see it: "
            "see --password-env, --password-command and --keyring"
        )
    if not parts.username or not parts.hostname:
        raise click.BadParameter("it looks like imaps://user@host/")
    user = unquote(parts.username)
    account = Account(
        name=f"{user}@{parts.hostname}",
        host=parts.hostname,
        users=(user,),
        secret=FromVariable(""),
        port=port,
        tls=_TLS[parts.scheme],
    )
    return Target(account, unquote(parts.path.strip("/")) or None)


def _by_address(address: str, options: Options) -> Account:
    found = _settings(address, options)
    return Account(
        name=address,
        host=found.host,
        users=found.usernames,
        secret=options.secret(address) or ask(address),
        port=found.port,
        tls=found.tls,
    )


def _settings(address: str, options: Options) -> ServerSettings:
    """Look an address up: once, then it is remembered (:rfc:`8314#section-5.1`)."""
    remembered = Remembered("servers")
    known = _known(remembered.get(address))
    if known is not None:
        return known

    async def look() -> tuple[ServerSettings, ...]:
        return await discover(address, proxy=options.proxy, ssl_context=options.ssl_context())

    with failures_in_words(address):
        found = run(look)[0]
    if not found.is_trusted:
        _confirm(address, found)
    if found.source != "table":
        remembered.set(address, [found.host, found.port, found.tls, *found.usernames])
    return found


def _known(found: Any) -> ServerSettings | None:
    try:
        host, port, tls, *users = map(str, found)
        return ServerSettings(
            host=host,
            port=int(port),
            tls="implicit" if tls == "implicit" else "starttls",
            usernames=tuple(users),
            source="table",
            is_trusted=True,
        )
    except (TypeError, ValueError):
        return None


def _confirm(address: str, found: ServerSettings) -> None:
    # RFC 6186 section 6: the user decides, since DNS can be forged.
    if not _is_terminal():
        scheme = "imaps" if found.tls == "implicit" else "imap"
        user = address.replace("@", "%40")
        raise Failure(
            f"for {address} there is {found}, for which only DNS vouches: if that is right, say "
            f"{scheme}://{user}@{found.host}:{found.port}/",
            "usage",
        )
    click.echo(f"For {plain(address)} there is {found}. Only DNS vouches for that host.", err=True)
    click.confirm("Send the password there?", abort=True, err=True)


def forget(account: Account) -> None:
    """Look an address up anew next time, now that its server does not do."""
    Remembered("servers").set(account.name, None)


def _is_terminal() -> bool:
    return sys.stdin.isatty()
