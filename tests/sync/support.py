"""What the tests of mirrors share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aimap
from aimap import MailboxInfo, UIDValidity
from aimap.sync import MaildirMailbox, MaildirStore
from aimap.testing import CAPABILITIES, Server

STRATEGIES: dict[str, dict[str, Any]] = {
    "qresync": {"capabilities": CAPABILITIES},
    "condstore": {"capabilities": CAPABILITIES - {"QRESYNC"}},
    "comparing": {"capabilities": CAPABILITIES - {"QRESYNC", "CONDSTORE"}},
    "plain": {"preset": "rev1"},
    "second": {"preset": "rev2"},
}
"""What server to run, for each way of finding out what is new."""


@asynccontextmanager
async def opened(root: Path, name: str, uid_validity: int) -> AsyncGenerator[MaildirMailbox]:
    """Open a Maildir, and close it."""
    store = MaildirStore(root)
    try:
        yield await store.mailbox(MailboxInfo(name, "/", aimap.Flags()), UIDValidity(uid_validity))
    finally:
        await store.aclose()


async def contents(root: Path, server: Server) -> None:
    """Compare every Maildir with the server, octets and flags."""
    for name, box in server.accounts["joe"].mailboxes.items():
        async with opened(root, name, box.uid_validity) as kept:
            known = await kept.known()
            assert sorted(known) == [m.uid for m in box.messages]
            for message in box.messages:
                uid = aimap.UID(message.uid)
                assert await kept.read(uid) == message.octets
                assert known[uid] == message.flags
            assert list((kept.folder / "tmp").iterdir()) == []
            assert len(list((kept.folder / "cur").iterdir())) == len(known)
