"""Accounts to mirror, and changes to them."""

from __future__ import annotations

import imaplib
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import trio
from tests.servers.real import PASSWORD, RealServer

import aimap
from aimap.commands import AppendMessage, MultiAppend

_AT_ONCE = 500
_COPIED_FROM = 10_000
_WORDS = tuple(
    """
    about after again alpha and answer before budget delta draft ever from invoice later meeting
    new nothing order question regards report soon tell that the there week with
    """.split()  # noqa: SIM905 (quotes around each would hide them)
)


def message(number: int) -> bytes:
    """Make a message, the same for each number: 4 kB on the average, few of them large."""
    random = Random(number)
    size = int(random.lognormvariate(7.85, 0.9)) + 200
    lines: list[str] = []
    while size > 0:
        lines.append(" ".join(random.choices(_WORDS, k=9)) + f" {random.getrandbits(40):x}")
        size -= len(lines[-1]) + 2
    head = (
        f"From: Joe {number % 97} <joe{number % 97}@example.org>\r\nTo: ann@example.org\r\n"
        f"Subject: {' '.join(random.choices(_WORDS, k=5))}\r\n"
        f"Date: Mon, 7 Feb 2022 21:52:25 -0800\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
    )
    return (head + "\r\n".join(lines) + "\r\n").encode("ascii")


def make_users(server: RealServer, count: int, messages: int) -> tuple[str, ...]:
    """Return new users with that many messages each in the INBOX."""
    users = tuple(server.new_user() for _ in range(count))
    trio.run(_fill_all, server, users, messages)
    return users


async def _fill_all(server: RealServer, users: Sequence[str], messages: int) -> None:
    at_once = trio.CapacityLimiter(4)

    async def fill(first: int, user: str) -> None:
        async with at_once:
            await _fill(server, user, first, messages)

    async with trio.open_nursery() as nursery:
        for at, user in enumerate(users):
            nursery.start_soon(fill, at * messages, user)


async def _fill(server: RealServer, user: str, first: int, messages: int) -> None:
    async with aimap.connect(
        "127.0.0.1", port=server.port, tls="insecure", auth=aimap.Password(user, PASSWORD)
    ) as imap:
        date = datetime(2026, 1, 1, tzinfo=UTC)
        made = min(messages, _COPIED_FROM)
        for at in range(0, made, _AT_ONCE):
            batch = [
                AppendMessage(message(first + number), date=date)
                for number in range(at, min(at + _AT_ONCE, made))
            ]
            await imap.submit(MultiAppend("INBOX", batch)).wait()
        async with imap.select("INBOX") as inbox:
            while inbox.exists < messages:
                more = min(made, messages - inbox.exists)
                await inbox.copy(f"1:{more}", "INBOX")
                await imap.noop()


def change(server: RealServer, user: str) -> None:
    """Make ten changes to the INBOX: three flags, three messages gone, four new."""
    client = imaplib.IMAP4("127.0.0.1", server.port)
    client.login(user, PASSWORD)
    _, answer = client.select("INBOX")
    there = int(answer[0] or b"0")
    random = Random(there)
    some = random.sample(range(1, there + 1), 6)
    for number in some[:3]:
        client.store(str(number), "+FLAGS" if number % 2 else "-FLAGS", "(\\Flagged)")
        client.store(str(number), "+FLAGS", "(\\Answered)")
    for number in some[3:]:
        client.store(str(number), "+FLAGS", "(\\Deleted)")
    client.expunge()
    for number in range(4):
        client.append("INBOX", "", "", b"Subject: new %d\r\n\r\nthat is all\r\n" % number)
    client.logout()


def messages_on(server: RealServer, users: Sequence[str]) -> int:
    """Return how many messages these users have on the server, in the INBOX."""
    found = 0
    for user in users:
        client = imaplib.IMAP4("127.0.0.1", server.port)
        client.login(user, PASSWORD)
        _, answer = client.select("INBOX", readonly=True)
        found += int(answer[0] or b"0")
        client.logout()
    return found
