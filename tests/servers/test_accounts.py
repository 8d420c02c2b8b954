"""Accounts on each real server, over links that break."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest
import trio

import aimap
from aimap import (
    FLAGS,
    Account,
    AccountConfig,
    Arrived,
    Expunged,
    Flag,
    FlagsChanged,
    Position,
    Retry,
    Timeouts,
)

from .dovecot import Dovecot
from .real import RealServer
from .support import connected, fill

FLAGGED = ["\\Seen", "\\Answered", "\\Flagged"]
ROUNDS = int(os.environ.get("AIMAP_ROUNDS", "40"))


class BreakingRoad:
    """Connections to a server, which can all be broken at once."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.streams: list[trio.SocketStream] = []

    async def open(self) -> trio.SocketStream:
        stream = await trio.open_tcp_stream(self.server.host, self.server.tls_port)
        self.streams.append(stream)
        return stream

    def cut(self) -> None:
        for stream in self.streams:
            with suppress(OSError):
                stream.socket.shutdown(trio.socket.SHUT_RDWR)
        self.streams.clear()


def account_of(server: RealServer, user: str, **options: Any) -> Any:
    road, wire_log = options.pop("road", None), options.pop("wire_log", None)
    config = AccountConfig(
        server.host,
        aimap.Password(user, server.password),
        port=server.tls_port,
        ssl_context=server.client_context,
        retry=Retry(first=0.02, longest=0.2),
        timeouts=Timeouts(poll=1, idle_renewal=2),
        **options,
    )
    open_stream = None if road is None else road.open
    return aimap.open_account(config, open_stream=open_stream, wire_log=wire_log)


def short(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nx\r\n" % number


class Model:
    """Applies events, and sees to it that each can be true."""

    def __init__(self, there: dict[int, frozenset[str]]) -> None:
        self.there = there
        self.arrived = set(there)
        self.told: Counter[int] = Counter()

    def apply(self, event: Any) -> None:
        match event:
            case Arrived(uid, flags):
                assert uid not in self.arrived
                self.arrived.add(uid)
                self.there[uid] = plain(flags)
            case FlagsChanged(uid, flags):
                self.told[uid] += 1
                assert uid in self.there
                self.there[uid] = plain(flags)
            case Expunged(uid):
                del self.there[uid]
            case _:
                raise AssertionError(event)


def plain(flags: Any) -> frozenset[str]:
    return frozenset(str(flag).lower() for flag in flags if flag != Flag.RECENT)


async def contents(imap: aimap.Client, name: str = "INBOX") -> dict[int, frozenset[str]]:
    async with imap.examine(name) as inbox:
        found = await inbox.fetch_all("1:*", FLAGS)
    return {message.uid: plain(message.flags) for message in found}


async def test_nothing_missed_and_nothing_twice(any_server: RealServer) -> None:
    """Another client changes the mailbox; links break; positions are saved and gone on from."""
    user, random = any_server.new_user(), Random(5)
    road = BreakingRoad(any_server)
    changes: Counter[int] = Counter()
    async with connected(any_server, user, tls="insecure") as other:
        await fill(other, map(short, range(20)))
        model = Model(await contents(other))
        position: Position | None = None

        async def change() -> None:
            async with other.select("INBOX") as inbox:
                for number in range(ROUNDS):
                    uids = sorted(await inbox.search())
                    match random.choice(["append", "flag", "flag", "expunge"]):
                        case "append":
                            await other.append("INBOX", short(number), flags=["\\Flagged"])
                        case "flag":
                            uid = random.choice(uids)
                            wanted = random.sample(FLAGGED, 2)
                            await inbox.set_flags(uid, *wanted)
                            changes[uid] += 1
                        case _:
                            gone = random.sample(uids, min(2, len(uids) - 1))
                            await inbox.add_flags(gone, Flag.DELETED)
                            changes.update(gone)
                            await inbox.expunge(gone)
                    await trio.sleep(random.choice([0, 0, 0.02, 0.1]))
            over.set()

        async def cut() -> None:
            while True:
                await trio.sleep(random.expovariate(6))
                road.cut()

        async def see(account: Account, until: trio.Event | None) -> None:
            nonlocal position
            async with account.watch("INBOX", since=position) as events:
                await events.caught_up()
                begun.set()
                with trio.move_on_after(random.uniform(0.3, 0.8) if until is None else 20):
                    while until is None or model.there != expected:
                        model.apply(await anext(events))
                position = Position.from_json(events.position.to_json())

        expected: dict[int, frozenset[str]] = {}
        over, begun = trio.Event(), trio.Event()
        with trio.fail_after(120):
            async with account_of(any_server, user, road=road) as account:
                await see(account, None)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(change)
                    nursery.start_soon(cut)
                    while not over.is_set():
                        await see(account, None)
                    nursery.cancel_scope.cancel()
                expected = await contents(other)
                await see(account, over)
                assert account.statistics().losses >= 3
        assert model.there == expected
        if any_server.kind == "dovecot":
            # Others tell flags again of messages that are about to go.
            assert all(model.told[uid] <= changes[uid] for uid in model.told)


async def test_repeated_when_the_link_drops(any_server: RealServer) -> None:
    user, random = any_server.new_user(), Random(6)
    road = BreakingRoad(any_server)
    async with account_of(any_server, user, road=road) as account:
        await account.append("INBOX", short(1))
        await account.append("INBOX", short(2))

        async def cut() -> None:
            while True:
                await trio.sleep(random.expovariate(20))
                road.cut()

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cut)
                while account.statistics().losses < 5:
                    assert (await account.status("INBOX", ["MESSAGES"])).messages == 2
                    assert len(await account.search("INBOX")) == 2
                    await account.add_flags("INBOX", 1, Flag.SEEN)
                    assert len(await account.fetch_all("INBOX", "1:*", FLAGS)) == 2
                nursery.cancel_scope.cancel()


async def test_many_mailboxes_over_few_connections(any_server: RealServer) -> None:
    user = any_server.new_user()
    names = [f"{any_server.prefix}Box{number}" for number in range(4)]
    async with connected(any_server, user, tls="insecure") as other:
        for name in names:
            await other.create(name)
        async with account_of(any_server, user, max_connections=2) as account:
            async with account.watch(*names) as events:
                with trio.fail_after(60):
                    await events.caught_up()
                    for name in names:
                        await other.append(name, short(1))
                    found = {(await anext(events)).mailbox for _ in names}
                assert found == set(names)
                assert account.statistics().connected <= 2


@pytest.mark.parametrize("breaking", [False, True])
async def test_nothing_missed_in_many_mailboxes(any_server: RealServer, breaking: bool) -> None:
    """One connection follows them by NOTIFY where there is that, else they take turns."""
    user, random, lines = any_server.new_user(), Random(7), list[str]()
    road = BreakingRoad(any_server)
    names = ["INBOX", *(f"{any_server.prefix}Grüße {number}" for number in range(4))]
    async with connected(any_server, user, tls="insecure") as other:
        for name in names[1:]:
            await other.create(name)
        for name in names:
            await other.append(name, short(0))
        models = {name: Model(await contents(other, name)) for name in names}
        expected: dict[str, dict[int, frozenset[str]]] = {}

        async def change() -> None:
            # Where they take turns, each round waits for all.
            for number in range(ROUNDS // (1 if any_server.kind == "dovecot" else 4)):
                name = random.choice(names)
                async with other.select(name) as mailbox:
                    uids = sorted(await mailbox.search())
                    match random.choice(["append", "flag", "expunge"]):
                        case "flag" if uids:
                            await mailbox.set_flags(random.choice(uids), *random.sample(FLAGGED, 2))
                        case "expunge" if uids:
                            await mailbox.add_flags(random.choice(uids), Flag.DELETED)
                            await mailbox.expunge()
                        case _:
                            await other.append(name, short(number))
                await trio.sleep(random.choice([0, 0, 0.02, 0.1]))

        async def cut() -> None:
            while breaking:
                await trio.sleep(random.expovariate(4))
                road.cut()

        async def apply(events: aimap.AccountWatch) -> None:
            while any(models[name].there != expected.get(name) for name in names):
                event = await anext(events)
                models[event.mailbox].apply(event)

        with trio.fail_after(90):
            async with (
                account_of(
                    any_server, user, road=road, max_connections=2, wire_log=lines.append
                ) as account,
                account.watch(*names) as events,
                trio.open_nursery() as nursery,
            ):
                await events.caught_up()
                nursery.start_soon(apply, events)
                async with trio.open_nursery() as changing:
                    changing.start_soon(cut)
                    await change()
                    changing.cancel_scope.cancel()
                # Tells when it is over.
                expected |= {name: await contents(other, name) for name in names}
                await other.append("INBOX", short(0))
                expected["INBOX"] = await contents(other)
        if not breaking and any_server.kind == "dovecot":
            assert account.statistics().connected == 1
            assert sum(" NOTIFY SET STATUS " in line for line in lines) > 2


async def test_a_wrong_password_is_not_tried_again(any_server: RealServer) -> None:
    user = any_server.new_user()
    config = AccountConfig(
        any_server.host,
        aimap.Password(user, "wrong"),
        port=any_server.tls_port,
        ssl_context=any_server.client_context,
    )
    async with aimap.open_account(config) as account:
        with pytest.raises(aimap.AccountError) as caught:
            await account.ready()
        assert caught.value.failure.kind is aimap.FailureKind.CREDENTIALS
        assert account.statistics().failures == 1


async def test_a_wrong_certificate_and_a_wrong_port(dovecot: Dovecot) -> None:
    password = aimap.Password("joe", dovecot.password)
    for config in (
        AccountConfig(dovecot.host, password, port=dovecot.tls_port),
        AccountConfig(dovecot.host, password, port=dovecot.port),
    ):
        async with aimap.open_account(config) as account:
            with pytest.raises(aimap.AccountError) as caught:
                await account.ready()
            assert caught.value.failure.kind is aimap.FailureKind.CONFIGURATION


@pytest.mark.parametrize("mechanisms", [["PLAIN", "LOGIN-COMMAND"], None], ids=["login", "any"])
async def test_made_again_in_few_round_trips(
    any_server: RealServer, mechanisms: list[str] | None
) -> None:
    """What was learnt goes in one flight with LOGIN, or does not wait for the greeting."""
    user, road, lines = any_server.new_user(), BreakingRoad(any_server), list[str]()
    config = AccountConfig(
        any_server.host,
        aimap.Password(user, any_server.password, mechanisms=mechanisms),
        port=any_server.tls_port,
        ssl_context=any_server.client_context,
        retry=Retry(first=0.001, longest=0.002),
    )
    async with connected(any_server, user, tls="insecure") as other:
        await fill(other, map(short, range(3)))
        async with (
            aimap.open_account(config, open_stream=road.open, wire_log=lines.append) as account,
            account.watch("INBOX") as events,
        ):
            with trio.fail_after(30):
                await events.caught_up()
                for number in range(3):
                    await trio.sleep(0.05)
                    lines.clear()
                    road.cut()
                    await other.append("INBOX", short(number))
                    event = await anext(events)
                    assert isinstance(event, Arrived)
                    assert event.uid == 4 + number
                await account.status("INBOX")
            sent = [line for line in lines if line.startswith("C: A")]
            words = [line.split()[2] for line in sent[sent.index(_first(sent)) :]]
            # What goes in one flight with a secret is not logged by itself.
            if any_server.kind == "courier":
                # It loses what comes behind a login.
                assert words[1] == "CAPABILITY"
            elif mechanisms:
                assert words[0] == "LOGIN"
                assert words[1] in ("UID", "IDLE", "STATUS")
            else:
                assert words[0] == "AUTHENTICATE"
                assert "ENABLE" in words


def _first(sent: list[str]) -> str:
    """The first line that was sent over the last connection."""
    return next(line for line in reversed(sent) if line.startswith("C: A1 "))
