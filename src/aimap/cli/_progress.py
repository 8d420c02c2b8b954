"""Live progress of mirrors: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
)

from aimap.cli._show import octets, plain
from aimap.sync import Progress as MirrorProgress

_REFRESH_EVERY = 0.1


@final
class MirrorDisplay:
    """A bar for each account, redrawn as progress is told; no thread of its own."""

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
                "", account=plain(account), mailbox="", octets="", total=None
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
        """Return what a mirror is to call."""
        task = self._tasks[account]

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
