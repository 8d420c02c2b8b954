"""The commands of the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import click
import trio
from rich.console import Console
from rich.table import Table

from aimap import MailboxInfo, MailboxStatus, NoError
from aimap.cli._demo import run_demo
from aimap.cli._failures import STATUS, Failure, failures_in_words
from aimap.cli._progress import MirrorDisplay
from aimap.cli._show import event_line, octets, plain
from aimap.cli._target import Target, open_connection, parse_url, read_password
from aimap.sync import MaildirStore, MirrorReport, mirror

P = ParamSpec("P")

_STATUS_HELP = (
    "Exit status: 0 all is well; 1 not all mailboxes are current; 2 wrong usage; 3 the login "
    "was refused; 4 the server cannot be reached or went away; 5 its certificate is not "
    "valid; 6 a file or folder cannot be written; 7 the server refused something else."
)


@click.group(epilog=_STATUS_HELP)
@click.version_option(package_name="trio-aimap", prog_name="aimap")
def program() -> None:
    """Read IMAP accounts: mirror them, watch them, list them."""


class _Url(click.ParamType[Target]):
    name = "url"

    def convert(
        self, value: str | Target, param: click.Parameter | None, ctx: click.Context | None
    ) -> Target:
        return value if isinstance(value, Target) else parse_url(value)


def _account(
    command: Callable[Concatenate[Target, str, str | None, P], None],
) -> Callable[P, None]:
    """Give a command the URL argument and the options for the password."""

    @click.argument("url", type=_Url())
    @click.option("--password-env", metavar="NAME", help="Take the password from a variable.")
    @click.option("--password-command", metavar="COMMAND", help="Take it from a command's output.")
    @click.option("--keyring", is_flag=True, help="Take it from the system's keyring.")
    @click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust the certificate authorities in this file, not the system's.",
    )
    @wraps(command)
    def with_account(
        url: Target,
        password_env: str | None,
        password_command: str | None,
        keyring: bool,
        ca_file: str | None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        password = read_password(url, env=password_env, command=password_command, keyring=keyring)
        with failures_in_words(url.host):
            command(url, password, ca_file, *args, **kwargs)

    return with_account  # type: ignore[return-value]


@program.command("mirror")
@_account
@click.argument("folder", type=click.Path(file_okay=False))
def mirror_command(url: Target, password: str, ca_file: str | None, folder: str) -> None:
    """Mirror the account at URL into Maildirs below FOLDER.

    URL is imaps://user@host/ (TLS) or imap://user@host/ (STARTTLS). Run again, it fetches
    only what is new. Nothing is changed on the server.
    """

    async def run() -> MirrorReport:
        store = MaildirStore(folder)
        async with open_connection(url, password, ca_file) as imap:
            with MirrorDisplay([str(url)]) as display:
                return await mirror(imap, store, on_progress=display.of(str(url)))

    report = trio.run(run)
    click.echo(
        f"{report.mailboxes} mailboxes: {report.fetched} messages fetched "
        f"({octets(report.octets)}), {report.flags_changed} with new flags, "
        f"{report.removed} removed"
    )
    for failure in report.failures:
        click.echo(f"aimap: {plain(failure.mailbox)}: {plain(str(failure.error))}", err=True)
    if not report.is_current:
        raise SystemExit(STATUS["not all is current"])


@program.command()
@_account
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many events.")
def watch(
    url: Target, password: str, ca_file: str | None, as_json: bool, count: int | None
) -> None:
    """Print what happens in the mailbox at URL, as it happens, until interrupted.

    URL is as for mirror, with a mailbox behind the host: imaps://user@host/Sent. Without
    one it is INBOX.
    """

    async def run() -> None:
        async with (
            open_connection(url, password, ca_file) as imap,
            imap.examine(url.mailbox) as mailbox,
            mailbox.watch() as events,
        ):
            click.echo(f"watching {plain(mailbox.name)}", err=True)
            seen = 0
            async for event in events:
                click.echo(event_line(mailbox.name, event, as_json=as_json))
                seen += 1
                if seen == count:
                    return

    try:
        trio.run(run)
    except KeyboardInterrupt:
        raise SystemExit(STATUS["interrupted"]) from None


@program.command()
@_account
def ls(url: Target, password: str, ca_file: str | None) -> None:
    """List the mailboxes of the account at URL, with their counts."""

    async def run() -> list[tuple[MailboxInfo, MailboxStatus | None]]:
        async with open_connection(url, password, ca_file) as imap:
            mailboxes = await imap.list()
            found: dict[str, MailboxStatus] = {}

            async def count(name: str) -> None:
                try:
                    found[name] = await imap.status(name, ["MESSAGES", "UNSEEN"])
                except NoError:
                    # Listed, and not to be read by this user.
                    return

            async with trio.open_nursery() as nursery:
                for info in mailboxes:
                    if info.selectable:
                        nursery.start_soon(count, info.name)
            return [(info, found.get(info.name)) for info in mailboxes]

    table = Table("Mailbox", box=None, pad_edge=False)
    table.add_column("Messages", justify="right")
    table.add_column("Unseen", justify="right")
    table.add_column("Use")
    for info, status in trio.run(run):
        counts = (str(status.messages), str(status.unseen)) if status else ("-", "-")
        table.add_row(plain(info.name), *counts, (info.special_use or "").lstrip("\\"))
    Console(markup=False, highlight=False, emoji=False).print(table)


@program.command()
@click.option("--accounts", default=4, show_default=True, type=click.IntRange(1, 100))
@click.option("--messages", default=800, show_default=True, type=click.IntRange(1, 100_000))
def demo(accounts: int, messages: int) -> None:
    """Show it all on an embedded server: no account is needed, nothing is kept."""
    if not run_demo(accounts, messages):
        raise Failure("the Maildirs are not equal to the server", "not all is current")
