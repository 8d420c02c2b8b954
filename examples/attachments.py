"""Save the attachments of a mailbox, a folder for each sender; run again, only the new ones.

    IMAP_HOST=imap.example.org IMAP_USER=joe IMAP_PASSWORD=... \
        python attachments.py ~/Attachments INBOX

What was saved is marked on the server by a keyword, so that it makes no difference where this
runs the next time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import trio

import aimap
from aimap import BODYSTRUCTURE, ENVELOPE, KEYWORD

DONE = "AttachmentsSaved"


def folder_of(root: Path, message: aimap.Message) -> Path:
    """Return a folder for a message's sender. What a sender wrote is no safe path."""
    senders = message.envelope.from_
    address = senders[0].email if senders and isinstance(senders[0], aimap.Address) else ""
    safe = "".join(char if char.isalnum() or char in "@-_." else "_" for char in address or "")
    return root / (safe.strip(".") or "unknown")


async def archive(imap: aimap.Client, root: Path, mailbox: str) -> int:
    """Save what was not saved yet, and return the number of files."""
    files = 0
    async with imap.select(mailbox) as inbox:
        if DONE not in inbox.permanent_flags and not inbox.keywords_allowed:
            # All would be saved again the next time.
            raise SystemExit(f"this server keeps no keywords in {mailbox}")
        todo = await inbox.search(~KEYWORD(DONE))
        async with inbox.fetch(todo, ENVELOPE, BODYSTRUCTURE) as messages:
            async for message in messages:
                if any(not attachment.is_inline for attachment in message.attachments):
                    folder = folder_of(root, message)
                    for path in await inbox.save_attachments(message.uid, folder):
                        print(path.relative_to(root))
                        files += 1
                # After the files are there, and on the connection that fetches.
                await inbox.add_flags(message.uid, DONE)
    return files


async def main(root: Path, mailbox: str) -> None:
    """Connect as the environment says."""
    async with aimap.connect(
        os.environ["IMAP_HOST"],
        port=int(os.environ.get("IMAP_PORT", "993")),
        auth=aimap.Password(os.environ["IMAP_USER"], os.environ["IMAP_PASSWORD"]),
    ) as imap:
        print(await archive(imap, root, mailbox), "files")


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "INBOX")
