"""``aimap ls``, ``search`` and ``get``."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from aimap.cli._show import PlainTerminal, rows
from aimap.testing import sample_messages

from .support import failure, running


def letter(subject: str, sender: str = "Ann <ann@example.org>", text: str = "Hello!") -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "joe@example.org"
    message["Date"] = "Wed, 25 Nov 2026 10:20:30 +0000"
    message["Subject"] = subject
    message.set_content(text)
    return message.as_bytes().replace(b"\n", b"\r\n")


def with_attachments(*names: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = "files"
    message["From"] = "ann@example.org"
    message.set_content("See the files: gr\u00fc\u00dfe\n", charset="iso-8859-1")
    for name in names:
        message.add_attachment(
            f"content of {name}".encode(), maintype="application", subtype="x-a", filename=name
        )
    return message.as_bytes().replace(b"\n", b"\r\n")


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_ls(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", letter("a"))
        done = await aimap.on_joe("ls", "--json")
        listed = [json.loads(line) for line in done.stdout.splitlines()]
        assert {"mailbox": "INBOX", "messages": 1, "unseen": 1, "use": ""} in listed
        assert {"mailbox": "Sent", "messages": 0, "unseen": 0, "use": "Sent"} in listed
        done = await aimap.on_joe("ls", "I*")
        assert done.stdout == "INBOX\t1\t1\t\n"
        done = await aimap.on_joe("ls", "--subscribed", "Nothing*")
        assert (done.exit_code, done.stdout) == (0, "")


async def test_search(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", letter("Gr\u00fc\u00dfe"), flags=["\\Seen"])
        aimap.server.deliver("joe", letter("two words", "bob@example.org"))
        aimap.server.deliver("joe", letter("elsewhere"), mailbox="Sent")
        done = await aimap.on_joe("search", "from:bob unseen", TZ="UTC")
        (line,) = done.stdout.splitlines()
        uid, date, sender, subject = line.split("\t")
        assert (uid, sender, subject) == ("2", "bob@example.org", "two words")
        assert date.startswith("2026-11-25 ")
        done = await aimap.on_joe("search", "--json", "is:seen")
        (found,) = map(json.loads, done.stdout.splitlines())
        assert (found["uid"], found["subject"], found["from"]) == (1, "Gr\u00fc\u00dfe", "Ann")
        assert (found["flags"], found["to"]) == (["\\Seen"], ["joe@example.org"])
        # Several arguments are terms, whatever spaces they have.
        done = await aimap.on_joe("search", "subject:two words", "unseen")
        assert done.stdout.startswith("2\t")
        done = await aimap.on_joe("search", "--limit", "1")
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["2"]
        done = await aimap.on_joe("search", "-m", "*", "--limit", "1")
        assert [line.split("\t")[:2] for line in done.stdout.splitlines()] == [
            ["INBOX", "2"],
            ["Sent", "1"],
        ]
        done = await aimap.on_joe("search", "nothing-like-it")
        assert (done.exit_code, done.stdout) == (0, "")
        done = await aimap.on_joe("search", "since:soon")
        assert done.exit_code == 2
        assert "a day is like 2026-01-31" in done.stderr
        done = await aimap.on_joe("search", "-m", "Gone")
        assert done.exit_code == 7
        assert "no such mailbox" in failure(done)


async def test_what_a_server_sends_steers_no_terminal(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", b"Subject: =?utf-8?q?a=1B]0;x=07=E2=80=AEb?=\r\n\r\n")
        done = await aimap.on_joe("search")
        assert "a\\x1b]0;x\\x07\\u202eb" in done.stdout
        assert "\x1b" not in done.stdout


async def test_get_the_whole_message(tmp_path: Path) -> None:
    (large,) = sample_messages(1, large=3_000_000)
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", large)
        done = await aimap.on_joe("get", "1")
        assert done.stdout_bytes == large
        done = await aimap.on_joe("get", "1", "-o", str(tmp_path / "m.eml"))
        assert (done.exit_code, done.stdout) == (0, "")
        assert (tmp_path / "m.eml").read_bytes() == large
        done = await aimap.on_joe("get", "1", "-o", str(tmp_path / "m.eml"))
        assert done.exit_code == 6
        assert "it exists" in failure(done)
        done = await aimap.on_joe("get", "1", "--headers", "--force", "-o", str(tmp_path / "m.eml"))
        assert done.exit_code == 0
        assert large.startswith((tmp_path / "m.eml").read_bytes())
        done = await aimap.on_joe("get", "7")
        assert done.exit_code == 7
        assert "INBOX has no such message: UID 7" in failure(done)
        message = aimap.server.mailbox("joe", "INBOX").messages[0]
        assert "\\Seen" not in message.flags


async def test_get_parts(tmp_path: Path) -> None:
    names = ("plan.pdf", "plan.pdf", "../../etc/passwd", "a\x1b[2Jb.txt", "..", "C:\\x\\y.doc")
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", with_attachments(*names), mailbox="Sent")
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--list", "--json")
        parts = [json.loads(line) for line in done.stdout.splitlines()]
        assert [part["type"] for part in parts[:3]] == [
            "multipart/mixed", "text/plain", "application/x-a",
        ]  # fmt: skip
        assert (parts[2]["name"], parts[2]["attachment"]) == ("plan.pdf", True)
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--part", "2")
        assert done.stdout == "content of plan.pdf"
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--text")
        assert done.stdout == "See the files: gr\u00fc\u00dfe\n"
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--part", "9")
        assert "Sent has no such part: UID 1" in failure(done)
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--part", "2", "--text")
        assert done.exit_code == 2

        saved = tmp_path / "saved"
        done = await aimap.on_joe("get", "1", "-m", "Sent", "--attachments", str(saved))
        assert done.exit_code == 0, done.stderr
        found = [path.name for path in files(saved)]
        assert len(found) == len(names)
        assert {"plan.pdf", "plan-2.pdf", "passwd", "y.doc"} <= set(found)
        assert all(name.isprintable() and not name.startswith(".") for name in found)
        assert (saved / "passwd").read_bytes() == b"content of ../../etc/passwd"
        assert [path.name for path in files(tmp_path)] == ["ca.pem", "saved"]


async def test_a_message_without_text(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        aimap.server.deliver("joe", b"Content-Type: image/png\r\n\r\nxyz\r\n")
        done = await aimap.on_joe("get", "1", "--text")
        assert "UID 1 has no text in it" in failure(done)


def test_a_terminal_gets_text_and_nothing_else(tmp_path: Path) -> None:
    with (tmp_path / "tty").open("wb") as file:
        terminal = PlainTerminal(file)
        for octets in (b"gr\xc3", b"\xbc\xc3\x9fe\r\n\tx\x1b[2J", b"\xff\x07\r\x9b"):
            assert terminal.write(octets) == len(octets)
        terminal.flush()
    text = (tmp_path / "tty").read_text(encoding="utf-8")
    assert text == "gr\u00fc\u00dfe\n\tx\\x1b[2J\ufffd\\x07\ufffd"


def test_a_table_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    found: list[dict[str, object]] = [
        {"uid": 7, "subject": "a[red]\x1b"},
        {"uid": 12, "subject": None},
    ]
    rows(("uid", "subject"), found, as_json=False, right=("uid",))
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == ["Uid  Subject", "  7  a[red]\\x1b", " 12  -"]


async def test_accounts_by_name(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        config = aimap.config({"joe": {}})
        done = await aimap("ls", "--config", config, "joe", "INBOX")
        assert done.stdout == "INBOX\t0\t0\t\n"
        done = await aimap("ls", "joe", "INBOX", AIMAP_CONFIG=config)
        assert done.exit_code == 0
        done = await aimap("ls", "--config", config, "ann")
        assert done.exit_code == 2
        assert "in the file are joe" in done.stderr
        done = await aimap("ls", "--config", config, "--password-command", "echo wrong", "joe")
        assert done.exit_code == 3
        done = await aimap("ls", "--keyring", "--password-env", "PW", aimap.url)
        assert "name one place only" in done.stderr


async def test_options_of_the_connection(tmp_path: Path) -> None:
    async with running(tmp_path) as aimap:
        done = await aimap.on_joe("ls", "--trace")
        assert "LOGIN" in done.stderr or "AUTHENTICATE" in done.stderr
        assert "secret" not in done.stderr
        done = await aimap.on_joe("ls", "--proxy", "gopher://x")
        assert done.exit_code == 2
        done = await aimap.on_joe("ls", "--proxy", "socks5://127.0.0.1:9")
        assert done.exit_code == 4
        assert "no connection through the proxy" in failure(done)
        done = await aimap.on_joe("ls", "--timeout", "0")
        assert done.exit_code == 2
