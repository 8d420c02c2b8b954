"""Watching an account: nothing is missed and nothing comes twice, whatever links do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import (
    AccountError,
    AccountWatch,
    Arrived,
    Expunged,
    Flag,
    Flags,
    FlagsChanged,
    MailboxReset,
    NoError,
    Position,
)
from aimap._account.link import Use
from aimap.testing import CAPABILITIES, Drop, On, Send, Server

from .support import opened

OFFERS = {
    "qresync": CAPABILITIES,
    "condstore": CAPABILITIES - {"QRESYNC"},
    "plain": CAPABILITIES - {"QRESYNC", "CONDSTORE"},
    "bare": CAPABILITIES - {"QRESYNC", "CONDSTORE", "ESEARCH", "IDLE", "UNSELECT", "ENABLE"},
}


# IMAP4rev2 says none of what it holds (RFC 9051 appendix E).
KINDS = [*OFFERS, "rev2"]


async def take(events: AccountWatch, count: int) -> list[Any]:
    with trio.fail_after(3600):
        return [await anext(events) for _ in range(count)]


@asynccontextmanager
async def watching(
    kind: str, *names: str, since: Position | None = None, **options: Any
) -> AsyncGenerator[tuple[AccountWatch, Server, Any]]:
    offered = {"preset": "rev2"} if kind == "rev2" else {"capabilities": OFFERS[kind]}
    async with opened(**offered, **options) as (account, server, road):
        async with account.watch(*(names or ("INBOX",)), since=since) as events:
            with trio.fail_after(600):
                await events.caught_up()
            assert set(events.position.mailboxes) == set(names or ("INBOX",))
            yield events, server, road


@pytest.mark.parametrize("kind", KINDS)
async def test_what_happens_is_told(kind: str, autojump_clock: Any) -> None:
    async with watching(kind, messages=3) as (events, server, _):
        server.deliver("joe", b"x: y\r\n\r\n", flags=["\\Flagged"])
        assert await take(events, 1) == [Arrived(4, Flags([Flag.FLAGGED]), "INBOX")]  # type: ignore[arg-type]
        server.set_flags("joe", 2, ["\\Seen"])
        assert await take(events, 1) == [FlagsChanged(2, Flags([Flag.SEEN]), "INBOX")]  # type: ignore[arg-type]
        server.expunge("joe", [1])
        assert await take(events, 1) == [Expunged(1, "INBOX")]  # type: ignore[arg-type]
        with trio.move_on_after(2000) as scope:
            raise AssertionError(await anext(events))
        assert scope.cancelled_caught


@pytest.mark.parametrize("kind", KINDS)
async def test_what_happened_meanwhile_is_told(kind: str, autojump_clock: Any) -> None:
    async with watching(kind, messages=5) as (events, server, road):
        road.shut = OSError("down")
        await road.cut()
        server.deliver("joe", b"x: y\r\n\r\n")
        server.set_flags("joe", 2, ["\\Seen"])
        server.expunge("joe", [1, 5])
        server.deliver("joe", b"x: y\r\n\r\n")
        server.expunge("joe", [7])
        await trio.sleep(1000)
        road.shut = None
        found = await take(events, 4)
        assert set(found) == {
            Arrived(6, Flags(), "INBOX"),  # type: ignore[arg-type]
            FlagsChanged(2, Flags([Flag.SEEN]), "INBOX"),  # type: ignore[arg-type]
            Expunged(1, "INBOX"),  # type: ignore[arg-type]
            Expunged(5, "INBOX"),  # type: ignore[arg-type]
        }
        with trio.move_on_after(2000) as scope:
            raise AssertionError(await anext(events))
        assert scope.cancelled_caught


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("later", OFFERS)
async def test_a_saved_position_is_gone_on_from(kind: str, later: str, autojump_clock: Any) -> None:
    """Also where the server offers less, or more, than it did."""
    async with watching(kind, messages=5) as (events, server, road):
        server.deliver("joe", b"x: y\r\n\r\n")
        await take(events, 1)
        server.set_flags("joe", 6, ["\\Seen"])
        await take(events, 1)
        saved = events.position.to_json()
        await events.__aexit__(None, None, None)
        server.deliver("joe", b"x: y\r\n\r\n")
        server.expunge("joe", [2])
        server.set_flags("joe", 4, ["\\Answered"])
        server.capabilities = set(OFFERS[later])
        config = aimap.AccountConfig("localhost", aimap.Password("joe", "secret"), tls="insecure")
        async with aimap.open_account(config, open_stream=road.open) as again:
            async with again.watch("INBOX", since=Position.from_json(saved)) as more:
                found: list[Any] = []
                with trio.move_on_after(300):
                    while True:
                        found.append(await anext(more))
        assert {
            Arrived(7, Flags(), "INBOX"),  # type: ignore[arg-type]
            FlagsChanged(4, Flags([Flag.ANSWERED]), "INBOX"),  # type: ignore[arg-type]
            Expunged(2, "INBOX"),  # type: ignore[arg-type]
        } <= set(found)
        if kind == later:
            assert len(found) == 3
        # Flags that the position does not know are told once more, and nothing else.
        assert len(set(found)) == len(found)
        assert sum(not isinstance(event, FlagsChanged) for event in found) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_a_mailbox_made_anew(kind: str, autojump_clock: Any) -> None:
    async with watching(kind, messages=2) as (events, server, road):
        box = server.mailbox("joe")
        road.shut = OSError("down")
        await road.cut()
        account = server.accounts["joe"]
        del account.mailboxes["INBOX"]
        account.create("INBOX")
        server.deliver("joe", b"a: b\r\n\r\n")
        road.shut = None
        new = server.mailbox("joe")
        assert new.uid_validity != box.uid_validity
        assert await take(events, 2) == [
            MailboxReset("INBOX", new.uid_validity),  # type: ignore[arg-type]
            Arrived(1, Flags(), "INBOX"),  # type: ignore[arg-type]
        ]
        assert events.position.mailboxes["INBOX"].uid_validity == new.uid_validity
        server.deliver("joe", b"a: b\r\n\r\n")
        assert (await take(events, 1))[0].uid == 2


async def test_a_mailbox_that_is_not_there(autojump_clock: Any) -> None:
    async with opened() as (account, _, _):
        async with account.watch("Nowhere") as events:
            with pytest.raises(NoError):
                await anext(events)
            with pytest.raises(NoError):
                await events.caught_up()
        assert len(await account.list()) == 4


async def test_a_given_up_account_is_told_behind_what_came_before(autojump_clock: Any) -> None:
    async with watching("qresync", messages=1) as (events, server, road):
        server.deliver("joe", b"x: y\r\n\r\n")
        await trio.sleep(1)
        road.shut = aimap.AuthenticationError(
            "LOGIN", None, "no", reason=aimap.LoginFailure.WRONG_CREDENTIALS
        )
        await road.cut()
        await trio.sleep(10)
        assert isinstance(await anext(events), Arrived)
        with pytest.raises(AccountError):
            await anext(events)


class Model:
    """A mailbox as somebody knows it who applies events, and sees to it that none is wrong."""

    def __init__(self, server: Server, name: str = "INBOX") -> None:
        box = server.mailbox("joe", name)
        self.server, self.name = server, name
        self.there = {m.uid: frozenset(m.flags) for m in box.messages}
        self.changes: dict[int, int] = {}
        self.arrived: set[int] = set(self.there)
        self.validity: int | None = box.uid_validity

    def change(self, random: Random) -> None:
        """Do something to the server's mailbox."""
        box = self.server.mailbox("joe", self.name)
        what = random.random()
        if what < 0.4 or not box.messages:
            self.server.deliver(
                "joe",
                b"x: y\r\n\r\n",
                mailbox=self.name,
                flags=random.choice([[], ["\\Seen"], ["$a", "\\Flagged"]]),
            )
            return
        some = random.sample(box.messages, min(len(box.messages), random.randint(1, 3)))
        if what < 0.7:
            for message in some:
                flags = random.sample(["\\Seen", "\\Flagged", "$a", "$b"], random.randint(0, 3))
                box.set_flags(message, flags)
                self.changes[message.uid] = self.changes.get(message.uid, 0) + 1
        elif what < 0.97:
            self.server.expunge("joe", [message.uid for message in some], mailbox=self.name)
        else:
            account = self.server.accounts["joe"]
            old = account.mailboxes.pop(self.name)
            account.create(self.name)
            # Whoever has it selected is thrown out, as servers do.
            for connection in list(self.server._connections):
                if connection.view is not None and connection.view.mailbox is old:
                    self.server._nursery.start_soon(trio.aclose_forcefully, connection.stream)

    def apply(self, event: Any) -> None:
        assert event.mailbox == self.name
        match event:
            case Arrived(uid, flags):
                assert uid not in self.there
                assert uid not in self.arrived, "a UID comes once"
                self.arrived.add(uid)
                self.there[uid] = frozenset(flags)
            case FlagsChanged(uid, flags):
                assert uid in self.there
                self.changes[uid] = self.changes.get(uid, 0) - 1
                assert self.changes[uid] >= 0, "told more often than it happened"
                self.there[uid] = frozenset(flags)
            case Expunged(uid):
                del self.there[uid]
            case MailboxReset(uid_validity=uid_validity):
                assert uid_validity != self.validity
                self.validity = uid_validity
                self.there.clear()
                self.arrived.clear()
                # What was done to the old ones is no matter, to the new ones it is.
                self.changes = dict.fromkeys(range(1, 1000), 1000)

    def is_equal(self) -> bool:
        box = self.server.mailbox("joe", self.name)
        return self.there == {m.uid: frozenset(m.flags) for m in box.messages}


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("seed", range(8))
async def test_nothing_missed_and_nothing_twice(kind: str, seed: int, autojump_clock: Any) -> None:
    """Connections drop at any moment, and positions are saved and gone on from."""
    random = Random(f"{kind} {seed}")
    async with opened(
        messages=8,
        capabilities=OFFERS[kind],
        tls="implicit" if seed >= 4 else "insecure",
        latency=0.01 if seed % 2 else 0.0,
        retry=aimap.Retry(first=0.2, longest=1),
        timeouts=aimap.Timeouts(poll=5),
    ) as (account, server, _):
        model = Model(server)
        position: Position | None = None
        told = 0

        async def do() -> None:
            for _ in range(150):
                for _ in range(random.choice([1, 1, 1, 4])):
                    model.change(random)
                await trio.sleep(random.choice([0, 0, 0.005, 0.3, 3]))

        async def cut() -> None:
            while True:
                await trio.sleep(random.expovariate(1))
                if random.random() < 0.5:
                    await server.drop_connections()
                else:
                    server.faults = [Drop(after=random.randrange(50, 4000))]

        async def see(patience: float) -> None:
            nonlocal position, told
            async with account.watch("INBOX", since=position) as events:
                if position is None:
                    await events.caught_up()
                    ready.set()
                with trio.move_on_after(patience):
                    async for event in events:
                        model.apply(event)
                        told += 1
                position = Position.from_json(events.position.to_json())

        ready = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(see, 1)
            await ready.wait()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut)

            async def work() -> None:
                async with trio.open_nursery() as inner:
                    inner.start_soon(do)
                    for _ in range(12):
                        await see(random.uniform(1, 12))
                nursery.cancel_scope.cancel()

            nursery.start_soon(work)
        server.faults = []
        await see(200)
        assert model.is_equal(), (model.there, server.mailbox("joe").messages)
        assert told > 50
        assert account.statistics().losses > 5


@pytest.mark.parametrize("kind", ["qresync", "plain"])
async def test_more_mailboxes_than_connections_take_turns(kind: str, autojump_clock: Any) -> None:
    names = [f"Box{number}" for number in range(6)]
    timeouts = aimap.Timeouts(poll=30)
    async with opened(
        max_connections=2,
        capabilities=OFFERS[kind],
        timeouts=timeouts,
        prepare=lambda server: [server.mailbox("joe", name) for name in names],
    ) as (account, server, road):
        async with account.watch(*names) as events:
            with trio.fail_after(600):
                await events.caught_up()
            for _ in range(20):
                for name in names:
                    server.deliver("joe", b"x: y\r\n\r\n", mailbox=name)
                begin = trio.current_time()
                found = await take(events, len(names))
                assert sorted(event.mailbox for event in found) == names
                assert trio.current_time() - begin < 2 * timeouts.poll
            assert len(road.tried) <= 2
            assert set(events.position.mailboxes) == set(names)


@pytest.mark.parametrize("kind", OFFERS)
async def test_what_is_still_told_of_the_mailbox_before_is_no_news(
    kind: str, autojump_clock: Any
) -> None:
    """Cyrus tells what it has when IDLE ends, which may be behind the wish to leave."""
    leaves = {"command": "EXAMINE", "nth": 2} if kind == "bare" else {"command": "UNSELECT"}
    stale = Send("* 1 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (99))")
    faults: Any = [On("command", stale, **leaves)]
    lines: list[str] = []
    options: Any = {"capabilities": OFFERS[kind], "max_connections": 1, "faults": faults}
    options["open_"] = {"wire_log": lines.append}
    async with opened(messages=1, **options) as (account, server, _):
        for name in ("INBOX", "Sent"):
            async with account.watch(name) as events:
                await events.caught_up()
                server.deliver("joe", b"x: y\r\n\r\n", mailbox=name)
                (event,) = await take(events, 1)
                assert (type(event), event.mailbox) == (Arrived, name)
        assert event.uid == 1
        assert sum("UID 9" in line for line in lines) == 1


async def test_whoever_needs_the_last_connection_gets_it_at_once(autojump_clock: Any) -> None:
    async with watching("qresync", messages=2, max_connections=1) as (events, server, road):
        begin = trio.current_time()
        async with events._pool.using(Use.ALONE) as link:
            assert trio.current_time() - begin < 1
            async with link.client.select("Sent"):
                server.deliver("joe", b"x: y\r\n\r\n")
                with trio.move_on_after(1000) as scope:
                    await anext(events)
                assert scope.cancelled_caught
        assert (await take(events, 1))[0].uid == 3
        assert len(road.tried) == 1


async def test_commands_go_over_the_connection_of_a_watch(autojump_clock: Any) -> None:
    async with opened(messages=1, max_connections=1) as (account, server, _):
        async with account.watch("INBOX") as events:
            await events.caught_up()
            for _ in range(3):
                with trio.fail_after(1):
                    assert (await account.status("Sent", ["MESSAGES"])).messages == 0
            await account.append("INBOX", b"x: y\r\n\r\n")
            assert (await take(events, 1))[0].uid == 2
            assert server.commands.count("EXAMINE") == 1


async def test_no_event_is_lost_by_cancelling(autojump_clock: Any) -> None:
    async with watching("plain", messages=1, latency=0.02) as (events, server, _):
        found: list[Any] = []
        for _ in range(30):
            server.deliver("joe", b"x: y\r\n\r\n")
            with trio.move_on_after(0.03):
                while True:
                    found.append(await anext(events))
        while len(found) < 30:
            found += await take(events, 1)
        assert [event.uid for event in found] == list(range(2, 32))


async def test_whoever_takes_no_events_costs_bounded_memory(autojump_clock: Any) -> None:
    """And gets all of them later, flags once."""
    limits = aimap.Limits(max_events=50)
    async with watching("qresync", messages=100, limits=limits) as (events, server, _):
        for number in range(600):
            server.set_flags("joe", number % 100 + 1, ["$a"] if number % 2 else [])
            if number % 10 == 0:
                await trio.sleep(5)
        server.deliver("joe", b"x: y\r\n\r\n")
        there: dict[int, Any] = {}
        while 101 not in there:
            event = (await take(events, 1))[0]
            there[event.uid] = event.flags
        assert all(there[n + 1] == ({"$a"} if n % 2 else set()) for n in range(100))


async def test_nothing_is_called_gone_on_a_word_that_cannot_be_true(autojump_clock: Any) -> None:
    """VANISHED (EARLIER) of everything, and EXISTS of more: the server is asked instead."""
    async with watching("qresync", messages=9) as (events, server, road):
        server.faults = [
            aimap.testing.Insert(b"* VANISHED (EARLIER) 1:4294967295\r\n", after=b"* 8 EXISTS\r\n")
        ]
        road.shut = OSError("down")
        await road.cut()
        server.expunge("joe", [5])
        road.shut = None
        assert await take(events, 1) == [Expunged(5, "INBOX")]  # type: ignore[arg-type]
        with trio.move_on_after(1000) as scope:
            raise AssertionError(await anext(events))
        assert scope.cancelled_caught
        assert events.position.mailboxes["INBOX"].uids == aimap.UIDSet("1:4,6:9")


async def test_much_news_keeps_the_position_small(autojump_clock: Any) -> None:
    """What is known beyond the mod-sequence is forgotten now and then."""
    async with watching("qresync", messages=1000) as (events, server, _):
        for number in range(1, 1001):
            server.set_flags("joe", number, ["\\Seen"])
            await trio.sleep(0.1)
        await take(events, 1000)
        await trio.sleep(100)
        position = events.position.mailboxes["INBOX"]
        assert len(position.above) <= 256
        assert position.modseq is not None
        assert position.modseq > 700


async def test_a_position_is_checked() -> None:
    for wrong in (
        "",
        "{}",
        "[]",
        '{"version": 2, "mailboxes": {}}',
        '{"version":1,"mailboxes":{"a":{}}}',
    ):
        with pytest.raises(aimap.InvalidArgumentError):
            Position.from_json(wrong)
    async with opened() as (account, _, _):
        for names in ((), ("a", "a")):
            with pytest.raises(aimap.InvalidArgumentError):
                account.watch(*names)
