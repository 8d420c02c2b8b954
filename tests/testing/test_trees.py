"""Mail and faults from files."""

from __future__ import annotations

import mailbox
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aimap import InvalidArgumentError
from aimap.testing import (
    Change,
    Chunk,
    Close,
    Delay,
    Drip,
    Drop,
    Hold,
    Ignore,
    Insert,
    On,
    Repeat,
    Send,
    Server,
    Stall,
    Strings,
    Truncate,
    load_accounts,
    load_faults,
    serve,
)

MESSAGE = b"Subject: %s\n\nhello\nFrom here\n"


def kept(server: Server, user: str = "joe") -> dict[str, list[tuple[bytes, set[str]]]]:
    return {
        name: [(m.part.field("subject") or b"", set(map(str, m.flags))) for m in box.messages]
        for name, box in server.accounts[user].mailboxes.items()
        if box.messages
    }


async def loaded(path: Path) -> dict[str, list[tuple[bytes, set[str]]]]:
    async with serve(tls="insecure", host=None) as server:
        count = server.load("joe", path)
        found = kept(server)
        assert count == sum(map(len, found.values()))
        for box in server.accounts["joe"].mailboxes.values():
            for message in box.messages:
                assert re.search(rb"(?<!\r)\n", message.octets) is None
                assert message.octets.endswith(b"\r\n\r\nhello\r\nFrom here\r\n")
        return found


async def test_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "Archive" / "2025").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("b.eml", "a.eml", "Archive/2025/c.EML", "notes.md", ".hidden/d.eml"):
        (tmp_path / name).write_bytes(MESSAGE % name.encode())
    box = mailbox.mbox(tmp_path / "Archive" / "Old.mbox")
    box.add(MESSAGE % b"old")
    box.close()
    assert await loaded(tmp_path) == {
        "INBOX": [(b"a.eml", set()), (b"b.eml", set())],
        "Archive/2025": [(b"Archive/2025/c.EML", set())],
        "Archive/Old": [(b"old", set())],
    }


async def test_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGE % b"a")
    assert await loaded(tmp_path / "a.eml") == {"INBOX": [(b"a", set())]}


async def test_an_mbox(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "mail")
    for flags in ("", "RO", "FA", "D"):
        message = mailbox.mboxMessage(MESSAGE % flags.encode())
        message.set_flags(flags)
        box.add(message)
    box.close()
    async with serve(tls="insecure", host=None) as server:
        server.load("joe", tmp_path / "mail")
        assert [flags for _, flags in kept(server)["INBOX"]] == [
            set(),
            {"\\Seen"},
            {"\\Flagged", "\\Answered"},
            {"\\Deleted"},
        ]


async def test_a_maildir(tmp_path: Path) -> None:
    for name in ("", ".Archive.Gr&APwA3w-e"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / name / part).mkdir(parents=True)
    (tmp_path / "cur" / "1.x:2,FS").write_bytes(MESSAGE % b"1")
    (tmp_path / "cur" / "3.x:2,DRTaz").write_bytes(MESSAGE % b"3")
    (tmp_path / "new" / "2.x").write_bytes(MESSAGE % b"2")
    (tmp_path / ".Archive.Gr&APwA3w-e" / "new" / "4").write_bytes(MESSAGE % b"4")
    assert await loaded(tmp_path) == {
        "INBOX": [
            (b"1", {"\\Flagged", "\\Seen"}),
            (b"2", set()),
            (b"3", {"\\Draft", "\\Answered", "\\Deleted"}),
        ],
        "Archive/Grüße": [(b"4", set())],
    }


async def test_what_is_no_mail(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    async with serve(tls="insecure", host=None) as server:
        with pytest.raises(InvalidArgumentError, match="not a folder of"):
            server.load("joe", tmp_path / "a.pdf")
        with pytest.raises(FileNotFoundError):
            server.load("joe", tmp_path / "none")


ACCOUNTS = """
[accounts.joe]
password = "tiger"
source = "mail"

[accounts.joe.mailboxes."Archive/2025"]
special_use = "\\\\Archive"
subscribed = false
source = "mail"
messages = [
    { file = "mail/a.eml", flags = ["\\\\Seen", "$Work"], date = 2026-01-01T10:00:00+02:00 },
    { text = "Subject: b\\n\\n", date = 2026-01-01T10:00:00 },
]

[accounts.ann]
"""


async def test_accounts_from_toml(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "a.eml").write_bytes(MESSAGE % b"a")
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    async with serve({}, tls="insecure", host=None) as server:
        load_accounts(server, tmp_path / "accounts.toml")
        assert {user: account.password for user, account in server.accounts.items()} == {
            "joe": "tiger",
            "ann": "secret",
        }
        assert kept(server) == {
            "INBOX": [(b"a", set())],
            "Archive/2025": [(b"a", set()), (b"a", {"\\Seen", "$Work"}), (b"b", set())],
        }
        archive = server.mailbox("joe", "Archive/2025")
        assert (archive.special_use, archive.subscribed) == ("\\Archive", False)
        assert [m.date for m in archive.messages[1:]] == [
            datetime(2026, 1, 1, 8, tzinfo=UTC),
            datetime(2026, 1, 1, 10, tzinfo=UTC),
        ]
        assert archive.messages[2].octets == b"Subject: b\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[acounts.joe]", "no key 'acounts': did you mean 'accounts'"),
        ("accounts = 3", "tables by name"),
        (
            "[accounts.joe]\npasword = 'x'",
            "account 'joe': no key 'pasword': did you mean 'password'",
        ),
        ("[accounts.joe.mailboxes.A]\nspecial = 'x'", "mailbox 'A': no key 'special'"),
        ("[accounts.joe.mailboxes.A]\nmessages = [{}]", "either file or text"),
        ("[accounts.joe.mailboxes.A]\nmessages = [{text = '', flag = 1}]", "did you mean 'flags'"),
        ("[accounts.joe.mailboxes.A]\nmessages = [3]", "a list of tables"),
        ("[accounts.joe.mailboxes.A]\nmessages = [{text = '', date = 3}]", "a date has a time"),
        ("[", "not TOML"),
    ],
)
async def test_accounts_misspelt(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    async with serve({}, tls="insecure", host=None) as server:
        with pytest.raises(InvalidArgumentError, match=hint):
            load_accounts(server, tmp_path / "a.toml")


FAULTS = r"""
[[on]]
event = "command"
command = ["FETCH", "STORE"]
nth = 2
times = 3
do = [{ send = "* OK hello" }, { ignore = true }, { delay = 0.5 }, { close = true }]

[[on]]
event = "response"
text = "EXISTS"
state = "selected"
session = 1
chance = 0.5
seed = 3
do = [
    { change = ['(\d+) EXISTS', '\1 RECENT'] }, { strings = "quoted" }, { hold = "next" },
    { chunk = 3 }, { chunk = { size = 2, seconds = 1 } }, { truncate = 5 }, { reset = true },
]

[[on]]
event = "quiet"
seconds = 600
do = [{ close = true }]

[[drop]]
after = 'FETCH \d+'
of = "client"
reset = true

[[stall]]
after = 100
seconds = 3

[[drip]]
size = 2

[[insert]]
octets = "* OK x\r\n"
times = 4

[[repeat]]
after = "x"
"""


def test_faults_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(FAULTS.replace('"* OK x\\r\\n"', '"* OK x\\r\\n"'))
    found = load_faults(path)
    assert found == [
        On(
            "command",
            Send("* OK hello"),
            Ignore(),
            Delay(0.5),
            Close(),
            command=["FETCH", "STORE"],
            nth=2,
            times=3,
        ),
        On(
            "response",
            Change(r"(\d+) EXISTS", r"\1 RECENT"),
            Strings("quoted"),
            Hold("next"),
            Chunk(3),
            Chunk(2, 1),
            Truncate(5),
            Close(reset=True),
            text="EXISTS",
            state="selected",
            session=1,
            chance=0.5,
            seed=3,
        ),
        On("quiet", Close(), seconds=600),
        Drop(after=re.compile(rb"FETCH \d+"), of="client", reset=True),
        Stall(after=100, seconds=3),
        Drip(size=2),
        Insert(b"* OK x\r\n", times=4),
        Repeat(after=re.compile(b"x")),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[[onn]]", "no key 'onn': did you mean 'on'"),
        ("[[on]]\nevnt = 'command'", "number 1: on: no key 'evnt': did you mean 'event'"),
        ("[[on]]\nevent = 'comand'\ndo = [{close = true}]", "did you mean 'command'"),
        (
            "[[on]]\nevent = 'command'\ndo = [{clse = true}]",
            "no action 'clse': did you mean 'close'",
        ),
        ("[[on]]\nevent = 'command'\ndo = [{truncate = 3}]", "no action at 'command'"),
        ("[[on]]\nevent = 'command'\ndo = 3", "do is a list of tables"),
        ("[[on]]\nevent = 'response'\ndo = [{change = 'x'}]", "a pattern and what replaces it"),
        ("[[on]]\nevent = 'response'\ndo = [{chunk = {siz = 3}}]", "did you mean 'size'"),
        ("[[drop]]\nafter = 3\n[[drop]]\nof = 'x'", r"\[\[drop\]\] number 2: 'of' is"),
        ("[[drop]]\nwhen = 3", "no key 'when'"),
        ("[[insert]]\ntimes = 3", "octets"),
        ("on = 3", "a list of tables"),
    ],
)
def test_faults_misspelt(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "f.toml").write_text(text)
    with pytest.raises(InvalidArgumentError, match=hint):
        load_faults(tmp_path / "f.toml")
