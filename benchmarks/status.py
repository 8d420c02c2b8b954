"""200 STATUS commands over a link with 50 ms of added round trip."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Callable
from statistics import median

import imapclient
import trio
from tests.servers.dovecot import Dovecot
from tests.servers.real import PASSWORD

import aimap
from benchmarks.link import delayed

COMMANDS = 200
ROUND_TRIP = 0.05
ROUNDS = 3
MAILBOXES = [f"M{number}" for number in range(20)]


def _names() -> list[str]:
    return [MAILBOXES[number % len(MAILBOXES)] for number in range(COMMANDS)]


def with_aimap(port: int, user: str) -> float:
    """Ask from 200 tasks, on one connection."""

    async def main() -> float:
        auth = aimap.Password(user, PASSWORD)
        async with aimap.connect("127.0.0.1", port=port, tls="insecure", auth=auth) as imap:
            found: list[int] = []

            async def ask(name: str) -> None:
                found.append((await imap.status(name, ["MESSAGES"])).messages)

            begin = time.perf_counter()
            async with trio.open_nursery() as nursery:
                for name in _names():
                    nursery.start_soon(ask, name)
            seconds = time.perf_counter() - begin
            assert len(found) == COMMANDS
            return seconds

    return trio.run(main)


def with_imaplib(port: int, user: str) -> float:
    """Ask one after the other."""
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(user, PASSWORD)
    begin = time.perf_counter()
    for name in _names():
        assert client.status(name, "(MESSAGES)")[0] == "OK"
    seconds = time.perf_counter() - begin
    client.logout()
    return seconds


def with_imapclient(port: int, user: str) -> float:
    """Ask one after the other."""
    client = imapclient.IMAPClient("127.0.0.1", port, ssl=False)
    client.login(user, PASSWORD)
    begin = time.perf_counter()
    for name in _names():
        assert client.folder_status(name, ["MESSAGES"])
    seconds = time.perf_counter() - begin
    client.logout()
    return seconds


CLIENTS: dict[str, Callable[[int, str], float]] = {
    "aimap": with_aimap,
    "imaplib": with_imaplib,
    "imapclient": with_imapclient,
}


def _prepare(server: Dovecot, user: str) -> None:
    client = imaplib.IMAP4("127.0.0.1", server.port)
    client.login(user, PASSWORD)
    for name in MAILBOXES:
        client.create(name)
    client.logout()


def run(server: Dovecot, rounds: int = ROUNDS) -> str:
    """Run it; return a Markdown table."""
    user = server.new_user()
    _prepare(server, user)
    seconds: dict[str, list[float]] = {name: [] for name in CLIENTS}
    with delayed(server.port, ROUND_TRIP) as port:
        with_aimap(port, user)
        for _ in range(rounds):
            for name, client in CLIENTS.items():
                seconds[name].append(client(port, user))
    title = (
        f"{COMMANDS} STATUS, {ROUND_TRIP * 1000:.0f} ms added to each round trip, "
        f"one connection, median of {rounds} rounds:"
    )
    lines = [
        title,
        "",
        "| client | seconds | round trips | times aimap |",
        "| --- | ---: | ---: | ---: |",
    ]
    ours = median(seconds["aimap"])
    for name, each in seconds.items():
        middle = median(each)
        lines.append(f"| {name} | {middle:.3f} | {middle / ROUND_TRIP:.1f} | {middle / ours:.1f} |")
    return "\n".join(lines)
