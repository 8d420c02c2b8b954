"""Show the newest messages of a mailbox in the terminal, as they come, change and go.

    IMAP_HOST=imap.example.org IMAP_USER=joe IMAP_PASSWORD=... python live.py INBOX

Needs rich, which ``pip install 'trio-aimap[cli]'`` brings. Ctrl-C ends it.
"""

from __future__ import annotations

import contextlib
import os
import sys

import trio
from rich.live import Live
from rich.table import Table
from rich.text import Text

import aimap
from aimap import ENVELOPE, FLAGS, UID, Arrived, Expunged, Flag, FlagsChanged

ROWS = 20


def draw(messages: dict[UID, aimap.Message], flags: dict[UID, aimap.Flags]) -> Table:
    """Make a table of the newest messages; what is not seen stands out."""
    table = Table("", "date", "from", "subject", expand=True)
    for uid in sorted(messages, reverse=True)[:ROWS]:
        envelope, now = messages[uid].envelope, flags[uid]
        # As text: what a sender wrote is no markup.
        table.add_row(
            "!" if Flag.FLAGGED in now else "",
            f"{envelope.date:%d %b %H:%M}" if envelope.date else "",
            Text(str(envelope.from_[0]) if envelope.from_ else ""),
            Text(envelope.subject),
            style="" if Flag.SEEN in now else "bold",
        )
    return table


async def show(imap: aimap.Client, name: str, live: Live) -> None:
    """Show a mailbox until it is cancelled."""
    messages: dict[UID, aimap.Message] = {}
    flags: dict[UID, aimap.Flags] = {}
    # Watched before it is read, so that nothing happens unseen in between.
    async with imap.examine(name) as inbox, inbox.watch() as events:
        newest = aimap.UIDSet(sorted(await inbox.search())[-ROWS:])
        while True:
            for message in await inbox.fetch_all(newest, ENVELOPE, FLAGS):
                messages[message.uid], flags[message.uid] = message, message.flags
            live.update(draw(messages, flags), refresh=True)
            newest = aimap.UIDSet()
            match await anext(events):
                case Arrived(uid=uid):
                    newest = aimap.UIDSet(uid)
                case FlagsChanged(uid=uid, flags=now):
                    flags[uid] = now
                case Expunged(uid=uid):
                    messages.pop(uid, None)


async def main(name: str) -> None:
    """Connect as the environment says."""
    async with aimap.connect(
        os.environ["IMAP_HOST"],
        port=int(os.environ.get("IMAP_PORT", "993")),
        auth=aimap.Password(os.environ["IMAP_USER"], os.environ["IMAP_PASSWORD"]),
    ) as imap:
        with Live(auto_refresh=False) as live:
            await show(imap, name, live)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        trio.run(main, sys.argv[1] if len(sys.argv) > 1 else "INBOX")
