"""Uploading from a source, to each real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

import aimap
from aimap import BODY_PEEK

from .real import RealServer
from .support import connected, tapped

LINES = [b"Subject: big\r\n\r\n", *[b"%078d\r\n" % number for number in range(50_000)]]
MESSAGE = b"".join(LINES)


async def lines(up_to: int | None = None) -> AsyncIterator[bytes]:
    """Give the message in pieces; raise instead of one of them."""
    for at in range(0, len(LINES), 500):
        await trio.lowlevel.checkpoint()
        if up_to is not None and at >= up_to:
            raise LookupError("no more")
        yield b"".join(LINES[at : at + 500])


async def test_from_a_file_and_from_an_iterable(any_server: RealServer, tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(MESSAGE)
    async with tapped(any_server, any_server.new_user()) as imap:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(imap.append, "INBOX", str(tmp_path / "message"))
            assert (await imap.status("INBOX", ["UIDVALIDITY"])).mailbox == "INBOX"
        told = await imap.append("INBOX", lines(), size=len(MESSAGE))
        assert told is not None
        assert told.uids == aimap.UIDSet(2)
        with pytest.raises(aimap.NoError) as caught:
            await imap.append(any_server.prefix + "none", str(tmp_path / "message"))
        assert caught.value.code is not None
        assert caught.value.code.name == "TRYCREATE"
        async with imap.examine("INBOX") as inbox:
            found = await inbox.fetch_all("1:*", BODY_PEEK())
            assert [message.body() for message in found] == [MESSAGE, MESSAGE]


@pytest.mark.parametrize("up_to", [0, 1000, 40_000])
async def test_nothing_is_stored_of_a_source_that_fails(any_server: RealServer, up_to: int) -> None:
    user = any_server.new_user()
    async with connected(any_server, user, tls="insecure") as imap:
        with pytest.raises(LookupError, match="no more"):
            await imap.append("INBOX", lines(up_to), size=len(MESSAGE))
        with pytest.raises(aimap.ConnectionLostError):
            await imap.noop()
    async with tapped(any_server, user) as imap:
        assert (await imap.status("INBOX", ["MESSAGES"])).messages == 0
        await imap.append("INBOX", b"Subject: x\r\n\r\nx\r\n")
        assert (await imap.status("INBOX", ["MESSAGES"])).messages == 1
