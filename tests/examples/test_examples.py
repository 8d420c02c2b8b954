"""The programs in ``examples`` do what they say, on real servers."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
import trio

from aimap import Flag, Password, connect
from aimap.testing import Change, On, serve
from tests.servers.dovecot import Dovecot
from tests.servers.support import connected

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PATIENCE = 60
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def environment(server: Dovecot, user: str) -> dict[str, str]:
    return {
        **os.environ,
        "IMAP_HOST": server.host,
        "IMAP_PORT": str(server.tls_port),
        "IMAP_USER": user,
        "IMAP_PASSWORD": server.password,
        "SSL_CERT_FILE": str(server.ca_file),
        "COLUMNS": "120",
    }


def command(name: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]


@asynccontextmanager
async def running(variables: dict[str, str], *words: str) -> AsyncGenerator[trio.Process]:
    """Run a program that does not end by itself."""

    def obey_signals() -> None:
        # Shells have what they start in the background ignore Ctrl-C, and all that it starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    run = partial(
        trio.run_process,
        words,
        env=variables,
        stdout=subprocess.PIPE,
        check=False,
        preexec_fn=obey_signals,
    )
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            process: trio.Process = await nursery.start(run)
            yield process
            nursery.cancel_scope.cancel()


async def until(process: trio.Process, text: str) -> str:
    """Read what a program prints until *text* is in it."""
    assert process.stdout is not None
    read = ""
    while text not in read:
        some = await process.stdout.receive_some()
        assert some, f"it ended after {read!r}"
        read += some.decode()
    return read


def letter(subject: str, **fields: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["Subject"] = subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("how are you?\n")
    return message


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_each_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_each_is_shown(path: Path) -> None:
    for page in ("README.md", "docs/examples.md"):
        assert f"examples/{path.name}" in (EXAMPLES.parent / page).read_text(encoding="utf-8")


async def _read_post(stream: trio.SocketStream) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += await stream.receive_some()
    head, _, body = request.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length):
        body += await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    return body


async def test_the_webhook_is_told_of_all_also_of_what_came_between_two_runs(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    user = dovecot.new_user()
    send, told = trio.open_memory_channel[dict[str, object]](10)

    async def take(stream: trio.SocketStream) -> None:
        async with stream:
            await send.send(json.loads(await _read_post(stream)))

    async with trio.open_nursery() as nursery, connected(dovecot, user, tls="implicit") as imap:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, take, [listener])
        url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}/"
        words = command("webhook.py", url, tmp_path / "position.json")
        await imap.append("INBOX", letter("before"))
        async with running(environment(dovecot, user), *words) as program:
            await until(program, "watching")
            await imap.append("INBOX", letter("one"))
            assert (await told.receive())["subject"] == "one"
            await until(program, "done with Arrived(uid=2")
        await imap.append("INBOX", letter("two"))
        async with running(environment(dovecot, user), *words):
            assert await told.receive() == {
                "from": ["Ann <ann@example.org>"],
                "subject": "two",
                "text": "how are you?\n",
                "attachments": [],
            }
        nursery.cancel_scope.cancel()


async def test_attachments_are_saved_once(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.new_user()
    message = letter("the plan")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../plan.pdf")
    async with connected(dovecot, user, tls="implicit") as imap:
        await imap.append("INBOX", message)
        await imap.append("INBOX", letter("nothing"))
    for files in (b"1 files\n", b"0 files\n"):
        done = await trio.run_process(
            command("attachments.py", tmp_path),
            env=environment(dovecot, user),
            capture_stdout=True,
        )
        assert done.stdout.endswith(files)
    (path,) = (tmp_path / "ann@example.org").iterdir()
    assert path.read_bytes() == b"%PDF"


async def test_attachments_are_not_saved_where_that_cannot_be_marked(tmp_path: Path) -> None:
    no_keywords = On("response", Change(r" \\\*\)\]", ")]"), text="PERMANENTFLAGS")
    archive = runpy.run_path(str(EXAMPLES / "attachments.py"))["archive"]
    async with (
        serve({"joe": "secret"}, host=None, tls="insecure", faults=[no_keywords]) as server,
        connect(
            "x", tls="insecure", stream=server.connect(), auth=Password("joe", "secret")
        ) as imap,
    ):
        with pytest.raises(SystemExit, match="keeps no keywords in INBOX"):
            await archive(imap, tmp_path, "INBOX")


async def test_old_newsletters_go_and_nothing_else(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    bulk = letter("buy", List_Unsubscribe="<mailto:no@example.org>")
    async with connected(dovecot, user, tls="implicit") as imap:
        await imap.create("Trash")
        await imap.append("INBOX", bulk, date=LONG_AGO)
        await imap.append("INBOX", bulk, date=LONG_AGO, flags=[Flag.FLAGGED])
        await imap.append("INBOX", bulk)
        await imap.append("INBOX", letter("keep"), date=LONG_AGO)
        variables = environment(dovecot, user)
        shown = await trio.run_process(
            command("newsletters.py"), env=variables, capture_stdout=True
        )
        assert shown.stdout.split() == b"1 Ann <ann@example.org> 1 would be moved".split()
        assert (await imap.status("INBOX")).messages == 4
        await trio.run_process(
            command("newsletters.py", "--move"), env=variables, stdout=subprocess.DEVNULL
        )
        async with imap.examine("INBOX") as inbox:
            assert list(await inbox.search()) == [2, 3, 4]
        assert (await imap.status("Trash")).messages == 1


async def test_the_service_keeps_accounts_current_although_one_fails(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    user = dovecot.new_user()
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        "".join(
            f'[accounts.{name}]\nhost = "{dovecot.host}"\nport = {dovecot.tls_port}\n'
            f'user = "{user}"\npassword_env = "{variable}"\n'
            for name, variable in (("good", "IMAP_PASSWORD"), ("bad", "WRONG"))
        )
    )
    variables = environment(dovecot, user) | {"WRONG": "no"}
    words = command("sync_service.py", accounts, tmp_path)
    async with connected(dovecot, user, tls="implicit") as imap:
        await imap.append("INBOX", letter("one"))
        async with running(variables, *words) as program:
            printed = await until(program, "good: 1 new")
            await imap.append("INBOX", letter("two"))
            printed += await until(program, "good: 1 new")
            if "bad: given up" not in printed:
                await until(program, "bad: given up")
            program.send_signal(signal.SIGTERM)
            assert await program.wait() == 0
    database = sqlite3.connect(tmp_path / "good.sqlite")
    assert database.execute("SELECT count(*) FROM message").fetchone() == (2,)
    database.close()


async def test_the_list_lives(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    variables = environment(dovecot, user) | {"FORCE_COLOR": "1"}
    async with connected(dovecot, user, tls="implicit") as imap, imap.select("INBOX") as inbox:
        await imap.append("INBOX", letter("the first"))
        async with running(variables, *command("live.py")) as program:
            await until(program, "the first")
            await imap.append("INBOX", letter("the [bold]second"))
            await until(program, "the [bold]second")
            await inbox.add_flags(1, Flag.FLAGGED)
            await until(program, "!")
            await inbox.delete(2)
            while "second" in await until(program, "the first"):
                pass
            program.send_signal(signal.SIGINT)
            assert await program.wait() == 0
