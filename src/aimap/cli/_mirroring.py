"""The command that mirrors accounts, once or for as long as it runs.

Accounts have nothing to do with each other: what fails in one is told, and the others
go on. So many at a time are mirrored; with --watch, each then keeps one connection that
waits for changes, and is mirrored again when something happens, and now and then.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, final

import attrs
import click
import trio

from aimap import Account as SupervisedAccount
from aimap import (
    AccountEvent,
    AccountEventKind,
    AccountWatch,
    Client,
    ConnectionLostError,
    NoError,
)
from aimap.cli._account import STORES, Account, open_connection, open_supervised, settled
from aimap.cli._failures import STATUS, Failure, in_words
from aimap.cli._options import complete_account, connection_options
from aimap.cli._progress import MirrorDisplay, Told
from aimap.cli._running import run
from aimap.cli._target import Options, Target, configured, forget, resolve
from aimap.sync import MaildirStore, MirrorReport, SQLiteStore, Store, mirror

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 300.0
_SETTLING = 1.0
_FAILED = AccountEventKind.FAILED


@final
@attrs.frozen
class Plan:
    """An account, and where it goes."""

    account: Account
    folder: Path

    @property
    def name(self) -> str:
        """What it is called."""
        return self.account.name


@click.command("mirror")
@connection_options
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT]...", shell_complete=complete_account)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--jobs", "-j", default=10, show_default=True, type=click.IntRange(min=1),
    help="How many accounts to mirror at a time.",
)  # fmt: skip
@click.option("--watch", is_flag=True, help="Stay, and keep all accounts current.")
@click.option(
    "--every", default=300.0, show_default=True, metavar="SECONDS",
    type=click.FloatRange(min=1),
    help="With --watch: look at all mailboxes at least so often.",
)  # fmt: skip
@click.option(
    "--connections", metavar="N", type=click.IntRange(1, 100),
    help="How many to use for each account, at most; 1 if the file does not say more.",
)  # fmt: skip
@click.option(
    "--store", type=click.Choice(STORES),
    help="Keep messages in Maildirs, or in a file mail.sqlite that can be searched.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Tell of it in JSON lines.")
def mirror_command(
    options: Options,
    accounts: tuple[str, ...],
    folder: Path,
    jobs: int,
    watch: bool,
    every: float,
    connections: int | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Mirror accounts into Maildirs below FOLDER.

    Without ACCOUNT, all accounts of the configuration file are mirrored, each into a
    folder of its own; so are those that are named. One URL or address goes straight
    into FOLDER. Run again, it fetches only what is new. Nothing is changed on the
    server. A failing account never stops another.
    """
    given = {"connections": connections, "store": store}
    changes = {name: value for name, value in given.items() if value is not None}
    plans = _plans(options, accounts, folder, changes)
    with MirrorDisplay([plan.name for plan in plans]) as display:
        told = Told(display, as_json, with_names=len(plans) > 1 or plans[0].folder != folder)
        work = _Work(told, trio.CapacityLimiter(jobs), every)
        run(partial(work.keep_all if watch else work.mirror_all, plans))
    if work.failures:
        alone = len(plans) == 1
        raise SystemExit(STATUS[work.failures[0].kind if alone else "not all is current"])
    if not work.all_current:
        raise SystemExit(STATUS["not all is current"])


def _plans(
    options: Options, accounts: tuple[str, ...], folder: Path, changes: Mapping[str, Any]
) -> list[Plan]:
    if accounts:
        targets = [resolve(text, options) for text in dict.fromkeys(accounts)]
    else:
        targets = [
            Target(options.applied(account), is_configured=True)
            for account in configured(options).values()
        ]
    if not targets:
        raise click.UsageError("name an account, or a file of accounts by --config")
    targets = [
        attrs.evolve(target, account=attrs.evolve(target.account, **changes)) for target in targets
    ]
    if len(targets) == 1 and not targets[0].is_configured:
        return [Plan(targets[0].account, folder)]
    return [
        Plan(target.account, folder / (target.account.folder or target.account.name))
        for target in targets
    ]


def _store(plan: Plan) -> Store:
    if plan.account.store == "sqlite":
        return SQLiteStore(plan.folder / "mail.sqlite")
    return MaildirStore(plan.folder)


@final
@attrs.define
class _Work:
    told: Told
    limiter: trio.CapacityLimiter
    every: float
    all_current: bool = True
    failures: list[Failure] = attrs.field(factory=list[Failure])

    async def mirror_all(self, plans: list[Plan]) -> None:
        """Mirror all accounts once."""
        async with trio.open_nursery() as nursery:
            for plan in plans:
                nursery.start_soon(self._mirror, plan)

    async def keep_all(self, plans: list[Plan]) -> None:
        """Keep all accounts current, until cancelled or none can be any more."""
        async with trio.open_nursery() as nursery:
            for plan in plans:
                nursery.start_soon(self._keep, plan)

    async def _mirror(self, plan: Plan) -> None:
        try:
            report = await self._mirror_once(plan)
        except Exception as error:  # noqa: BLE001 (told, or raised again)
            self._note(plan, error, goes_on=False)
        else:
            self.all_current = self.all_current and report.is_current

    async def _mirror_once(self, plan: Plan) -> MirrorReport:
        account = plan.account
        async with self.limiter:
            if account.connections > 1:
                return await self._mirror_by(partial(open_connection, account), plan)
            async with open_connection(account) as imap:
                return await self._mirror_by(imap, plan)

    async def _mirror_by(
        self,
        source: Client | Callable[[], AbstractAsyncContextManager[Client]],
        plan: Plan,
    ) -> MirrorReport:
        tell = self.told.begins(plan.name)
        total = MirrorReport()
        for pattern in plan.account.mailboxes:
            store = _store(plan)
            report = await mirror(
                source,
                store,
                pattern=pattern,
                connections=1 if isinstance(source, Client) else plan.account.connections,
                since=plan.account.first_day(),
                largest=plan.account.largest,
                on_progress=tell,
            )
            _add(total, report)
        self.told.ended(plan.name, total)
        return total

    async def _keep(self, plan: Plan) -> None:
        def on_event(event: AccountEvent) -> None:
            # Where there is no next try, the account raises it.
            if event.failure and event.seconds is not None and event.kind is _FAILED:
                self._note(plan, event.failure.error, goes_on=True)

        try:
            account = plan.account
            if len(account.users) > 1:
                account = await settled(account)
            async with open_supervised(account, on_event) as supervised:
                while True:
                    names = await _to_watch(supervised, plan)
                    # Watched from before the first mirror on: what comes meanwhile is seen.
                    async with supervised.watch(*names) as events:
                        await self._keep_by(supervised, events, names, plan)
        except Exception as error:  # noqa: BLE001 (told, or raised again)
            self._note(plan, error, goes_on=False)

    async def _keep_by(
        self, account: SupervisedAccount, events: AccountWatch, names: list[str], plan: Plan
    ) -> None:
        """Keep an account current, for as long as its mailboxes are those."""
        wait = _FIRST_WAIT
        while True:
            try:
                # Whoever has no connection does not keep others from having their turn.
                if plan.account.connections == 1:
                    async with account.connection() as imap, self.limiter:
                        await self._mirror_by(imap, plan)
                else:
                    await account.ready()
                    async with self.limiter:
                        await self._mirror_by(partial(_soon, account, plan), plan)
            except (ConnectionLostError, OSError) as error:
                # The account sees to the connection; a full disk may have room again.
                self._note(plan, error, goes_on=True)
                # Those that lost their server together do not come back together.
                await trio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            wait = _FIRST_WAIT
            self.told.watches(plan.name)
            try:
                with trio.move_on_after(self.every):
                    async for _ in events:
                        break
                    # Mail comes in crowds.
                    with trio.move_on_after(_SETTLING):
                        async for _ in events:
                            pass
            except NoError:
                # A mailbox is gone, or not to be seen any more.
                return
            if await _to_watch(account, plan) != names:
                return

    def _note(self, plan: Plan, error: Exception, *, goes_on: bool) -> Failure:
        failure = in_words(plan.account.host, error)
        if failure is None:
            raise error
        self.told.failed(plan.name, failure, goes_on=goes_on)
        if failure.kind in ("network", "certificate", "login"):
            forget(plan.account)
        if not goes_on:
            self.failures.append(failure)
        return failure


@asynccontextmanager
async def _soon(account: SupervisedAccount, plan: Plan) -> AsyncGenerator[Client]:
    """Take a connection, if there is one within the time that connecting may take."""
    seconds = plan.account.timeouts.connect
    async with AsyncExitStack() as stack:
        try:
            with trio.fail_after(seconds):
                imap = await stack.enter_async_context(account.connection())
        except trio.TooSlowError:
            raise ConnectionLostError(f"there was none within {seconds:g} seconds") from None
        yield imap


async def _to_watch(account: SupervisedAccount, plan: Plan) -> list[str]:
    """Return the mailboxes to watch: all, where one connection does for that, else INBOX."""
    async with account.connection() as imap:
        if not (imap.offers("NOTIFY") and imap.offers("CONDSTORE")):
            return ["INBOX"]
        found = {
            mailbox.name: None
            for pattern in plan.account.mailboxes
            for mailbox in await imap.list(pattern)
            if mailbox.selectable
        }
    return list(found) or ["INBOX"]


def _add(total: MirrorReport, report: MirrorReport) -> None:
    for field in attrs.fields(MirrorReport):
        now = getattr(total, field.name)
        setattr(total, field.name, now + getattr(report, field.name))
