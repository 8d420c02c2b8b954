"""A connection that is made again costs few round trips, and believes nothing of before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
import trio.testing

import aimap
from aimap import (
    AccountConfig,
    AccountWatch,
    Arrived,
    Expunged,
    Flags,
    FlagsChanged,
    Profile,
    Retry,
)
from aimap.testing import CAPABILITIES, Change, Drop, Logins, On, Server, Stall, serve

from .support import JOE, Road

WAY = 0.05
ROUND_TRIP = 2 * WAY


@asynccontextmanager
async def watching(
    *, auth: Any = JOE, profile: Profile | None = None, **options: Any
) -> AsyncGenerator[tuple[AccountWatch, Server, Road]]:
    """Watch INBOX over TLS in memory, with octets that take their time."""
    async with serve({"joe": "secret"}, host=None, latency=WAY, **options) as server:
        server.deliver("joe", b"x: y\r\n\r\n")
        road = Road(server)
        config = AccountConfig(
            "localhost",
            auth,
            ssl_context=server.client_ssl_context,
            retry=Retry(first=0.001, longest=0.002),
            profile=profile,
        )
        async with aimap.open_account(config, open_stream=road.open) as account:
            async with account.watch("INBOX") as events:
                with trio.fail_after(60):
                    await events.caught_up()
                await trio.sleep(1)
                yield events, server, road


async def reconnect(
    events: AccountWatch, server: Server, road: Road
) -> tuple[Any, float, list[str]]:
    """Drop the link and deliver a message; return its event, round trips until IDLE, commands."""
    del server.commands[:]
    before = len(road.tried)
    await server.drop_connections()
    server.deliver("joe", b"x: y\r\n\r\n")
    with trio.fail_after(60):
        event = await anext(events)
        # IDLE is what comes of it, and comes half a round trip later.
        begun = trio.current_time()
        await trio.sleep(WAY * 1.01)
    assert server.commands[-1] == "IDLE", server.commands
    took = begun + ROUND_TRIP - road.tried[before]
    return event, took / ROUND_TRIP, server.commands


async def test_four_round_trips(autojump_clock: Any) -> None:
    """TCP, TLS, one flight, IDLE. In memory there is no handshake of TCP: three are left."""
    async with watching() as (events, server, road):
        event, round_trips, commands = await reconnect(events, server, road)
        assert isinstance(event, Arrived)
        assert event.uid == 2
        assert commands == ["LOGIN", "ENABLE", "EXAMINE", "IDLE"]
        assert 1 + round_trips == pytest.approx(4, abs=0.1)
        for number in range(3, 6):
            event, round_trips, _ = await reconnect(events, server, road)
            assert event.uid == number
            assert 1 + round_trips == pytest.approx(4, abs=0.1)
        server.expunge("joe", [2])
        assert await anext(events) == Expunged(2, "INBOX")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "without", [{"QRESYNC"}, {"QRESYNC", "ESEARCH"}, {"QRESYNC", "CONDSTORE", "ENABLE"}]
)
async def test_four_round_trips_where_select_does_not_say_what_is_new(
    without: set[str], autojump_clock: Any
) -> None:
    async with watching(capabilities=CAPABILITIES - without) as (events, server, road):
        for number in range(2, 5):
            event, round_trips, commands = await reconnect(events, server, road)
            assert event.uid == number
            assert commands == ["LOGIN", "EXAMINE", "UID", "UID", "IDLE"]
            assert 1 + round_trips == pytest.approx(4, abs=0.1)
        server.expunge("joe", [2])
        assert await anext(events) == Expunged(2, "INBOX")  # type: ignore[arg-type]
        await server.drop_connections()
        server.set_flags("joe", 3, ["\\Seen"])
        server.expunge("joe", [1])
        told = [await anext(events), await anext(events)]
        assert told == [FlagsChanged(3, Flags(["\\Seen"]), "INBOX"), Expunged(1, "INBOX")]  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH"])
async def test_what_was_asked_ahead_may_be_refused(command: str, autojump_clock: Any) -> None:
    async with watching(capabilities=CAPABILITIES - {"QRESYNC"}) as (events, server, road):
        server.faults = [
            On(
                "response",
                Change(rb"OK [^\r]*", b"NO not now"),
                command=command,
                text=" OK ",
                times=1,
            )
        ]
        event, _, commands = await reconnect(events, server, road)
        assert event == Arrived(2, Flags(), "INBOX")  # type: ignore[arg-type]
        assert commands[:6] == ["LOGIN", "EXAMINE", "UID", "UID", "UID", "UID"]


async def test_opted_out_by_profile(autojump_clock: Any) -> None:
    async with watching(profile=Profile(ahead=False)) as (events, server, road):
        _, round_trips, commands = await reconnect(events, server, road)
        assert commands == ["AUTHENTICATE", "ENABLE", "EXAMINE", "IDLE"]
        assert round_trips > 5


@pytest.mark.parametrize("mechanism", ["PLAIN", "XOAUTH2", "SCRAM-SHA-256"])
async def test_nothing_follows_authenticate(mechanism: str, autojump_clock: Any) -> None:
    """But it does not wait for the greeting, and what comes behind it goes in one flight."""
    auth = (
        aimap.OAuth("joe", "t0k3n")
        if mechanism == "XOAUTH2"
        else aimap.Password("joe", "secret", mechanisms=[mechanism])
    )
    logins = Logins(mechanisms=(mechanism,), tokens={"joe": "t0k3n"})
    async with watching(auth=auth, logins=logins) as (events, server, road):
        event, round_trips, commands = await reconnect(events, server, road)
        assert event.uid == 2
        assert commands == ["AUTHENTICATE", "ENABLE", "EXAMINE", "IDLE"]
        assert 1 + round_trips < 7


async def test_scram_is_not_given_up_for_a_round_trip(autojump_clock: Any) -> None:
    logins = Logins(mechanisms=("SCRAM-SHA-256", "PLAIN"))
    async with watching(logins=logins) as (events, server, road):
        _, _, commands = await reconnect(events, server, road)
        assert "LOGIN" not in commands


async def test_a_mailbox_that_is_gone(autojump_clock: Any) -> None:
    async with watching() as (events, server, _):
        del server.accounts["joe"].mailboxes["INBOX"]
        await server.drop_connections()
        with pytest.raises(aimap.NoError):
            await anext(events)


async def test_login_is_forbidden_now(autojump_clock: Any) -> None:
    async with watching() as (events, server, road):
        server.logins = attrs.evolve(server.logins, command=False)
        event, _, commands = await reconnect(events, server, road)
        assert event.uid == 2
        assert commands[0] == "LOGIN"
        assert "AUTHENTICATE" in commands
        server.violations.clear()


async def test_a_password_that_is_wrong_now_is_not_tried_twice(autojump_clock: Any) -> None:
    async with watching() as (events, server, _):
        server.accounts["joe"].password = "other"
        del server.commands[:]
        await server.drop_connections()
        with pytest.raises(aimap.AccountError):
            await anext(events)
        assert server.commands.count("LOGIN") == 1
        assert server.commands.count("AUTHENTICATE") == 0
        server.violations.clear()


async def test_the_link_drops_in_the_flight(autojump_clock: Any) -> None:
    async with watching() as (events, server, road):
        for after in (b"logged in", b"ENABLED QRESYNC", b"EXISTS"):
            server.faults = [Drop(after=after)]
            await server.drop_connections()
            await trio.sleep(1.05)
            server.faults = []
            event, _, _ = await reconnect(events, server, road)
            assert isinstance(event, Arrived)


async def test_a_server_that_loses_what_comes_behind_the_login(autojump_clock: Any) -> None:
    """As Courier does: after two such losses it is not tried again."""
    async with watching() as (events, server, road):
        for _ in range(2):
            server.faults = [Stall(after=b"logged in\r\n")]
            begin = trio.current_time()
            await server.drop_connections()
            await trio.sleep(5)
            server.faults = []
            server.deliver("joe", b"x: y\r\n\r\n")
            assert isinstance(await anext(events), Arrived)
            assert trio.current_time() - begin < 15
        await trio.sleep(1)
        _, _, commands = await reconnect(events, server, road)
        assert commands == ["AUTHENTICATE", "ENABLE", "EXAMINE", "IDLE"]


async def test_who_waited_for_a_new_connection_may_be_gone(
    autojump_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link is lost, and before it may be made again nobody wants it any more."""
    monkeypatch.setattr("random.random", lambda: 0.5)
    async with serve({"joe": "secret"}, host=None) as server:
        road = Road(server)
        config = AccountConfig(
            "localhost",
            JOE,
            ssl_context=server.client_ssl_context,
            retry=Retry(first=10, longest=10),
        )
        async with aimap.open_account(config, open_stream=road.open) as account:
            await account.status("INBOX")
            await road.cut()
            with trio.move_on_after(0.1) as patience:
                await account.status("INBOX")
            assert patience.cancelled_caught
            await trio.sleep(100)
            assert len(road.tried) == 1
            await account.status("INBOX")
            assert len(road.tried) == 2
