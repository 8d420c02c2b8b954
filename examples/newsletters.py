"""Clear old newsletters out of the inbox: show who sends how many, and move them if told to.

    IMAP_HOST=imap.example.org IMAP_USER=joe IMAP_PASSWORD=... \
        python newsletters.py --days 30 --move

A newsletter is what says how to unsubscribe (RFC 2369). What is flagged or answered stays.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import trio

import aimap
from aimap import ANSWERED, BEFORE, ENVELOPE, FLAGGED, HEADER, SpecialUse


async def find(inbox: aimap.Mailbox, days: int) -> tuple[aimap.UIDSet, Counter[str]]:
    """Find the newsletters that are older than so many days, and count them by sender."""
    limit = (datetime.now(UTC) - timedelta(days=days)).date()
    found = await inbox.search(
        HEADER("List-Unsubscribe", "") & BEFORE(limit) & ~FLAGGED & ~ANSWERED
    )
    senders: Counter[str] = Counter()
    async with inbox.fetch(found, ENVELOPE) as messages:
        async for message in messages:
            senders[str(message.envelope.from_[0]) if message.envelope.from_ else "nobody"] += 1
    return found, senders


async def clean(imap: aimap.Client, days: int, *, move: bool) -> None:
    """Show the newsletters, and move them into the trash if *move* is set."""
    trash = (await imap.special_use()).get(SpecialUse.TRASH)
    async with imap.select("INBOX") as inbox:
        found, senders = await find(inbox, days)
        for sender, count in senders.most_common():
            print(f"{count:6} {sender}")
        if not move:
            print(len(found), "would be moved")
        elif trash is None:
            print("this server says of no mailbox that it is the trash")
        else:
            # One command, however many they are; safe where the server has no MOVE.
            await inbox.move(found, trash.name)
            print(len(found), "moved to", trash.name)


async def main() -> None:
    """Connect as the environment says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--move", action="store_true")
    options = parser.parse_args()
    async with aimap.connect(
        os.environ["IMAP_HOST"],
        port=int(os.environ.get("IMAP_PORT", "993")),
        auth=aimap.Password(os.environ["IMAP_USER"], os.environ["IMAP_PASSWORD"]),
    ) as imap:
        await clean(imap, options.days, move=options.move)


if __name__ == "__main__":
    trio.run(main)
