"""Accounts by their address, and what a shell completes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from aimap import DiscoveryError, ServerSettings
from aimap.cli._config import read_config
from aimap.cli._main import program

from .support import PASSWORD, failure, running

ADDRESS = "joe@example.org"


class Found:
    """What discovery finds, and how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, port: int, is_trusted: bool) -> None:
        self.asked = 0
        self._settings = ServerSettings(
            host="localhost",
            port=port,
            tls="implicit",
            usernames=(ADDRESS, "joe"),
            source="srv",
            is_trusted=is_trusted,
        )
        monkeypatch.setattr("aimap.cli._target.discover", self.discover)

    async def discover(self, address: str, **_: object) -> tuple[ServerSettings, ...]:
        await trio.lowlevel.checkpoint()
        assert address == ADDRESS
        self.asked += 1
        return (self._settings,)


async def test_an_address_is_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as aimap:
        found = Found(monkeypatch, port=aimap.server.port, is_trusted=True)
        options = ("--password-env", "PW", "--ca-file", aimap.ca_file, ADDRESS)
        # The server knows "joe", and not the whole address.
        for _ in range(2):
            done = await aimap("ls", *options)
            assert done.exit_code == 0, done.stderr
        assert found.asked == 1
        # What does not do is not remembered.
        done = await aimap("ls", *options, PW="wrong")
        assert done.exit_code == 3
        done = await aimap("ls", *options)
        assert (done.exit_code, found.asked) == (0, 2)


async def test_mirroring_and_watching_by_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", b"Subject: a\r\n\r\n")
        Found(monkeypatch, port=aimap.server.port, is_trusted=True)
        options = ("--password-env", "PW", "--ca-file", aimap.ca_file, ADDRESS)
        done = await aimap("mirror", *options, str(tmp_path / "mail"))
        assert done.exit_code == 0, done.stderr
        assert (tmp_path / "mail" / "INBOX").is_dir()


async def test_a_host_that_only_dns_vouches_for_gets_no_password_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as aimap:
        Found(monkeypatch, port=aimap.server.port, is_trusted=False)
        options = ("--password-env", "PW", "--ca-file", aimap.ca_file, ADDRESS)
        done = await aimap("ls", *options)
        assert done.exit_code == 2
        assert f"imaps://joe%40example.org@localhost:{aimap.server.port}/" in failure(done)
        assert aimap.server.commands == []
        monkeypatch.setattr("aimap.cli._target._is_terminal", lambda: True)
        monkeypatch.setattr("click.confirm", lambda *_, **__: True)
        done = await aimap("ls", *options)
        assert done.exit_code == 0, done.stderr
        assert "Only DNS vouches for that host" in done.stderr


async def test_an_address_of_which_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def discover(address: str, **_: object) -> tuple[ServerSettings, ...]:
        await trio.lowlevel.checkpoint()
        raise DiscoveryError(address, ("here: nothing", "there: no\x1bthing"))

    monkeypatch.setattr("aimap.cli._target.discover", discover)
    async with running(tmp_path) as aimap:
        done = await aimap("ls", "--password-env", "PW", ADDRESS)
        assert done.exit_code == 4
        assert done.stderr.splitlines() == [
            f"aimap: no IMAP server could be found for {ADDRESS}",
            "aimap:   here: nothing",
            "aimap:   there: no\\x1bthing",
        ]


def test_discover(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(program, ["discover", "joe@gmail.com"])
    assert done.stdout == (
        "imap.gmail.com\t993\timplicit\tjoe@gmail.com\toauth, password\ttable\tTrue\n"
    )
    done = runner.invoke(program, ["discover", "--json", "joe@web.de"])
    found = json.loads(done.stdout)
    assert (found["host"], found["usernames"]) == ("imap.web.de", ["joe", "joe@web.de"])
    done = runner.invoke(program, ["discover", "joe"])
    assert done.exit_code == 2
    assert "an address is like" in done.stderr
    # What it writes for the file is what the file wants.
    for address in ("joe@web.de", "joe@outlook.com", 'a"b\\c@gmx.de'):
        done = runner.invoke(program, ["discover", "--toml", address])
        if done.exit_code == 0:
            (tmp_path / "accounts.toml").write_text(done.stdout)
            (account,) = read_config(tmp_path / "accounts.toml").values()
            assert account.name == address
        else:
            assert '"' in address


async def test_completion(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        config = aimap.config({"work": {"user": "joe"}, "home": {"user": "joe"}})
        done = await aimap("ls", "--config", config, "work")
        assert done.exit_code == 0, done.stderr

        async def complete(*words: str) -> set[str]:
            line = " ".join(("aimap", *words))
            done = await aimap(
                _AIMAP_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)),
                AIMAP_CONFIG=config,
            )  # fmt: skip
            return {one.partition(",")[2] for one in done.stdout.splitlines()}

        assert {"mirror", "search", "get"} <= await complete("")
        assert await complete("ls", "w") == {"work"}
        assert await complete("mirror", "") >= {"work", "home"}
        assert await complete("search", "work", "-m", "S") == {"Sent"}
        assert await complete("watch", "work", "I") == {"INBOX"}
        assert await complete("watch", "home", "") == {"INBOX"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = CliRunner().invoke(program, ["completion", shell], prog_name="aimap")
    assert done.exit_code == 0
    assert "_AIMAP_COMPLETE" in done.stdout
    assert PASSWORD not in done.stdout
