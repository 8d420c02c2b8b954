"""Messages into mailboxes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

import aimap
from aimap import BODY_PEEK, Flag, UIDSet
from aimap.commands import AppendMessage

from .frame import FALLS_BACK, WORKS, Scene, feature


@feature("MULTIAPPEND")
async def test_several_messages(scene: Scene) -> None:
    imap = scene.imap
    assert await imap.append_all("INBOX", []) == []

    async def third() -> AsyncGenerator[bytes]:
        yield b"Subject: 3\r\n"
        yield b"\r\n"

    before = imap.statistics().commands
    stored = await imap.append_all(
        "INBOX",
        [
            b"Subject: 1\r\n\r\n",
            AppendMessage(b"Subject: 2\r\n\r\n", flags=[Flag.FLAGGED]),
            aimap.AppendSource(third(), size=14),
        ],
    )
    sent = imap.statistics().commands - before
    assert sent == (1 if scene.offers("MULTIAPPEND") else 3)
    assert [code and code.uids for code in stored] == [UIDSet(1), UIDSet(2), UIDSet(3)]
    async with imap.examine("INBOX") as inbox:
        assert await inbox.search(aimap.FLAGGED) == UIDSet(2)
    with pytest.raises(aimap.NoError) as caught:
        await imap.append_all(scene.name("none"), [b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n"])
    assert caught.value.code is not None
    assert caught.value.code.name == "TRYCREATE"
    scene.saw("MULTIAPPEND", WORKS if scene.offers("MULTIAPPEND") else FALLS_BACK)


@feature("APPENDLIMIT")
async def test_what_is_too_large_is_not_sent(scene: Scene) -> None:
    imap = scene.imap
    if not imap.capabilities.values("APPENDLIMIT"):
        await scene.refuses("APPENDLIMIT", lambda: imap.status("INBOX", ["APPENDLIMIT"]))
        return
    limit = imap.capabilities.number("APPENDLIMIT")
    assert limit is not None
    assert (await imap.status("INBOX", ["APPENDLIMIT"])).append_limit == limit
    for info in await imap.list(status=["APPENDLIMIT", "MESSAGES"]):
        assert info.status is not None
        assert (info.status.append_limit, info.status.messages) == (limit, 0)

    async def endless() -> AsyncGenerator[bytes]:
        yield b"never read"

    before = imap.statistics().commands
    with pytest.raises(aimap.InvalidArgumentError, match="APPENDLIMIT"):
        await imap.append("INBOX", endless(), size=limit + 1)
    assert imap.statistics().commands == before
    scene.saw("APPENDLIMIT", WORKS)


@feature("UTF8=ACCEPT")
async def test_utf_8_everywhere(scene: Scene) -> None:
    imap = scene.imap
    octets = "Subject: Grüße\r\n\r\nx\r\n".encode()
    message = AppendMessage(octets, utf8=True)
    if not scene.offers("UTF8=ACCEPT"):
        await scene.refuses("UTF8=ACCEPT", lambda: imap.append("INBOX", message))
        return
    with pytest.raises(aimap.CapabilityError, match="enabled"):
        await imap.append("INBOX", message)
    assert "UTF8=ACCEPT" in await imap.enable("UTF8=ACCEPT")
    name = scene.name("Grüße", "日本")
    await imap.create(scene.name("Grüße"))
    await imap.create(name)
    assert name in [info.name for info in await imap.list()]
    assert (await imap.status(name)).messages == 0
    # Courier knows the RFC before this one, and complains of any other form.
    await imap.append(name, message if scene.kind == "courier" else octets)
    async with imap.examine(name) as mailbox:
        assert mailbox.name == name
        assert await mailbox.search(aimap.SUBJECT("Grüße")) == UIDSet(1)
        (found,) = await mailbox.fetch_all(1, aimap.ENVELOPE, BODY_PEEK())
        assert found.envelope.subject == "Grüße"
        assert found.body() == octets
    scene.saw("UTF8=ACCEPT", WORKS)
