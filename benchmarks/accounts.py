"""Many accounts watched in one process: how soon events come, what each costs, what is missed.

::

    python -m benchmarks.accounts --accounts 1000 --messages 100
    python -m benchmarks.accounts --accounts 100 --seconds 600 --cut 3

Each account is a user of a private Dovecot, watched over TLS. Messages are delivered by APPEND over
connections of their own, and what is measured is from the server's answer to APPEND until the
event is given out. With ``--cut``, each link is broken after so many seconds on the average, at
any moment, and each message has still to be told of once.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import trio
from tests.servers import dovecot

import aimap
from aimap import Account, AccountConfig, Arrived, Retry
from benchmarks.inotify import let_dovecot_watch

_MESSAGE = b"Subject: hello\r\n\r\nhow are you?\r\n"
_AT_ONCE = 20


class Road:
    """The way to the server; links on it may break."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.stream: trio.SocketStream | None = None

    async def open(self) -> trio.SocketStream:
        self.stream = await trio.open_tcp_stream("127.0.0.1", self._port)
        return self.stream

    def cut(self) -> None:
        if self.stream is not None:
            with suppress(OSError):
                self.stream.socket.shutdown(trio.socket.SHUT_RDWR)


class Run:
    def __init__(self, server: dovecot.Dovecot, options: argparse.Namespace) -> None:
        self.server = server
        self.options = options
        self.delivered: dict[tuple[str, int], float] = {}
        self.told: dict[tuple[str, int], float] = {}
        self.twice: Counter[tuple[str, int]] = Counter()
        self.accounts: list[Account] = []
        self.ready = 0
        self._slots = trio.CapacityLimiter(_AT_ONCE)

    async def watch(self, user: str, nursery: trio.Nursery) -> None:
        road = Road(self.server.tls_port)
        config = AccountConfig(
            self.server.host,
            aimap.Password(user, self.server.password, mechanisms=["PLAIN", "LOGIN-COMMAND"]),
            port=self.server.tls_port,
            ssl_context=self.server.client_context,
            retry=Retry(first=0.1, longest=2),
        )
        async with aimap.open_account(config, open_stream=road.open) as account:
            self.accounts.append(account)
            async with account.watch("INBOX") as events:
                async with self._slots:
                    await events.caught_up()
                self.ready += 1
                if self.options.cut:
                    nursery.start_soon(self._break, road)
                async for event in events:
                    if isinstance(event, Arrived):
                        key = user, int(event.uid)
                        self.twice[key] += key in self.told
                        self.told.setdefault(key, trio.current_time())

    async def _break(self, road: Road) -> None:
        while True:
            await trio.sleep(random.expovariate(1 / self.options.cut))
            road.cut()

    async def deliver(self, user: str) -> None:
        async with (
            self._slots,
            aimap.connect(
                self.server.host,
                port=self.server.port,
                tls="insecure",
                auth=aimap.Password(user, self.server.password, mechanisms=["PLAIN"]),
            ) as imap,
        ):
            code = await imap.append("INBOX", _MESSAGE)
            assert code is not None
            for uid in code.uids:
                self.delivered[user, int(uid)] = trio.current_time()

    async def run(self) -> None:
        options = self.options
        users = [f"user{number}" for number in range(options.accounts)]
        gc.collect()
        empty = _resident()
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            for user in users:
                nursery.start_soon(self.watch, user, nursery)
            while self.ready < len(users):  # noqa: ASYNC110 (a benchmark may look now and then)
                await trio.sleep(0.1)
            gc.collect()
            took, memory = trio.current_time() - begin, (_resident() - empty) / len(users)
            print(f"{len(users)} accounts watched after {took:.1f} s, {memory / 1000:.0f} kB each")
            end = trio.current_time() + options.seconds
            while True:
                chosen = random.sample(users, min(options.messages, len(users)))
                async with trio.open_nursery() as deliveries:
                    for user in chosen:
                        deliveries.start_soon(self.deliver, user)
                        await trio.sleep(0.01)
                if trio.current_time() >= end:
                    break
                await trio.sleep(1)
            with trio.move_on_after(60):
                while self.delivered.keys() - self.told.keys():  # noqa: ASYNC110
                    await trio.sleep(0.1)
            self._report()
            nursery.cancel_scope.cancel()

    def _report(self) -> None:
        lags = sorted(
            max(0.0, self.told[key] - at) for key, at in self.delivered.items() if key in self.told
        )
        missed = len(self.delivered.keys() - self.told.keys())
        losses = sum(account.statistics().losses for account in self.accounts)
        print(
            f"{len(self.delivered)} messages: {missed} missed, {self.twice.total()} told twice; "
            f"{losses} links lost"
        )
        if lags:
            p50, p99 = statistics.median(lags), lags[int(len(lags) * 0.99)]
            print(
                f"from delivery to event: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
                f"longest {lags[-1] * 1000:.1f} ms"
            )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=100, help="in each round")
    parser.add_argument("--seconds", type=float, default=0.0, help="for how long there are rounds")
    parser.add_argument("--cut", type=float, default=0.0, help="seconds that a link lasts")
    options = parser.parse_args()
    reason = dovecot.missing()
    if reason is not None:
        raise SystemExit(reason)
    let_dovecot_watch(options.accounts)
    with (
        tempfile.TemporaryDirectory(prefix="aimap-bench-") as lab,
        dovecot.running(Path(lab)) as server,
    ):
        trio.run(Run(server, options).run)


if __name__ == "__main__":
    main()
