"""``aimap watch``: several mailboxes, over links that break, from where the last run ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from aimap.testing import Server

from .support import Program, running
from .test_reading import letter


async def while_watched(
    aimap: Program, act: Callable[[Server], Any], *arguments: str
) -> list[dict[str, Any]]:
    """Run a watch, and *act* when it knows where each mailbox stands; return what it told."""
    state = aimap.folder / "state"

    async def when_watched() -> None:
        with trio.fail_after(30):
            while not state.exists():  # noqa: ASYNC110 (a thread's)
                await trio.sleep(0.01)
        result = act(aimap.server)
        if result is not None:
            await result

    async with trio.open_nursery() as nursery:
        nursery.start_soon(when_watched)
        done = await aimap.on_joe("watch", "--json", "--state", str(state), *arguments)
        assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_several_mailboxes_and_details(tmp_path: Path) -> None:
    def act(server: Server) -> None:
        server.deliver("joe", letter("hello\x1b[2J"), mailbox="Sent")
        server.deliver("joe", letter("in the box"))

    async with running(tmp_path) as aimap:
        told = await while_watched(aimap, act, "--details", "--count", "2", "INBOX", "Sent")
    found = {line["mailbox"]: line for line in told}
    assert found["INBOX"]["subject"] == "in the box"
    assert found["Sent"]["from"] == "Ann"
    assert found["Sent"]["event"] == "arrived"


async def test_a_lost_connection_loses_no_event(tmp_path: Path) -> None:
    async def act(server: Server) -> None:
        await server.drop_connections()
        server.deliver("joe", letter("meanwhile"))

    async with running(tmp_path) as aimap:
        (event,) = await while_watched(aimap, act, "--count", "1")
    assert (event["event"], event["uid"]) == ("arrived", 1)


async def test_a_run_begins_where_the_last_one_ended(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", letter("before all"))

        def act(server: Server) -> None:
            server.deliver("joe", letter("while watched"))

        (event,) = await while_watched(aimap, act, "--count", "1")
        assert event["uid"] == 2
        aimap.server.deliver("joe", letter("while nobody looked"))
        aimap.server.expunge("joe", [1])
        done = await aimap.on_joe("watch", "--json", "--count", "2", "--state", state)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert {(line["event"], line["uid"]) for line in told} == {("arrived", 3), ("expunged", 1)}
        (tmp_path / "state").write_text("{}")
        done = await aimap.on_joe("watch", "--count", "1", "--state", state)
        assert done.exit_code == 6


async def test_what_is_wrong_from_the_start_is_not_tried_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        done = await aimap.on_joe("watch", PW="wrong")
        assert done.exit_code == 3
        done = await aimap.on_joe("watch", "INBOX", "Gone")
        assert done.exit_code == 7
