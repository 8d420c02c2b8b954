"""Beside trio-typing, in the environment ``.venv-compat`` only (docs/design/typing.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import trio
import trio_typing  # type: ignore[import-not-found]

USER_PROGRAM = """
import trio

import aimap
from aimap import ENVELOPE, UNSEEN


async def subjects(imap: aimap.Client) -> list[str]:
    async with imap.select("INBOX") as inbox:
        found = await inbox.fetch_all(await inbox.search(UNSEEN), ENVELOPE)
        return [message.envelope.subject for message in found]


async def main() -> None:
    async with aimap.connect("imap.example.org", auth=aimap.Password("joe", "x")) as imap:
        for subject in await subjects(imap):
            print(subject)


trio.run(main)
"""


def test_task_statuses_are_those_of_trio_typing() -> None:
    seen: list[Any] = []

    async def task(task_status: trio.TaskStatus[int]) -> None:
        seen.append(task_status)
        task_status.started(1)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            assert await nursery.start(task) == 1

    trio.run(main)
    assert isinstance(seen[0], trio_typing.TaskStatus)


def test_a_users_program_passes_mypy(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(USER_PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
