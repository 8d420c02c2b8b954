"""Mirroring: the mailboxes of a server, kept equal in a local store.

::

    async with aimap.connect(host, auth=auth) as imap:
        report = await aimap.sync.mirror(imap, aimap.sync.MaildirStore("Mail"))
"""

from aimap.sync._maildir import MaildirStore
from aimap.sync._maildir_mailbox import MaildirMailbox
from aimap.sync._mirror import HasConnections, mirror
from aimap.sync._position import Position, Window
from aimap.sync._report import MailboxFailure, MirrorReport, Progress
from aimap.sync._sqlite import Found, SQLiteMailbox, SQLiteStore
from aimap.sync._store import MailboxStore, MirroredMessage, Store

__all__ = [
    "Found",
    "HasConnections",
    "MailboxFailure",
    "MailboxStore",
    "MaildirMailbox",
    "MaildirStore",
    "MirrorReport",
    "MirroredMessage",
    "Position",
    "Progress",
    "SQLiteMailbox",
    "SQLiteStore",
    "Store",
    "Window",
    "mirror",
]
