"""What the timing pictures show: what programs do with a connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

import aimap
from aimap.commands import Examine, Fetch, Status

Scene: TypeAlias = Callable[[aimap.Client], Awaitable[None]]

NAMES = ("Drafts", "Sent", "Trash", "Archive")


async def one_after_the_other(imap: aimap.Client) -> None:
    """Ask for all counts in one task."""
    for name in NAMES:
        await imap.status(name, ["MESSAGES"])


async def at_once(imap: aimap.Client) -> None:
    """Ask for all counts in as many tasks."""
    async with trio.open_nursery() as nursery:
        for name in NAMES:
            nursery.start_soon(imap.status, name, ["MESSAGES"])


async def past_a_barrier(imap: aimap.Client) -> None:
    """Read in one mailbox, go to another, and ask for counts beside."""
    futures = [
        imap.submit(Fetch(aimap.UIDSet("1:9"), [aimap.FLAGS], _drop)),
        imap.submit(Examine("Sent")),
        imap.submit(Fetch(aimap.UIDSet("1:9"), [aimap.ENVELOPE], _drop)),
        imap.submit(Status("Trash", ["MESSAGES"])),
    ]
    for future in futures:
        await future.wait()


def _drop(messages: object) -> None:
    """Take messages that nobody looks at."""


async def watching(imap: aimap.Client) -> None:
    """Watch a mailbox, and ask for the counts of another one meanwhile."""
    async with imap.examine("INBOX") as inbox, inbox.watch():
        await trio.sleep(0.25)
        await imap.status("Sent", ["MESSAGES"])
        await trio.sleep(0.2)


async def slices(imap: aimap.Client) -> None:
    """Take large messages one by one, and ask for counts meanwhile."""

    async def ask() -> None:
        await trio.sleep(0.25)
        await imap.status("Sent", ["MESSAGES"])

    async with trio.open_nursery() as nursery, imap.examine("INBOX") as inbox:
        nursery.start_soon(ask)
        async with inbox.fetch("1:*", aimap.BODY_PEEK()) as messages:
            async for _ in messages:
                await trio.sleep(0.01)


OVERLAP: dict[str, Scene] = {
    "One task awaits four commands, one after the other": one_after_the_other,
    "Four tasks await one each": at_once,
    "EXAMINE of another mailbox waits for the FETCH before it; STATUS need not": past_a_barrier,
}
WATCHING: dict[str, Scene] = {"IDLE steps aside, and begins again": watching}
SLICES: dict[str, Scene] = {"A FETCH of large messages is asked for as it is taken": slices}
