"""A mirror that is killed: run by the tests, in a process of its own.

It dies at the n-th of the things that Python tells to audit hooks (opening, renaming and
removing files, above all), or, for what goes on below Python, when a timer of the kernel
expires. Either way nothing of it runs any more.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import trio

import aimap
from aimap.sync import MaildirStore, SQLiteStore, mirror


def store_at(path: Path) -> MaildirStore | SQLiteStore:
    """Return the store whose kind the path says."""
    return SQLiteStore(path) if path.suffix else MaildirStore(path)


def _die_at(event: int) -> list[int]:
    seen = [0]

    def hook(name: str, _arguments: object) -> None:
        seen[0] += 1
        if seen[0] == event:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return seen


async def _main(port: int, path: Path, event: int, seconds: float) -> None:
    auth = aimap.Password("joe", "secret")
    async with aimap.connect("127.0.0.1", port=port, tls="insecure", auth=auth) as imap:
        seen = _die_at(event)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        await mirror(imap, store_at(path))
        print(seen[0])


if __name__ == "__main__":
    trio.run(_main, int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
