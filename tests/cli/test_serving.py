"""``aimap serve``, for programs that know nothing of Trio."""

from __future__ import annotations

import imaplib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from aimap.cli._main import program

COMMAND = [sys.executable, "-W", "error", "-c", "from aimap.cli import main; main()", "serve"]


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    with subprocess.Popen(
        [*COMMAND, "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def test_a_folder_served_with_tls(tmp_path: Path) -> None:
    (tmp_path / "mail" / "Archive").mkdir(parents=True)
    (tmp_path / "mail" / "a.eml").write_bytes(b"Subject: a\n\nhello\n")
    (tmp_path / "mail" / "Archive" / "b.eml").write_bytes(b"Subject: b\n\n")
    ca_file = tmp_path / "ca.pem"
    with serving(
        str(tmp_path / "mail"),
        *("--ca-file", str(ca_file), "--user", "ann:tiger", "--user", "bob"),
        *("--without", "UIDPLUS", "--with", "MESSAGELIMIT=10"),
    ) as (process, said):
        assert said["accounts"] == {"ann": "tiger", "bob": "secret"}
        assert said["ca_file"] == str(ca_file)
        context = ssl.create_default_context(cafile=ca_file)
        with imaplib.IMAP4_SSL(said["host"], said["port"], ssl_context=context) as imap:
            imap.login("ann", "tiger")
            offered = imap.capability()[1][0].split()
            assert b"MESSAGELIMIT=10" in offered
            assert b"UIDPLUS" not in offered
            assert imap.select("Archive") == ("OK", [b"1"])
            fetched: Any = imap.fetch("1", "(BODY.PEEK[])")[1]
            assert fetched[0][1] == b"Subject: b\r\n\r\n"
        assert ended(process) == (143, "")


@pytest.mark.parametrize(("check", "status"), [((), 143), (("--check",), 1)])
def test_rules_that_clients_break(check: tuple[str, ...], status: int) -> None:
    with serving("--tls", "insecure", *check) as (process, said):
        with imaplib.IMAP4(said["host"], said["port"]) as imap:
            imap.login("joe", "secret")
            with pytest.raises(imaplib.IMAP4.error):
                imap.xatom("WHAT")
        code, errors = ended(process)
        assert code == status
        assert "unknown-command: WHAT no command WHAT" in errors


def test_faults_presets_and_accounts(tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text(
        '[[on]]\nevent = "greeting"\ndo = [{ change = ["Gimap ready", "Gimap fed up"] }]\n'
    )
    (tmp_path / "accounts.toml").write_text('[accounts."zoë"]\npassword = "x"\n')
    with serving(
        str(tmp_path / "accounts.toml"),
        *("--faults", str(tmp_path / "faults.toml")),
        *("--preset", "gmail", "--tls", "starttls", "--lenient"),
    ) as (_, said):
        assert said["accounts"] == {"zoë": "x"}
        with imaplib.IMAP4(said["host"], said["port"]) as imap:
            assert b"Gimap fed up" in imap.welcome
            assert "STARTTLS" in imap.capabilities


def test_tokens() -> None:
    arguments = ("--mechanism", "xoauth2", "--mechanism", "PLAIN", "--token", "joe:ya29")
    with serving("--tls", "insecure", *arguments) as (_, said):
        with imaplib.IMAP4(said["host"], said["port"]) as imap:
            assert {"AUTH=XOAUTH2", "AUTH=PLAIN"} <= set(imap.capabilities)
            answers = [b"user=joe\1auth=Bearer other\1\1", b""]
            with pytest.raises(imaplib.IMAP4.error, match="not valid"):
                imap.authenticate("XOAUTH2", lambda _: answers.pop(0))
        with imaplib.IMAP4(said["host"], said["port"]) as imap:
            assert (
                imap.authenticate("XOAUTH2", lambda _: b"user=joe\1auth=Bearer ya29\1\1")[0] == "OK"
            )


def test_what_is_told_to_people() -> None:
    with subprocess.Popen(
        [*COMMAND, "--tls", "insecure"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        process.terminate()
        process.wait(30)
    assert first.startswith("listening on localhost port ")
    assert second == "user joe, password secret, 0 messages\n"


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["--with", "QUOTTA"], 2, "did you mean QUOTA"),
        (["--preset", "yaho", "--with", "QUOTA"], 2, "did you mean 'yahoo'"),
        (["--preset", "gmial"], 2, "did you mean 'gmail'"),
        (["none"], 2, "'none' does not exist"),
        (["--port", "1", "--host", "192.0.2.1"], 4, "aimap: 192.0.2.1"),
        (["--ca-file", "/nowhere/ca.pem"], 6, "aimap: /nowhere/ca.pem"),
    ],
)
def test_complaints(arguments: list[str], status: int, complaint: str) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status, done.stderr
    assert complaint in done.stderr


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    (folder / "Archive").mkdir(parents=True)
    for name in ("1.eml", "2.eml", "Archive/3.eml"):
        (folder / name).write_bytes(b"Subject: %s\n\nhello\n" % name.encode())
    return folder


@pytest.mark.breaks("unknown-command")
def test_in_this_process(mail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It serves until then, and no longer.
    monkeypatch.setattr(trio, "sleep_forever", trio.lowlevel.checkpoint)

    def serve(*arguments: str) -> Result:
        return CliRunner().invoke(program, ["serve", *arguments], prog_name="aimap")

    told = serve(str(mail), "--tls", "insecure", "--preset", "yahoo", "--without", "MOVE").output
    assert "user joe, password secret, 3 messages" in told
    ca_file = tmp_path / "ca.pem"
    assert str(ca_file) in serve("--ca-file", str(ca_file)).output
    assert ca_file.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    (tmp_path / "a.toml").write_text("[accounts.ann]\npassword = 'x'\n")
    found = json.loads(serve(str(tmp_path / "a.toml"), "--tls", "insecure", "--json").output)
    assert found["accounts"] == {"ann": "x"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = serve("--port", str(taken.getsockname()[1]), "--tls", "insecure")
    assert busy.exit_code == 4
    assert serve("--ca-file", "/nowhere/ca.pem").exit_code == 6
    (tmp_path / "a.toml").write_text("[acounts]\n")
    assert serve(str(tmp_path / "a.toml")).exit_code == 2

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def break_a_rule() -> None:
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(b"a WHAT\r\n")
            answer = b""
            while b"BAD" not in answer:
                answer += await stream.receive_some()

    monkeypatch.setattr(trio, "sleep_forever", break_a_rule)
    wrong = serve("--port", str(port), "--tls", "insecure", "--check")
    assert wrong.exit_code == 1
    assert "unknown-command" in wrong.output


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl(mail: Path, tmp_path: Path) -> None:
    ca_file = str(tmp_path / "ca.pem")
    with serving(str(mail), "--ca-file", ca_file) as (process, said):
        url = f"imaps://{said['host']}:{said['port']}/Archive;UID=1"
        command = ["curl", "--silent", "--cacert", ca_file, "--user", "joe:secret", url]
        done = subprocess.run(command, capture_output=True, timeout=30, check=True)
        assert done.stdout == b"Subject: Archive/3.eml\r\n\r\nhello\r\n"
        assert ended(process) == (143, "")


MBSYNC = """
IMAPAccount a
Host {host}
Port {port}
User joe
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore remote
Account a

MaildirStore local
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel c
Far :remote:
Near :local:
Patterns *
Create Both
SyncState *
"""


@pytest.mark.skipif(shutil.which("mbsync") is None, reason="no mbsync here")
def test_mbsync(mail: Path, tmp_path: Path) -> None:
    folder = tmp_path / "maildir"
    folder.mkdir()
    config = tmp_path / "mbsyncrc"
    with serving(str(mail), "--tls", "insecure") as (process, said):
        config.write_text(MBSYNC.format(folder=folder, **said))

        def sync() -> None:
            subprocess.run(["mbsync", "-q", "-c", str(config), "-a"], timeout=30, check=True)

        sync()
        assert len([*folder.glob("*/cur/*"), *folder.glob("*/new/*")]) == 3
        (folder / "Archive" / "new" / "4.x").write_bytes(b"Subject: up\n\nup\n")
        sync()
        with imaplib.IMAP4(said["host"], said["port"]) as imap:
            imap.login("joe", "secret")
            assert imap.select("Archive") == ("OK", [b"2"])
        assert ended(process) == (143, "")
