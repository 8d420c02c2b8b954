"""Every command of the program against each real server, as a user of it would go about."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import trio
from click.testing import Result

import aimap
from aimap import Flag
from aimap.sync import SQLiteStore
from tests.servers.real import RealServer
from tests.servers.support import connected, fill

from .support import running

Run = Callable[..., Awaitable[Result]]


def letter(subject: str, *, attached: bytes = b"") -> bytes:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["Subject"] = subject
    message.set_content("What I meant to say.\r\n")
    if attached:
        message.add_attachment(attached, maintype="image", subtype="png", filename="a picture.png")
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@asynccontextmanager
async def program_for(
    server: RealServer, tmp_path: Path
) -> AsyncGenerator[tuple[Run, aimap.Client]]:
    """Give what runs the program on a new user's account, and another client of that user."""
    user = server.new_user()
    url = f"imaps://{user}@localhost:{server.tls_port}/"
    options = ("--password-env", "PW", "--ca-file", str(server.ca_file), url)
    async with running(tmp_path) as program, connected(server, user, tls="insecure") as imap:

        async def run(command: str, *arguments: str) -> Result:
            done = await program(command, *options, *arguments, PW=server.password)
            assert done.exit_code == 0, done.stderr
            return done

        yield run, imap


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_looking_around(any_server: RealServer, tmp_path: Path) -> None:
    async with program_for(any_server, tmp_path) as (run, imap):
        picture = bytes(range(256)) * 40
        name = f"{any_server.prefix}Entwürfe"
        await imap.create(name)
        await fill(imap, [letter("first"), letter("zweitens, schön", attached=picture)])
        await fill(imap, [letter("elsewhere")], name)
        told = {line["mailbox"]: line for line in lines(await run("ls", "--json"))}
        assert told["INBOX"]["messages"] == 2
        assert told[name]["messages"] == 1
        found = lines(await run("search", "subject:schön or subject:none", "--json"))
        assert [(line["uid"], line["subject"]) for line in found] == [(2, "zweitens, schön")]
        assert "What I meant to say." in (await run("get", "2", "--text")).stdout
        await run("get", "2", "--attachments", str(tmp_path / "saved"))
        assert (tmp_path / "saved" / "a picture.png").read_bytes() == picture
        await run("get", "1", "--output", str(tmp_path / "whole"))
        assert (tmp_path / "whole").read_bytes() == letter("first")


async def test_mirroring_again_and_again(any_server: RealServer, tmp_path: Path) -> None:
    async with program_for(any_server, tmp_path) as (run, imap):
        mirror = partial(run, "mirror", str(tmp_path / "mail"), "--json")
        await fill(imap, [letter(str(number)) for number in range(30)])
        (first,) = lines(await mirror())[-1:]
        assert first["fetched"] == 30
        (again,) = lines(await mirror())[-1:]
        assert (again["fetched"], again["removed"], again["flags_changed"]) == (0, 0, 0)
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags("3:5", Flag.DELETED)
            await inbox.expunge("3:5")
            await inbox.add_flags(7, Flag.FLAGGED)
        await fill(imap, [letter("new")])
        (last,) = lines(await mirror())[-1:]
        assert (last["fetched"], last["removed"], last["flags_changed"]) == (1, 3, 1)
        (kept,) = [box for box in (tmp_path / "mail").rglob("cur") if len(list(box.iterdir())) > 1]
        assert len(list(kept.iterdir())) == 28
        assert sum("F" in path.name.partition(":2,")[2] for path in kept.iterdir()) == 1
        (sqlite,) = lines(await mirror("--store", "sqlite"))[-1:]
        assert sqlite["fetched"] == 28
        store = SQLiteStore(tmp_path / "mail" / "mail.sqlite")
        assert [found.uid for found in await store.search("new")] == [31]
        await store.aclose()


async def test_watching(any_server: RealServer, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with program_for(any_server, tmp_path) as (run, imap), trio.open_nursery() as nursery:

        async def deliver() -> None:
            with trio.fail_after(30):
                while not state.exists():  # noqa: ASYNC110 (a thread's)
                    await trio.sleep(0.01)
            await fill(imap, [letter("hello")])

        nursery.start_soon(deliver)
        done = await run("watch", "--json", "--details", "--count", "1", "--state", str(state))
        (event,) = lines(done)
        assert (event["event"], event["subject"]) == ("arrived", "hello")
