"""What is too much to be tried with each server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trio

import aimap
from aimap import ENVELOPE, FLAGS, Flag, UIDSet

from .dovecot import Dovecot
from .real import PASSWORD
from .support import connected, fill


@pytest.mark.exhaustive
async def test_a_store_inside_a_loop_over_10_000_messages(dovecot: Dovecot) -> None:
    async with connected(dovecot, dovecot.new_user(), tls="implicit") as imap:
        await fill(imap, (b"Subject: %d\r\n\r\nx\r\n" % number for number in range(10_000)))
        async with imap.select("INBOX") as inbox:
            seen = 0
            async with inbox.fetch("1:*", FLAGS, ENVELOPE) as messages:
                async for message in messages:
                    assert message.envelope.subject == str(message.uid - 1)
                    await inbox.add_flags(message.uid, Flag.FLAGGED)
                    seen += 1
            assert (seen, messages.missing) == (10_000, UIDSet())
            assert len(await inbox.search(aimap.FLAGGED)) == 10_000


_DOWNLOAD = """
import sys, trio, aimap

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])

async def main(port, user, password, path):
    auth = aimap.Password(user, password)
    async with aimap.connect("127.0.0.1", port=port, tls="insecure", auth=auth) as imap:
        async with imap.select("INBOX") as inbox:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            before = peak()
            octets = await inbox.download(1, into=path)
            print(octets, peak() - before)

trio.run(main, int(sys.argv[1]), *sys.argv[2:])
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
async def test_a_message_of_300_mb_takes_little_memory(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.new_user()
    message = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * (300_000_000 // 78)
    async with connected(dovecot, user, tls="insecure") as imap:
        await imap.append("INBOX", message)
    arguments = (str(dovecot.port), user, PASSWORD, str(tmp_path / "big"))
    done = await trio.run_process(
        [sys.executable, "-c", _DOWNLOAD, *arguments], capture_stdout=True
    )
    octets, kibibytes = map(int, done.stdout.split())
    assert octets == len(message)
    assert kibibytes < 16 * 1024
    assert await trio.Path(tmp_path / "big").read_bytes() == message
