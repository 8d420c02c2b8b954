"""How mirrors are told of: bars on a terminal, lines elsewhere, or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, final

import attrs
import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
)

from aimap.cli._failures import Failure
from aimap.cli._show import octets, plain
from aimap.sync import MirrorReport
from aimap.sync import Progress as MirrorProgress

_REFRESH_EVERY = 0.1
_TELL_EVERY = 1.0


@final
class MirrorDisplay:
    """A bar for each account that is at work, redrawn as progress is told; no thread of its own."""

    def __init__(self, accounts: Iterable[str], console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[account]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[octets]}"),
            TextColumn("{task.fields[mailbox]}", markup=False),
            console=console or Console(stderr=True),
            auto_refresh=False,
        )
        self._live = self._progress.console.is_terminal
        self._tasks = {
            account: self._progress.add_task(
                "", account=plain(account), mailbox="", octets="", total=None, visible=False
            )
            for account in accounts
        }
        self._last = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._progress.refresh()
            self._progress.stop()

    def of(self, account: str) -> Callable[[MirrorProgress], None]:
        """Show the account's bar; return what its mirror is to call."""
        task = self._tasks[account]
        self._progress.update(task, visible=True)

        def tell(progress: MirrorProgress) -> None:
            self._progress.update(
                task,
                completed=progress.fetched,
                total=max(progress.expected, 1),
                mailbox=plain(progress.mailbox),
                octets=octets(progress.octets),
            )
            now = self._progress.get_time()
            if self._live and now - self._last >= _REFRESH_EVERY:
                self._last = now
                self._progress.refresh()

        return tell

    def hide(self, account: str) -> None:
        """Take the account's bar away."""
        self._progress.update(self._tasks[account], visible=False)
        if self._live:
            self._progress.refresh()

    def time(self) -> float:
        """Return the time, in seconds."""
        return self._progress.get_time()

    def print(self, line: str, *, is_error: bool) -> None:
        """Print a line, above the bars if there are any."""
        if self._live and (is_error or sys.stdout.isatty()):
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line, err=is_error)


@final
@attrs.frozen
class Told:
    """What is told of mirrors.

    Attributes:
        display: the bars.
        as_json: whether as JSON lines, on standard output.
        with_names: whether each line says which account.
    """

    display: MirrorDisplay
    as_json: bool
    with_names: bool

    def begins(self, account: str) -> Callable[[MirrorProgress], None]:
        """Tell that a mirror begins; return what it is to call."""
        if not self.as_json:
            return self.display.of(account)
        last = -_TELL_EVERY

        def tell(progress: MirrorProgress) -> None:
            nonlocal last
            now = self.display.time()
            if now - last >= _TELL_EVERY:
                last = now
                self._json(account, "progress", **attrs.asdict(progress))

        return tell

    def ended(self, account: str, report: MirrorReport) -> None:
        """Tell what a mirror did."""
        failures = {failure.mailbox: str(failure.error) for failure in report.failures}
        if self.as_json:
            done = attrs.asdict(report, recurse=False) | {"failures": failures}
            self._json(account, "mirrored", current=report.is_current, **done)
            return
        self.display.hide(account)
        line = (
            f"{report.mailboxes} mailboxes: {report.fetched} messages fetched "
            f"({octets(report.octets)}), {report.flags_changed} with new flags, "
            f"{report.removed} removed"
        )
        self.display.print(self._named(account, line), is_error=False)
        for mailbox, reason in failures.items():
            self._complain(account, f"{mailbox}: {reason}")
        if report.missing:
            self._complain(account, f"{report.missing} messages are listed and not given out")

    def failed(self, account: str, failure: Failure, *, goes_on: bool) -> None:
        """Tell why a mirror failed, and whether it will be tried again."""
        if self.as_json:
            reason = {"reason": failure.message, "kind": failure.kind, "goes_on": goes_on}
            self._json(account, "failed", **reason)
            return
        self.display.hide(account)
        self._complain(account, failure.message)

    def watches(self, account: str) -> None:
        """Tell that an account is current and watched from now on."""
        if self.as_json:
            self._json(account, "watching")

    def _complain(self, account: str, reason: str) -> None:
        self.display.print(f"aimap: {plain(self._named(account, reason))}", is_error=True)

    def _named(self, account: str, line: str) -> str:
        return f"{plain(account)}: {line}" if self.with_names else line

    @staticmethod
    def _json(account: str, event: str, **fields: object) -> None:
        click.echo(json.dumps({"account": account, "event": event, **fields}))
