"""A program of somebody who has installed the package: what it uses has types."""

from __future__ import annotations

from datetime import date

import trio

import aimap
from aimap import ENVELOPE, FLAGS, FROM, SINCE, UNSEEN, Arrived, Flag
from aimap.commands import Status
from aimap.sync import MaildirStore, mirror


async def show(imap: aimap.Client, name: str) -> None:
    print(name, (await imap.status(name)).messages)


async def read(secret: str, names: list[str]) -> int:
    seen = 0
    async with aimap.connect("imap.example.org", auth=aimap.Password("joe", secret)) as imap:
        async with imap.select("INBOX") as inbox:
            unread = await inbox.search(UNSEEN & SINCE(date(2026, 1, 1)) & ~FROM("noreply@"))
            async with inbox.fetch(unread, ENVELOPE, FLAGS) as messages:
                async for message in messages:
                    subject: str | None = message.envelope.subject
                    print(message.uid, subject)
                    await inbox.add_flags(message.uid, Flag.SEEN)
                    seen += 1
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(show, imap, name)
        status: aimap.MailboxStatus = await imap.submit(Status("INBOX", ["UNSEEN"])).wait()
        print(status.unseen)
        report = await mirror(imap, MaildirStore("Mail"))
        print(report.fetched)
    return seen


async def follow(config: aimap.AccountConfig) -> aimap.UID | None:
    async with aimap.open_account(config) as account, account.watch("INBOX") as events:
        async for event in events:
            match event:
                case Arrived(uid=uid):
                    return uid
                case _:
                    pass
    return None
