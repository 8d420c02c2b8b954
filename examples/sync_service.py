"""Keep local copies of many accounts current, in one process, until SIGTERM.

    python sync_service.py accounts.toml /srv/mail

    [accounts.work]                     # accounts.toml: a table for each
    host = "imap.example.org"
    user = "joe@example.org"
    password_env = "WORK_PASSWORD"

Each account is mirrored once, and then whenever something happens in its INBOX, or after ten
minutes. One that fails is told of, and does not stop the others.
"""

from __future__ import annotations

import os
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import trio

import aimap
import aimap.sync

EVERY = 600


async def keep_current(config: aimap.AccountConfig, folder: Path) -> None:
    """Mirror an account, again and again."""
    store = aimap.sync.SQLiteStore(folder / f"{config.label}.sqlite")
    async with aimap.open_account(config) as account, account.watch("INBOX") as events:
        while True:
            try:
                report = await aimap.sync.mirror(account, store)
                print(f"{config.label}: {report.fetched} new, {report.removed} gone", flush=True)
            except (aimap.ConnectionLostError, OSError) as error:
                print(f"{config.label}: {error}; tried again later", flush=True)
            with trio.move_on_after(EVERY):
                await anext(events)
                # What happens at the same moment is mirrored at the same time.
                with trio.move_on_after(1):
                    async for _ in events:
                        pass


async def run_one(config: aimap.AccountConfig, folder: Path) -> None:
    """Keep an account current for as long as its server takes the password."""
    try:
        await keep_current(config, folder)
    except aimap.ImapError as error:
        print(f"{config.label}: given up: {error}", flush=True)


async def main(accounts: dict[str, dict[str, Any]], folder: Path) -> None:
    """Run all accounts until SIGTERM or SIGINT."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            for name, keys in accounts.items():
                auth = aimap.Password(keys["user"], os.environ[keys["password_env"]])
                config = aimap.AccountConfig(keys["host"], auth, port=keys.get("port"), name=name)
                nursery.start_soon(run_one, config, folder)
            async for _ in signals:
                nursery.cancel_scope.cancel()
                break


if __name__ == "__main__":
    trio.run(main, tomllib.loads(Path(sys.argv[1]).read_text())["accounts"], Path(sys.argv[2]))
