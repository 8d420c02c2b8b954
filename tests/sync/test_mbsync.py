"""The Maildir equals what mbsync makes of the same account."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import aimap
from aimap import Flag
from aimap.sync import MaildirStore, mirror
from aimap.testing import sample_messages
from tests.servers.dovecot import Dovecot
from tests.servers.real import RealServer

CONFIG = """
IMAPAccount far
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account far

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Remove Near
Expunge Near
Sync Pull
SyncState *
"""


# By which mbsync finds again what it has stored: no part of the message.
TUID = re.compile(rb"^X-TUID: .{12}\n", re.MULTILINE)


def read(root: Path) -> dict[str, list[tuple[bytes, str]]]:
    """Return what is in each Maildir: line ends as mbsync has them, and flags."""
    found: dict[str, list[tuple[bytes, str]]] = {}
    for cur in root.rglob("cur"):
        name = str(cur.parent.relative_to(root))
        found[name] = sorted(
            (
                TUID.sub(b"", path.read_bytes().replace(b"\r\n", b"\n"), count=1),
                "".join(sorted(flags_of(path.name))),
            )
            for each in (cur, cur.parent / "new")
            for path in each.iterdir()
        )
    return found


def flags_of(name: str) -> str:
    # mbsync knows no keywords.
    return "".join(letter for letter in name.rpartition(":2,")[2] if letter.isupper())


async def test_the_same_as_mbsync(dovecot: Dovecot, tmp_path: Path) -> None:
    if shutil.which("mbsync") is None:
        # Where Dovecot must not be missing, neither must what is compared on it.
        required = "dovecot" in os.environ.get("AIMAP_REQUIRE_SERVERS", "")
        (pytest.fail if required else pytest.skip)("mbsync is not installed (apt: isync)")
    server: RealServer = dovecot
    user = server.new_user()
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(
        CONFIG.format(port=server.port, user=user, password=server.password, folder=theirs)
    )

    def mbsync() -> dict[str, list[tuple[bytes, str]]]:
        subprocess.run(["mbsync", "-q", "-c", str(config), "-a"], check=True)
        return read(theirs)

    async with aimap.connect(
        "127.0.0.1", port=server.port, tls="insecure", auth=aimap.Password(user, server.password)
    ) as imap:
        await imap.create("Work/2026")
        flags: list[list[str]] = [
            [],
            [Flag.SEEN],
            [Flag.FLAGGED, Flag.ANSWERED],
            [Flag.DRAFT, "$Junk"],
        ]
        for at, message in enumerate(sample_messages(80, seed=5)):
            name = ("INBOX", "Work", "Work/2026")[at % 3]
            if name == "Work" and at == 1:
                await imap.create(name)
            await imap.append(name, message, flags=flags[at % 4])
        await mirror(imap, MaildirStore(ours))
        assert read(ours) == mbsync()

        async with imap.select("INBOX") as inbox:
            await inbox.set_flags("1:3", Flag.SEEN, Flag.FLAGGED)
            await inbox.set_flags("4:5")
            await inbox.add_flags("6:8", Flag.DELETED)
            await inbox.expunge("6:8")
        await imap.append("Work", b"Subject: new\r\n\r\nnew\r\n")
        await mirror(imap, MaildirStore(ours))
        assert read(ours) == mbsync()
