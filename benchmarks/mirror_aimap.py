"""aimap mirroring accounts, side by side: one process, run by the benchmark."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import trio
from tests.servers.real import PASSWORD

import aimap
from aimap.sync import MaildirStore, mirror


async def _one(task: dict[str, Any], user: str, at_once: trio.CapacityLimiter) -> None:
    connect = partial(
        aimap.connect,
        "127.0.0.1",
        port=task["port"],
        tls="insecure",
        # As mbsync logs in: SCRAM takes two round trips more.
        auth=aimap.Password(user, PASSWORD, mechanisms=["PLAIN"]),
        compress=task.get("compress", False),
    )
    store = MaildirStore(Path(task["folder"]) / user, durable=task.get("durable", True))
    async with at_once:
        report = await mirror(connect, store, connections=task["connections"])
    if not report.is_current:
        raise SystemExit(f"{user}: {report}")
    print(user, report)


async def _all(task: dict[str, Any]) -> None:
    at_once = trio.CapacityLimiter(task.get("at_once", 50))
    async with trio.open_nursery() as nursery:
        for user in task["users"]:
            nursery.start_soon(_one, task, user, at_once)


if __name__ == "__main__":
    begin = time.perf_counter()
    trio.run(_all, json.loads(sys.argv[1]))
    print(f"working: {time.perf_counter() - begin:.3f}")
