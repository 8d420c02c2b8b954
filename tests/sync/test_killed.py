"""A mirror that is killed at any moment, and run again, is equal to the server.

``AIMAP_KILLS=200`` kills two hundred instead of a few.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
import trio

import aimap
from aimap import Flag, Flags, MailboxInfo, UIDValidity
from aimap.sync import mirror
from aimap.testing import Server, serve
from tests.client.support import JOE
from tests.sync.killed import store_at

KILLS = int(os.environ.get("AIMAP_KILLS", "0")) or 6
NAMES = ("INBOX", "a/b")


async def kept(server: Server, path: Path) -> dict[tuple[str, int], Flags]:
    """Return what is there, each message once and whole."""
    store = store_at(path)
    found: dict[tuple[str, int], Flags] = {}
    for name in NAMES:
        box = server.mailbox("joe", name)
        info = MailboxInfo(name, "/", Flags())
        opened = await store.mailbox(info, UIDValidity(box.uid_validity))
        for uid, flags in (await opened.known()).items():
            found[name, uid] = flags
        there = {message.uid: message.octets for message in box.messages}
        for uid in await opened.known():
            if uid in there and isinstance(store, aimap.sync.SQLiteStore):
                assert await store.read(name, uid) == there[uid]
            elif uid in there and isinstance(opened, aimap.sync.MaildirMailbox):
                assert await opened.read(uid) == there[uid]
        if isinstance(opened, aimap.sync.MaildirMailbox):
            assert len(list((opened.folder / "cur").iterdir())) == len(await opened.known())
    await store.aclose()
    return found


def change(server: Server, random: Random) -> set[tuple[str, int]]:
    """Change something in each mailbox; return what is gone."""
    gone: set[tuple[str, int]] = set()
    for name in NAMES:
        uids = [message.uid for message in server.mailbox("joe", name).messages]
        for uid in random.sample(uids, len(uids) // 4):
            server.set_flags("joe", uid, random.choice(([], [Flag.SEEN], ["k"])), mailbox=name)
        ends = random.sample(uids, len(uids) // 8)
        server.expunge("joe", ends, mailbox=name)
        gone.update((name, uid) for uid in ends)
        for _ in range(random.randrange(30)):
            octets = b"Subject: x\r\n\r\n" + random.randbytes(random.randrange(9000)).hex().encode()
            server.deliver("joe", octets, mailbox=name, flags=[Flag.SEEN, f"k{len(octets) % 5}"])
    return gone


@pytest.mark.parametrize("name", ["folder", "mail.sqlite"])
async def test_killed_and_run_again(name: str, tmp_path: Path) -> None:
    random = Random(name + str(KILLS))
    path = tmp_path / name
    async with serve(tls="insecure", host="127.0.0.1") as server:
        server.accounts["joe"].create("a/b")

        async def run(event: int, seconds: float) -> tuple[int, int, float]:
            arguments = [str(server.port), str(path), str(event), str(seconds)]
            begin = time.perf_counter()
            child = await trio.run_process(
                [sys.executable, "-m", "tests.sync.killed", *arguments],
                capture_stdout=True,
                check=False,
                stderr=subprocess.DEVNULL,
            )
            return child.returncode, int(child.stdout or 0), time.perf_counter() - begin

        change(server, random)
        code, events, took = await run(0, 0)
        assert code == 0
        killed = 0
        for number in range(KILLS):
            gone = change(server, random)
            before = await kept(server, path)
            by_event = number % 2 == 0
            code, _, _ = await run(
                random.randrange(1, events) if by_event else 0,
                0 if by_event else random.uniform(0.0005, took / 4),
            )
            # Nothing else may have ended it.
            assert code in (0, -signal.SIGKILL, -signal.SIGALRM)
            killed += code != 0
            after = await kept(server, path)
            assert before.keys() - gone <= after.keys()
            async with aimap.connect(
                "localhost", tls="insecure", stream=server.connect(), auth=JOE
            ) as imap:
                report = await mirror(imap, store_at(path))
            assert report.is_current
            assert await kept(server, path) == {
                (name, message.uid): message.flags
                for name in NAMES
                for message in server.mailbox("joe", name).messages
            }
        assert killed >= KILLS // 3
