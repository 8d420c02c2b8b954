"""``aimap mirror`` of many accounts: none stops another, and the exit status tells."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from aimap import StateError
from aimap.sync import MailboxFailure, MaildirStore, MirrorReport
from aimap.testing import sample_messages
from tests.servers.dovecot import Dovecot
from tests.servers.real import PASSWORD as DOVECOT_PASSWORD
from tests.servers.support import connected

from .support import PASSWORD, Program, failure, running

ACCOUNTS = int(os.environ.get("AIMAP_ACCOUNTS", "200"))


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mirrored(folder: Path) -> int:
    return len(list((folder / "INBOX" / "cur").iterdir()))


def told(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def test_two_hundred_accounts_in_one_file(tmp_path: Path) -> None:
    users = [f"user{number}" for number in range(ACCOUNTS)]
    async with running(tmp_path, dict.fromkeys(users, PASSWORD)) as aimap:
        for number, user in enumerate(users):
            for message in sample_messages(number % 3 + 1, seed=number):
                aimap.server.deliver(user, message)
        config = aimap.config({user: {"mailboxes": ["INBOX"]} for user in users})
        done = await aimap("mirror", "--config", config, "--jobs", "20", str(tmp_path / "mail"))
        assert done.exit_code == 0, done.stderr
        assert done.stderr == ""
        lines = sorted(done.stdout.splitlines())
        assert len(lines) == ACCOUNTS
        assert lines[0].startswith("user0: 1 mailboxes: 1 messages fetched")
        for number, user in enumerate(users):
            assert mirrored(tmp_path / "mail" / user) == number % 3 + 1


async def test_what_fails_is_told_and_stops_no_other(tmp_path: Path) -> None:
    """Failures of each kind, beside accounts that are well."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "full").write_text("in the way")
    async with running(tmp_path, {"joe": PASSWORD, "ann": PASSWORD}) as aimap:
        aimap.server.deliver("joe", b"Subject: a\r\n\r\n")
        aimap.server.deliver("ann", b"Subject: b\r\n\r\n")
        config = aimap.config(
            {
                "joe": {},
                "wrong": {"user": "ann", "password_env": None, "password_command": "echo hunter2"},
                "unset": {"password_env": "NO_SUCH_VARIABLE"},
                "broken": {"password_env": None, "password_command": "exit 3"},
                "away": {"port": unused_port()},
                "unknown": {"host": "no-such-host.invalid"},
                "untrusted": {"ca_file": None},
                "mismatch": {"host": "127.0.0.1"},
                "full": {"user": "ann"},
                "slow": {"port": 1, "proxy": "socks5://127.0.0.1:9"},
                "ann": {},
            }
        )
        done = await aimap("mirror", "--config", config, str(tmp_path / "mail"))
        assert done.exit_code == 1
        assert "hunter2" not in done.output
        complaints = {}
        for line in done.stderr.splitlines():
            program, account, reason = line.split(": ", 2)
            assert program == "aimap"
            complaints[account] = reason
        assert complaints == {
            "away": "localhost cannot be reached: Connection refused",
            "broken": "the password command failed with exit status 3",
            "full": complaints["full"],
            "mismatch": complaints["mismatch"],
            "slow": complaints["slow"],
            "unknown": complaints["unknown"],
            "unset": "the environment has no variable NO_SUCH_VARIABLE",
            "untrusted": complaints["untrusted"],
            "wrong": complaints["wrong"],
        }
        assert complaints["full"].endswith(": File exists")
        assert "does not accept the login" in complaints["wrong"]
        assert "certificate is not valid" in complaints["untrusted"]
        assert "mismatch" in complaints["mismatch"]
        assert "there is no host" in complaints["unknown"]
        assert "no connection through the proxy" in complaints["slow"]
        assert len(done.stdout.splitlines()) == 2
        assert mirrored(tmp_path / "mail" / "joe") == mirrored(tmp_path / "mail" / "ann") == 1


async def test_named_accounts_and_their_folders(tmp_path: Path) -> None:
    users = ["joe", "ann", "bob"]
    async with running(tmp_path, dict.fromkeys(users, PASSWORD)) as aimap:
        config = aimap.config({"joe": {}, "ann": {"folder": "a/n"}, "bob": {}})
        mail = tmp_path / "mail"
        done = await aimap("mirror", "--config", config, "joe", "ann", str(mail))
        assert done.exit_code == 0, done.stderr
        assert (mail / "joe" / "INBOX").is_dir()
        assert (mail / "a" / "n" / "INBOX").is_dir()
        assert not (mail / "bob").exists()
        # One account of the file has a folder of its own, too: names are names.
        done = await aimap("mirror", "--config", config, "bob", str(mail))
        assert done.stdout.startswith("bob: ")
        assert (mail / "bob" / "INBOX").is_dir()


async def test_json_lines(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", b"Subject: a\r\n\r\n")
        config = aimap.config({"joe": {}, "away": {"port": unused_port()}})
        done = await aimap("mirror", "--config", config, "--json", str(tmp_path / "mail"))
        assert done.exit_code == 1
        assert done.stderr == ""
        lines = told(done.stdout)
        (well,) = (line for line in lines if line["event"] == "mirrored")
        assert (well["account"], well["fetched"], well["current"]) == ("joe", 1, True)
        (failed,) = (line for line in lines if line["event"] == "failed")
        assert (failed["account"], failed["kind"], failed["goes_on"]) == ("away", "network", False)
        assert any(line["event"] == "progress" for line in lines)


async def test_a_single_account_says_by_its_status_what_is_wrong(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        done = await aimap.on_joe("mirror", str(tmp_path / "mail"), PW="wrong")
        assert done.exit_code == 3
        assert "does not accept the login" in failure(done)


async def test_what_a_server_keeps_back_makes_it_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mirror(*_: object, **__: object) -> MirrorReport:
        await trio.lowlevel.checkpoint()
        refused = MailboxFailure("Se\x1bcret", StateError("no stable UIDs"))
        return MirrorReport(mailboxes=3, missing=2, failures=[refused])

    monkeypatch.setattr("aimap.cli._mirroring.mirror", mirror)
    async with running(tmp_path) as aimap:
        done = await aimap.on_joe("mirror", str(tmp_path / "mail"))
        assert done.exit_code == 1
        assert done.stdout.startswith("3 mailboxes: 0 messages fetched")
        assert done.stderr.splitlines() == [
            "aimap: Se\\x1bcret: no stable UIDs",
            "aimap: 2 messages are listed and not given out",
        ]
        done = await aimap.on_joe("mirror", "--json", str(tmp_path / "mail"))
        (line,) = told(done.stdout)
        assert line["failures"] == {"Se\x1bcret": "no stable UIDs"}
        assert (line["current"], line["missing"]) == (False, 2)


async def test_nothing_to_mirror(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        done = await aimap("mirror", str(tmp_path / "mail"), **home)
        assert done.exit_code == 2
        assert "name an account, or a file of accounts" in done.stderr
        (tmp_path / "bad.toml").write_text("[accounts.x]\n")
        done = await aimap("mirror", "--config", str(tmp_path / "bad.toml"), str(tmp_path / "mail"))
        assert done.exit_code == 2
        assert "account 'x': 'host' is missing" in done.stderr


class Kept:
    """``aimap mirror --watch`` as a process of its own, which ends by a signal."""

    def __init__(self, program: Program, *arguments: str) -> None:
        self._program = program
        self._arguments = arguments
        self.lines: list[dict[str, Any]] = []
        self._told = trio.Event()
        self.process: trio.Process | None = None

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        command = [sys.executable, "-c", "from aimap.cli import main; main()", *self._arguments]
        environment = {**os.environ, "PW": PASSWORD}
        async with trio.open_nursery() as nursery:
            run = partial(
                trio.run_process, command, stdout=subprocess.PIPE, env=environment, check=False
            )
            self.process = await nursery.start(run)
            task_status.started()
            assert self.process is not None
            assert self.process.stdout is not None
            rest = b""
            async for piece in self.process.stdout:
                *lines, rest = (rest + piece).split(b"\n")
                self.lines += map(json.loads, lines)
                self._told.set()
                self._told = trio.Event()

    async def until(self, **fields: object) -> dict[str, Any]:
        """Wait for a line that has these fields, and take it away."""
        with trio.fail_after(60):
            while True:
                for at, line in enumerate(self.lines):
                    if fields.items() <= line.items():
                        del self.lines[at]
                        return line
                await self._told.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_watching_keeps_accounts_current_until_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running(tmp_path, {"joe": PASSWORD, "ann": PASSWORD}) as aimap:
        config = aimap.config(
            {"joe": {}, "ann": {}, "wrong": {"user": "joe", "password_command": "echo x",
                                             "password_env": None}}
        )  # fmt: skip
        kept = Kept(
            aimap, "mirror", "--config", config, "--json", "--watch", str(tmp_path / "mail")
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(kept.run)
            await kept.until(event="failed", account="wrong", kind="login", goes_on=False)
            await kept.until(event="watching", account="joe")
            aimap.server.deliver("joe", b"Subject: new\r\n\r\n")
            line = await kept.until(event="mirrored", account="joe", fetched=1)
            assert line["current"]
            assert mirrored(tmp_path / "mail" / "joe") == 1
            await kept.until(event="watching", account="joe")
            assert kept.process is not None
            kept.process.send_signal(number)
        assert kept.process.returncode == 128 + number


async def test_watching_goes_on_over_lost_connections(tmp_path: Path) -> None:
    async with running(tmp_path, {"joe": PASSWORD, "ann": PASSWORD}) as aimap:
        config = aimap.config({"joe": {}, "ann": {}})
        kept = Kept(
            aimap, "mirror", "--config", config, "--json", "--watch", str(tmp_path / "mail")
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(kept.run)
            for user in ("joe", "ann"):
                await kept.until(event="watching", account=user)
            await aimap.server.drop_connections()
            for user in ("joe", "ann"):
                aimap.server.deliver(user, b"Subject: new\r\n\r\n")
            for user in ("joe", "ann"):
                assert (await kept.until(event="mirrored", account=user, fetched=1))["current"]
            assert kept.process is not None
            kept.process.terminate()
        assert kept.process.returncode == 128 + signal.SIGTERM


async def test_watching_all_mailboxes_over_one_connection(dovecot: Dovecot, tmp_path: Path) -> None:
    """Dovecot has NOTIFY: nobody has to wait until all are looked at."""
    user = dovecot.new_user()
    async with running(tmp_path) as aimap, connected(dovecot, user, tls="insecure") as imap:
        await imap.create("Lists")
        await imap.append("Lists", b"Subject: old\r\n\r\n")
        config = aimap.config(
            {
                user: {
                    "port": dovecot.tls_port,
                    "ca_file": str(dovecot.ca_file),
                    "password_command": f"echo {DOVECOT_PASSWORD}",
                    "password_env": None,
                }
            }
        )
        kept = Kept(
            aimap, "mirror", "--config", config, "--json", "--watch", str(tmp_path / "mail")
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(kept.run)
            await kept.until(event="watching", account=user)
            await imap.append("Lists", b"Subject: new\r\n\r\n")
            assert (await kept.until(event="mirrored", account=user, fetched=1))["current"]
            await kept.until(event="watching", account=user)
            await imap.delete("Lists")
            while "Lists" in [path.name for path in (tmp_path / "mail" / user).iterdir()]:
                await kept.until(event="watching", account=user)
            await imap.append("INBOX", b"Subject: new\r\n\r\n")
            await kept.until(event="mirrored", account=user, fetched=1)
            assert kept.process is not None
            kept.process.terminate()


@pytest.mark.parametrize("how", ["option", "file"])
async def test_several_connections_for_an_account(tmp_path: Path, how: str) -> None:
    async with running(tmp_path) as aimap:
        for name in ("INBOX", "Drafts", "Sent", "Trash"):
            for _ in range(30):
                aimap.server.deliver("joe", b"Subject: x\r\n\r\n", mailbox=name)
        config = aimap.config({"joe": {"connections": 3} if how == "file" else {}})
        options = ["--connections", "3"] if how == "option" else []
        done = await aimap("mirror", "--config", config, *options, str(tmp_path / "mail"))
        assert "120 messages fetched" in done.stdout, done.stderr
        assert 1 < aimap.server.commands.count("AUTHENTICATE") <= 3


async def test_windows_by_date_and_size(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", b"Subject: small\r\n\r\n")
        aimap.server.deliver("joe", b"Subject: large\r\n\r\n" + b"x" * 3000)
        config = aimap.config({"joe": {"largest": "2k"}})
        done = await aimap("mirror", "--config", config, str(tmp_path / "mail"))
        assert "1 messages fetched" in done.stdout, done.stderr
        config = aimap.config({"joe": {"since": 2}})
        done = await aimap("mirror", "--config", config, str(tmp_path / "mail"))
        assert "1 messages fetched" in done.stdout, done.stderr


async def test_a_folder_that_another_mirror_goes_to(tmp_path: Path) -> None:
    store = MaildirStore(tmp_path / "mail" / "joe")
    async with running(tmp_path, {"joe": PASSWORD, "ann": PASSWORD}) as aimap:
        await store.positions()
        config = aimap.config({"joe": {}, "ann": {}})
        done = await aimap("mirror", "--config", config, str(tmp_path / "mail"))
        await store.aclose()
        assert done.exit_code == 1
        assert "another mirror goes to the same place" in failure(done)
        assert done.stdout.startswith("ann: ")


async def test_against_dovecot(dovecot: Dovecot, tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        users = [dovecot.new_user() for _ in range(4)]
        config = aimap.config(
            {user: {"port": dovecot.tls_port, "ca_file": str(dovecot.ca_file)} for user in users}
        )
        for _ in range(2):
            done = await aimap(
                "mirror", "--config", config, str(tmp_path / "mail"), PW=DOVECOT_PASSWORD
            )
            assert done.exit_code == 0, done.stderr
            assert len(done.stdout.splitlines()) == len(users)
        assert all((tmp_path / "mail" / user / "INBOX").is_dir() for user in users)
