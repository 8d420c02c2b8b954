"""What an account does, cancelled at any step, harms nothing: the account goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from aimap import FLAGS, Account, Flag
from tests.client.cancelling import Call, cancelled_everywhere

from .support import opened


async def select(account: Account) -> None:
    async with account.select("INBOX") as inbox:
        await inbox.search()


async def take_one(account: Account) -> None:
    async with account.connection() as imap:
        await imap.noop()


async def watch(account: Account) -> None:
    async with account.watch("INBOX", "Sent") as events:
        await events.caught_up()


CALLS: dict[str, Callable[[Account], Awaitable[object]]] = {
    "ready": lambda account: account.ready(),
    "status": lambda account: account.status("INBOX"),
    "search": lambda account: account.search("INBOX"),
    "fetch_all": lambda account: account.fetch_all("INBOX", "1:3", FLAGS),
    "add_flags": lambda account: account.add_flags("INBOX", 1, Flag.SEEN),
    "append": lambda account: account.append("Drafts", b"x: y\r\n\r\n"),
    "select": select,
    "connection": take_one,
    "watch": watch,
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", CALLS)
async def test_cancelled_at_any_step(name: str, fresh: bool, autojump_clock: Any) -> None:
    async with opened(messages=3, max_connections=2, compress=False) as (account, server, _):

        async def is_well() -> None:
            with trio.fail_after(60):
                assert (await account.status("Trash", ["MESSAGES"])).messages == 0
                async with account.connection(), account.connection():
                    assert account.statistics().connections <= 2
            await trio.testing.wait_all_tasks_blocked()
            if fresh:
                await server.drop_connections()
                await trio.sleep(2)

        def make() -> Call:
            return lambda: CALLS[name](account)

        assert await cancelled_everywhere(make, is_well) >= 1
