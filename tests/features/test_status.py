"""Counts of mailboxes that are not selected."""

from __future__ import annotations

from .frame import WORKS, Scene, feature


@feature("STATUS=SIZE")
async def test_the_size_of_a_mailbox(scene: Scene) -> None:
    if not scene.offers("STATUS=SIZE"):
        await scene.refuses("STATUS=SIZE", lambda: scene.imap.status("INBOX", ["SIZE"]))
        return
    await scene.imap.append("INBOX", b"Subject: x\r\n\r\n12345\r\n")
    status = await scene.imap.status("INBOX", ["SIZE", "MESSAGES"])
    assert (status.size, status.messages) == (21, 1)
    scene.saw("STATUS=SIZE", WORKS)
