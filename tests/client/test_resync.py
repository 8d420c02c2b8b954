"""SELECT that tells what is new since last time (RFC 7162 section 3.2.5)."""

from __future__ import annotations

import pytest

import aimap
from aimap import Flag
from aimap.commands import QResync
from tests.client.support import connected


async def test_selecting_tells_what_is_new_since() -> None:
    async with connected(messages=5) as (imap, server):
        async with imap.examine("INBOX", condstore=True) as inbox:
            assert inbox.resynced is None
            validity, modseq = inbox.uid_validity, inbox.highest_modseq
        assert validity is not None
        assert modseq is not None
        server.expunge("joe", [2])
        server.set_flags("joe", 3, [Flag.SEEN])
        server.deliver("joe", b"new: x\r\n\r\n")
        await imap.enable("QRESYNC")
        async with imap.select("INBOX", qresync=QResync(validity, modseq)) as inbox:
            assert inbox.resynced is not None
            assert inbox.resynced.vanished == aimap.UIDSet(2)
            assert [message.uid for message in inbox.resynced.changed] == [3, 6]
            assert inbox.resynced.changed[0].flags == {"\\Seen"}


async def test_qresync_has_to_be_enabled_first() -> None:
    async with connected(messages=1) as (imap, _server):
        with pytest.raises(aimap.InvalidArgumentError):
            async with imap.examine("INBOX", qresync=QResync(1, 1)):
                raise AssertionError("never selected")
        assert (await imap.status("INBOX")).messages == 1
