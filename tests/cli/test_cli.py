"""The program, as people call it: real processes, real exit statuses."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme

from aimap.cli._show import plain
from aimap.testing import Server, serve


async def aimap(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    with trio.fail_after(60):
        return await trio.run_process(
            [sys.executable, "-c", "from aimap.cli import main; main()", *arguments],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env={**os.environ, "PW": "secret", "COLUMNS": "120", **environment},
        )


@asynccontextmanager
async def served(tmp_path: Path, **options: Any) -> AsyncGenerator[tuple[Server, str]]:
    import ssl

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_context)
    contexts = (server_context, ssl.create_default_context())
    async with serve({"joe": "secret"}, ssl_contexts=contexts, **options) as server:
        yield server, str(tmp_path / "ca.pem")
        assert server.violations == []


def one_line(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode()
    assert "Traceback" not in text
    assert text.count("\n") == 1, text
    assert text.startswith("aimap: ")
    return text


async def test_mirror_ls_and_watch(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, ca):
        for number in range(5):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        url = f"imaps://joe@localhost:{server.port}/"
        options = ("--password-env", "PW", "--ca-file", ca)

        done = await aimap("mirror", url, str(tmp_path / "mail"), *options)
        assert done.returncode == 0, done.stderr
        assert b"5 messages fetched" in done.stdout
        assert len(list((tmp_path / "mail" / "INBOX" / "cur").iterdir())) == 5
        done = await aimap("mirror", url, str(tmp_path / "mail"), *options)
        assert b" 0 messages fetched" in done.stdout

        done = await aimap("ls", url, *options)
        assert done.returncode == 0
        assert re.search(rb"^INBOX\t5\t5\t$", done.stdout, re.MULTILINE), done.stdout
        assert re.search(rb"^Sent\t0\t0\tSent$", done.stdout, re.MULTILINE)

        async with trio.open_nursery() as nursery:

            async def change() -> None:
                while "IDLE" not in server.commands:  # noqa: ASYNC110 (another process)
                    await trio.sleep(0.01)
                server.deliver("joe", b"x: y\r\n\r\n")
                server.set_flags("joe", 2, ["\\Seen"])
                server.expunge("joe", [1])

            nursery.start_soon(change)
            done = await aimap("watch", url, "--json", "--count", "3", *options)
        assert done.returncode == 0
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert {"mailbox": "INBOX", "event": "arrived", "uid": 6, "flags": []} in told
        assert {"mailbox": "INBOX", "event": "flags", "uid": 2, "flags": ["\\Seen"]} in told
        assert {"mailbox": "INBOX", "event": "expunged", "uid": 1} in told


async def test_starttls_and_a_password_command(tmp_path: Path) -> None:
    async with served(tmp_path, tls="starttls") as (server, ca):
        url = f"imap://joe@localhost:{server.port}"
        done = await aimap("ls", url, "--password-command", "echo secret", "--ca-file", ca)
        assert done.returncode == 0, done.stderr
        done = await aimap("ls", url, "--password-command", "exit 3", "--ca-file", ca)
        assert done.returncode == 1
        assert b"exit status 3" in done.stderr


async def test_a_prompt(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, ca):
        done = await trio.run_process(
            [sys.executable, "-c", "from aimap.cli import main; main()",
             "ls", f"imaps://joe@localhost:{server.port}", "--ca-file", ca],
            stdin=b"secret\n", capture_stdout=True, capture_stderr=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"secret" not in done.stdout + done.stderr.replace(b"Password of", b"")


async def test_the_keyring(tmp_path: Path) -> None:
    (tmp_path / "ring.py").write_text(
        "import keyring.backend\n"
        "class Ring(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        "        return 'secret' if (service, username) == ('aimap', 'joe@localhost') else None\n"
        "    def set_password(self, *a): ...\n"
    )
    ring = {"PYTHON_KEYRING_BACKEND": "ring.Ring", "PYTHONPATH": str(tmp_path)}
    async with served(tmp_path) as (server, ca):
        url = f"imaps://joe@localhost:{server.port}"
        done = await aimap("ls", url, "--keyring", "--ca-file", ca, **ring)
        assert done.returncode == 0, done.stderr
        other = url.replace("joe@", "ann@")
        done = await aimap("ls", other, "--keyring", "--ca-file", ca, **ring)
        assert done.returncode == 1
        assert b"the keyring has no password for ann@localhost" in done.stderr


async def test_wrong_password(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, ca):
        url = f"imaps://joe@localhost:{server.port}"
        done = await aimap("ls", url, "--password-env", "PW", "--ca-file", ca, PW="hunter2")
        assert done.returncode == 3
        assert "does not accept the login" in one_line(done)
        assert b"hunter2" not in done.stderr


async def test_unknown_host() -> None:
    done = await aimap("ls", "imaps://joe@no-such-host.invalid", "--password-env", "PW")
    assert done.returncode == 4
    assert "there is no host no-such-host.invalid" in one_line(done)


async def test_refused_connection() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = await aimap("ls", f"imaps://joe@127.0.0.1:{port}", "--password-env", "PW")
    assert done.returncode == 4
    assert "Connection refused" in one_line(done)


async def test_bad_certificate(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, ca):
        done = await aimap("ls", f"imaps://joe@localhost:{server.port}", "--password-env", "PW")
        assert done.returncode == 5
        assert "certificate is not valid" in one_line(done)
        url = f"imaps://joe@127.0.0.1:{server.port}"
        done = await aimap("ls", url, "--password-env", "PW", "--ca-file", ca)
        assert done.returncode == 5
        assert "mismatch" in one_line(done)


async def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with served(tmp_path) as (server, ca):
        url = f"imaps://joe@localhost:{server.port}"
        folder = str(tmp_path / "file" / "mail")
        done = await aimap("mirror", url, folder, "--password-env", "PW", "--ca-file", ca)
        assert done.returncode == 6
        assert "Not a directory" in one_line(done)


async def test_no_such_mailbox(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, ca):
        url = f"imaps://joe@localhost:{server.port}/Gone"
        done = await aimap("watch", url, "--password-env", "PW", "--ca-file", ca)
        assert done.returncode == 7
        assert "no such mailbox" in one_line(done)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("joe", "it begins with imaps://"),
        ("imaps://example.org", "imaps://user@host/"),
        ("imaps://joe:secret@example.org", "no password belongs here"),
        ("imaps://joe@example.org:port", "not a URL"),
    ],
)
async def test_wrong_urls(url: str, reason: str) -> None:
    done = await aimap("ls", url)
    assert done.returncode == 2
    assert reason.encode() in done.stderr
    assert b"secret" not in done.stderr


async def test_a_missing_variable() -> None:
    done = await aimap("ls", "imaps://joe@localhost", "--password-env", "NO_SUCH_VARIABLE")
    assert done.returncode == 1
    assert b"no variable NO_SUCH_VARIABLE" in done.stderr


async def test_the_help_tells_the_exit_statuses() -> None:
    done = await aimap("--help")
    assert re.search(rb"Exit status:\n +0 +all is well\n", done.stdout)
    for word in (b"mirror", b"watch", b"ls", b"demo", b"search", b"get", b"discover"):
        assert word in done.stdout


async def test_demo() -> None:
    done = await aimap("demo", "--accounts", "2", "--messages", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"equal to the server, octet by octet" in done.stdout
    assert b"rule broken" not in done.stdout


def test_terminal_escape() -> None:
    assert plain("a\x1b]0;x\x07\x9b\u202eb\nc") == "a\\x1b]0;x\\x07\\x9b\\u202eb\\nc"
    assert plain("Grüße 日本語") == "Grüße 日本語"
