"""What has changed since one was there."""

from __future__ import annotations

from aimap import Flag, UIDSet
from aimap.commands import QResync

from .frame import WORKS, Scene, feature


@feature("QRESYNC")
async def test_what_has_changed_since(scene: Scene) -> None:
    imap = scene.imap
    for _ in range(3):
        await imap.append("INBOX", b"Subject: x\r\n\r\n")
    if not scene.offers("QRESYNC"):
        await scene.refuses("QRESYNC", lambda: imap.enable("QRESYNC"))
        return
    assert "QRESYNC" in await imap.enable("QRESYNC")
    async with imap.select("INBOX") as inbox:
        assert inbox.uid_validity is not None
        assert inbox.highest_modseq is not None
        known = QResync(inbox.uid_validity, inbox.highest_modseq)
    async with scene.another() as other, other.select("INBOX") as theirs:
        await theirs.add_flags(2, Flag.FLAGGED)
        await theirs.delete(1)
    async with imap.select("INBOX", qresync=known) as inbox:
        assert inbox.resynced is not None
        assert inbox.resynced.vanished == UIDSet(1)
        changed = {int(message.uid): message.flags for message in inbox.resynced.changed}
        assert Flag.FLAGGED in changed[2]
    scene.saw("QRESYNC", WORKS)
