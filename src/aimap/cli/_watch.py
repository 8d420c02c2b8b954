"""The command that prints what happens."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from aimap import (
    ENVELOPE,
    Account,
    AccountEvent,
    AccountEventKind,
    Arrived,
    CommandError,
    InvalidArgumentError,
    Position,
)
from aimap.cli._account import open_supervised, settled
from aimap.cli._failures import Failure, in_words
from aimap.cli._options import complete_mailbox, on_account
from aimap.cli._reading import sender
from aimap.cli._running import run
from aimap.cli._show import event_line, plain
from aimap.cli._target import Target


@click.command()
@on_account
@click.argument("mailboxes", nargs=-1, shell_complete=complete_mailbox)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--details", is_flag=True, help="Tell sender and subject of what arrives.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many events.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Begin where the last run ended, and keep in FILE how far it has come.",
)  # fmt: skip
def watch(
    target: Target,
    mailboxes: tuple[str, ...],
    as_json: bool,
    details: bool,
    count: int | None,
    state: Path | None,
) -> None:
    """Print what happens in MAILBOXES of ACCOUNT, as it happens, until interrupted.

    Without MAILBOXES it is the one of the URL, or INBOX. When the connection is lost it
    is made again, and nothing is missed meanwhile; with --state neither between two runs.
    """
    names = tuple(dict.fromkeys(mailboxes)) or (target.mailbox or "INBOX",)
    since = _read(state) if state is not None else None
    run(
        partial(
            _watch, target, names, since, as_json=as_json, details=details, count=count, state=state
        )
    )


async def _watch(
    target: Target,
    names: tuple[str, ...],
    since: Position | None,
    *,
    as_json: bool,
    details: bool,
    count: int | None,
    state: Path | None,
) -> None:
    def on_event(event: AccountEvent) -> None:
        if event.kind is AccountEventKind.FAILED and event.failure and event.seconds is not None:
            failure = in_words(target.account.host, event.failure.error)
            again = f"; next try in {event.seconds:.0f} s"
            click.echo(f"aimap: {failure.message if failure else event}{again}", err=True)

    # What is wrong from the start is told, and not tried for ever.
    account = await settled(target.account)
    async with (
        open_supervised(account, on_event) as supervised,
        supervised.watch(*names, since=since) as events,
    ):
        if since is None:
            await events.caught_up()
            _write(state, events.position)
        click.echo(f"watching {', '.join(map(plain, names))}", err=True)
        seen = 0
        async for event in events:
            more = {}
            if details and isinstance(event, Arrived):
                more = await _details(supervised, event)
            click.echo(event_line(event.mailbox, event, as_json=as_json, more=more))
            _write(state, events.position)
            seen += 1
            if seen == count:
                return


async def _details(account: Account, event: Arrived) -> dict[str, object]:
    try:
        found = await account.fetch_all(event.mailbox, event.uid, ENVELOPE)
    except CommandError:
        return {}
    for message in found:
        if ENVELOPE in message:
            return {"from": sender(message.envelope), "subject": message.envelope.subject}
    return {}


def _read(state: Path) -> Position | None:
    try:
        return Position.from_json(state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (InvalidArgumentError, UnicodeDecodeError) as error:
        raise Failure(f"{state}: {error}", "files") from None
    except OSError as error:
        raise Failure(f"{state}: {error.strerror}", "files") from None


def _write(state: Path | None, position: Position) -> None:
    if state is None:
        return
    new = state.with_name(f"{state.name}.{os.getpid()}")
    new.write_text(position.to_json(), encoding="utf-8")
    new.replace(state)
