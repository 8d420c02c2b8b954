"""The command that prints what happens."""

from __future__ import annotations

from typing import final

import click
import trio

from aimap import ENVELOPE, UID, Arrived, CommandError, Mailbox, WatchEvent
from aimap.cli._account import open_connection
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
def watch(
    target: Target, mailboxes: tuple[str, ...], as_json: bool, details: bool, count: int | None
) -> None:
    """Print what happens in MAILBOXES of ACCOUNT, as it happens, until interrupted.

    Without MAILBOXES it is the one of the URL, or INBOX.
    """
    names = list(dict.fromkeys(mailboxes)) or [target.mailbox or "INBOX"]
    run(_Watch(target, names, as_json=as_json, details=details, count=count).run)


@final
class _Watch:
    def __init__(
        self, target: Target, names: list[str], *, as_json: bool, details: bool, count: int | None
    ) -> None:
        self._target = target
        self._names = names
        self._as_json = as_json
        self._details = details
        self._left = count

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            for name in self._names:
                await nursery.start(self._watch_one, name, nursery.cancel_scope)

    async def _watch_one(
        self, name: str, done: trio.CancelScope, task_status: trio.TaskStatus[None]
    ) -> None:
        async with (
            open_connection(self._target.account) as imap,
            imap.examine(name) as mailbox,
            mailbox.watch() as events,
        ):
            click.echo(f"watching {plain(mailbox.name)}", err=True)
            task_status.started()
            async for event in events:
                await self._tell(mailbox, event)
                if self._left == 0:
                    done.cancel()

    async def _tell(self, mailbox: Mailbox, event: WatchEvent) -> None:
        more: dict[str, object] = {}
        if self._details and isinstance(event, Arrived):
            more = await _details(mailbox, event.uid)
        if self._left == 0:
            return
        click.echo(event_line(mailbox.name, event, as_json=self._as_json, more=more))
        if self._left is not None:
            self._left -= 1


async def _details(mailbox: Mailbox, uid: UID) -> dict[str, object]:
    try:
        found = await mailbox.fetch_all(uid, ENVELOPE)
    except CommandError:
        return {}
    for message in found:
        if ENVELOPE in message:
            return {"from": sender(message.envelope), "subject": message.envelope.subject}
    return {}
