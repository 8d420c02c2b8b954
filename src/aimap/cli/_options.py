"""Arguments and options that commands share, and completion of names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click
from click.shell_completion import CompletionItem

from aimap import InvalidArgumentError
from aimap._client.proxy import parse_proxy
from aimap.cli._failures import Failure, failures_in_words
from aimap.cli._remembered import Remembered
from aimap.cli._target import Options, Target, configured, forget, resolve

P = ParamSpec("P")


def complete_account(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of an account in the configuration file."""
    try:
        accounts = configured(Options(config=ctx.params.get("config")))
    except click.ClickException:
        return []
    return [
        CompletionItem(name, help=account.host)
        for name, account in accounts.items()
        if name.startswith(incomplete)
    ]


def complete_mailbox(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a mailbox's name, of those that ``aimap ls`` listed last."""
    listed = Remembered("mailboxes")
    account = ctx.params.get("account")
    # Behind "-m", click does not know yet what stood before it.
    accounts = list(listed) if account is None else [str(account)]
    names = {str(name) for known in accounts for name in listed.get(known) or ()} or {"INBOX"}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def _check_proxy(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        try:
            parse_proxy(value)
        except InvalidArgumentError as error:
            raise click.BadParameter(str(error)) from None
    return value


def road_options(command: Callable[P, None]) -> Callable[P, None]:
    """Give a command the options that say by which way, and trusting whom, servers are reached."""
    trusting = click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust the certificate authorities in this file, not the system's.",
    )
    through = click.option(
        "--proxy",
        metavar="URL",
        callback=_check_proxy,
        help="Connect through a proxy: socks5://host:port or http://host:port.",
    )
    return trusting(through(command))


def connection_options(command: Callable[Concatenate[Options, P], None]) -> Callable[P, None]:
    """Give a command the options that say how accounts are reached, as its first argument."""

    @click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar="AIMAP_CONFIG",
        is_eager=True,
        help="The file of accounts.",
    )
    @click.option("--password-env", metavar="NAME", help="Take the password from a variable.")
    @click.option("--password-command", metavar="COMMAND", help="Take it from a command's output.")
    @click.option("--keyring", is_flag=True, help="Take it from the system's keyring.")
    @click.option(
        "--oauth-command", metavar="COMMAND", help="Log in by a token that a command prints."
    )
    @road_options
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="How long to connect, and to wait for an answer.",
    )
    @click.option("--trace", is_flag=True, help="Print what is sent and received, not secrets.")
    @wraps(command)
    def with_options(
        config: Path | None,
        password_env: str | None,
        password_command: str | None,
        keyring: bool,
        oauth_command: str | None,
        ca_file: str | None,
        proxy: str | None,
        timeout: float | None,
        trace: bool,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        options = Options(
            config=config,
            password_env=password_env,
            password_command=password_command,
            keyring=keyring,
            oauth_command=oauth_command,
            ca_file=ca_file,
            proxy=proxy,
            timeout=timeout,
            trace=trace,
        )
        command(options, *args, **kwargs)

    return with_options  # type: ignore[return-value]


def on_account(command: Callable[Concatenate[Target, P], None]) -> Callable[P, None]:
    """Give a command the argument ACCOUNT and the options for it, as its first argument."""

    @click.argument("account", shell_complete=complete_account)
    @wraps(command)
    def with_account(options: Options, account: str, *args: P.args, **kwargs: P.kwargs) -> None:
        target = resolve(account, options)
        try:
            with failures_in_words(target.account.host):
                command(target, *args, **kwargs)
        except Failure as failure:
            if failure.kind in ("network", "certificate", "login"):
                forget(target.account)
            raise

    return connection_options(with_account)  # type: ignore[arg-type]
