"""What is new is found in each way that a server may have, and lies do no harm."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

import aimap
from aimap import Flag
from aimap.sync import MaildirStore, MirrorReport, mirror
from aimap.testing import Drop, Fault, Insert, Server, serve
from tests.client.support import JOE
from tests.sync.support import STRATEGIES, contents

each_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


async def mirrored(server: Server, root: Path) -> MirrorReport:
    async with aimap.connect(
        "localhost", tls="insecure", stream=server.connect(), auth=JOE
    ) as imap:
        return await mirror(imap, MaildirStore(root))


@each_strategy
async def test_random_changes(strategy: str, tmp_path: Path) -> None:
    random = Random(strategy)
    async with serve(tls="insecure", host=None, **STRATEGIES[strategy]) as server:
        box = server.mailbox("joe")
        for number in range(60):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        await mirrored(server, tmp_path)
        for _ in range(12):
            uids = [message.uid for message in box.messages]
            gone = random.sample(uids, random.randrange(min(5, len(uids))))
            server.expunge("joe", gone)
            for uid in random.sample(sorted(set(uids) - set(gone)), 3):
                server.set_flags(
                    "joe", uid, random.choice(([], [Flag.SEEN], ["later", Flag.DRAFT]))
                )
            for number in range(random.randrange(4)):
                server.deliver("joe", b"Subject: new %d\r\n\r\n" % number, flags=["new"])
            report = await mirrored(server, tmp_path)
            assert report.is_current
            assert report.removed == len(gone)
            await contents(tmp_path, server)
        assert (await mirrored(server, tmp_path)).fetched == 0


@each_strategy
async def test_only_what_changed_crosses_the_wire(strategy: str, tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None, **STRATEGIES[strategy]) as server:
        for number in range(2000):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        await mirrored(server, tmp_path)
        server.commands.clear()
        await mirrored(server, tmp_path)
        opened = "EXAMINE" in server.commands
        assert opened == (strategy in ("comparing", "plain", "second"))

        server.expunge("joe", [3, 500])
        server.set_flags("joe", 7, [Flag.SEEN])
        server.deliver("joe", b"Subject: new\r\n\r\n")
        async with aimap.connect(
            "localhost", tls="insecure", stream=server.connect(), auth=JOE
        ) as imap:
            report = await mirror(imap, MaildirStore(tmp_path))
            octets = imap.statistics().octets_received
        assert (report.fetched, report.flags_changed, report.removed) == (1, 1, 2)
        if strategy in ("qresync", "condstore"):
            assert octets < 3000


async def test_a_mailbox_put_back_from_a_copy_is_compared(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        for number in range(5):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        await mirrored(server, tmp_path)
        box = server.mailbox("joe")
        box.messages[2].flags.add(Flag.SEEN)
        del box.messages[4]
        box.highest_modseq = 2
        report = await mirrored(server, tmp_path)
        assert (report.flags_changed, report.removed) == (1, 1)
        await contents(tmp_path, server)


async def test_another_uidvalidity_in_the_middle(tmp_path: Path) -> None:
    async with serve(tls="insecure", host=None) as server:
        for number in range(5):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        lie = b"* OK [UIDVALIDITY 77] changed\r\n"
        server.faults = [Insert(lie, after=re.compile(rb"UID FETCH completed\r\n"))]
        report = await mirrored(server, tmp_path)
        assert report.is_current
        await contents(tmp_path, server)


# A server that lies, or goes


async def mirrored_again(
    root: Path, strategy: str, *faults: Fault
) -> tuple[MirrorReport | Exception, Server]:
    """Mirror three messages, and again with something going wrong."""
    async with serve(tls="insecure", host=None, **STRATEGIES[strategy]) as server:
        for number in range(3):
            server.deliver("joe", b"Subject: %d\r\n\r\n" % number)
        assert (await mirrored(server, root)).fetched == 3
        # Else the mailbox would not even be opened.
        server.set_flags("joe", 1, [Flag.FLAGGED])
        server.faults = faults
        try:
            return await mirrored(server, root), server
        except aimap.ImapError as error:
            return error, server


BEHIND_EXAMINE = re.compile(rb"\[READ-ONLY\] .*?\r\n")
IN_EXAMINE = re.compile(rb"\[UIDNEXT.*?\r\n")


@each_strategy
@pytest.mark.parametrize("moment", [IN_EXAMINE, BEHIND_EXAMINE], ids=["in", "behind"])
@pytest.mark.parametrize(
    "lie",
    [
        b"* VANISHED (EARLIER) 1:4294967295\r\n",
        b"* VANISHED (EARLIER) 2\r\n",
        b"* VANISHED 1:4294967295\r\n",
        b"* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n",
        b"* 1 FETCH (UID 2 FLAGS ())\r\n",
        b"* 2 FETCH (UID 1 FLAGS (\\Flagged))\r\n* 3 FETCH (UID 1 FLAGS (\\Flagged))\r\n",
        b"* 4 EXISTS\r\n* 4 FETCH (UID 2 FLAGS ())\r\n",
        b"* 4 EXISTS\r\n* 4 FETCH (UID 9 FLAGS ())\r\n",
    ],
)
async def test_vanished_wipe_or_uid_reuse_removes_nothing(
    lie: bytes, moment: re.Pattern[bytes], strategy: str, tmp_path: Path
) -> None:
    report, server = await mirrored_again(tmp_path, strategy, Insert(lie, after=moment))
    assert isinstance(report, MirrorReport)
    assert (report.removed, report.fetched) == (0, 0)
    server.faults = ()
    await contents(tmp_path, server)


@pytest.mark.parametrize(
    ("strategy", "after"),
    [
        ("qresync", b"EXISTS"),
        ("qresync", b"* 1 FETCH ("),
        ("condstore", b"* 1 FETCH ("),
        *[("plain", b"* %d FETCH (" % number) for number in (1, 2, 3)],
    ],
)
async def test_eof_as_empty(strategy: str, after: bytes, tmp_path: Path) -> None:
    error, server = await mirrored_again(tmp_path, strategy, Drop(after=after))
    assert isinstance(error, aimap.ConnectionLostError)
    server.set_flags("joe", 1, [])
    await contents(tmp_path, server)
