"""An account that is kept connected, on the embedded server, in virtual time."""

from __future__ import annotations

import logging
import re
from typing import Any

import attrs
import pytest
import trio
import trio.testing

import aimap
from aimap import (
    FLAGS,
    AccountError,
    AccountEvent,
    AccountEventKind,
    ConnectionLostError,
    FailureKind,
    Flag,
    Retry,
    StateError,
    UIDSet,
)
from aimap._account.pool import KEEP, REGROW
from aimap.testing import CAPABILITIES, Drop, Logins, Stall

from .support import opened


def kinds(events: list[AccountEvent]) -> list[str]:
    return [event.kind.value for event in events]


async def test_nothing_is_opened_before_it_is_needed(autojump_clock: Any) -> None:
    async with opened(messages=2) as (account, _, road):
        await trio.sleep(1000)
        assert not road.tried
        assert (await account.status("INBOX")).messages == 2
        assert len(await account.list()) == 4
        assert len(road.tried) == 1


async def test_commands_share_a_connection_and_go_back_to_back(autojump_clock: Any) -> None:
    async with opened(messages=1, latency=0.025) as (account, _, road):
        await account.ready()
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(account.status, "INBOX")
        assert trio.current_time() - begin < 0.06
        assert len(road.tried) == 1


async def test_never_more_connections_than_the_cap(autojump_clock: Any) -> None:
    most = 0

    async def use() -> None:
        nonlocal most
        async with account.connection() as imap:
            most = max(most, account.statistics().connections)
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
            await trio.sleep(1)

    async with opened(max_connections=3) as (account, _, road):
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(use)
        assert most == len(road.tried) == 3
        assert trio.current_time() < 5


async def test_a_mailbox_that_is_selected_already_is_preferred(autojump_clock: Any) -> None:
    async with opened(messages=3, max_connections=2) as (account, server, road):
        async with account.select("INBOX") as inbox:
            async with account.select("Sent"):
                assert len(road.tried) == 2
        server.deliver("joe", b"x: y\r\n\r\n")
        for _ in range(3):
            async with account.select("INBOX") as again:
                assert again.exists == 4
                assert again is not inbox
                assert await again.search() == UIDSet("1:4")
        assert server.commands.count("SELECT") == 2
        assert not inbox.is_selected
        async with account.examine("INBOX") as reading:
            with pytest.raises(StateError, match="reading only"):
                await reading.add_flags(1, Flag.SEEN)
        assert server.commands.count("EXAMINE") == 1


async def test_who_takes_a_connection_finds_nothing_selected(autojump_clock: Any) -> None:
    async with opened(messages=1, max_connections=1) as (account, _, _):
        async with account.select("INBOX"):
            pass
        async with account.connection() as imap:
            await imap.enable("CONDSTORE")
            async with imap.select("Sent") as sent:
                assert sent.exists == 0


async def test_a_connection_that_nobody_uses_is_closed(autojump_clock: Any) -> None:
    events: list[AccountEvent] = []
    async with opened(events=events) as (account, server, road):
        await account.ready()
        await trio.sleep(KEEP + 1)
        assert account.statistics().connections == 0
        assert server.commands[-1] == "LOGOUT"
        assert events[-1].kind is AccountEventKind.DISCONNECTED
        assert events[-1].failure is None
        await account.ready()
        assert len(road.tried) == 2


async def test_a_drop_between_two_commands_is_not_noticed(autojump_clock: Any) -> None:
    events: list[AccountEvent] = []
    async with opened(messages=1, events=events) as (account, _, road):
        for _ in range(5):
            assert (await account.status("INBOX")).messages == 1
            await trio.sleep(100)
            await road.cut()
        statistics = account.statistics()
        assert statistics.losses == statistics.connected == 5
        assert statistics.commands >= 10
        assert kinds(events) == ["connected", "disconnected"] * 5
        assert events[1].failure is not None
        assert events[1].failure.kind is FailureKind.NETWORK


async def test_waits_grow_while_the_network_is_down(autojump_clock: Any) -> None:
    events: list[AccountEvent] = []
    async with opened(retry=Retry(first=1, longest=60), events=events) as (account, _, road):
        road.shut = OSError("no route to host")
        with trio.move_on_after(1000) as scope:
            await account.status("INBOX")
        assert scope.cancelled_caught
        waits = [b - a for a, b in zip(road.tried, road.tried[1:], strict=False)]
        assert waits[0] <= 1
        for number, wait in enumerate(waits[1:], 1):
            assert min(2**number, 60) / 2 <= wait <= min(2**number, 60)
        assert set(kinds(events)) == {"failed"}
        road.shut = None
        with trio.fail_after(61):
            await account.ready()


async def test_nobody_waits_nobody_tries(autojump_clock: Any) -> None:
    async with opened() as (account, _, road):
        road.shut = OSError("down")
        with trio.move_on_after(10):
            await account.ready()
        tried = len(road.tried)
        await trio.sleep(10_000)
        assert len(road.tried) == tried


async def test_try_now(autojump_clock: Any) -> None:
    async with opened(retry=Retry(first=1000, longest=1000)) as (account, _, road):
        road.shut = OSError("down")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(account.ready)
            await trio.sleep(5000)
            road.shut = None
            begin = trio.current_time()
            account.try_now()
        assert trio.current_time() - begin < 1


async def test_so_many_attempts_and_no_more(autojump_clock: Any) -> None:
    events: list[AccountEvent] = []
    async with opened(retry=Retry(attempts=4), events=events) as (account, _, road):
        road.shut = OSError("down")
        with pytest.raises(AccountError) as caught:
            await account.ready()
        assert len(road.tried) == 4
        assert caught.value.failure.kind is FailureKind.NETWORK
        assert isinstance(caught.value.__cause__, OSError)
        assert kinds(events) == ["failed"] * 4 + ["gave up"]
        with pytest.raises(AccountError, match="down"):
            await account.list()
        assert len(road.tried) == 4


async def test_a_refused_password_is_tried_once(autojump_clock: Any) -> None:
    wrong = aimap.Password("joe", "wrong")
    async with opened(auth=wrong) as (account, server, road):
        async with trio.open_nursery() as nursery:

            async def use() -> None:
                with pytest.raises(AccountError) as caught:
                    await account.status("INBOX")
                assert caught.value.failure.kind is FailureKind.CREDENTIALS

            for _ in range(3):
                nursery.start_soon(use)
        await trio.sleep(10_000)
        assert server.commands.count("AUTHENTICATE") <= 3
        tried = len(road.tried)
        with pytest.raises(AccountError):
            await account.ready()
        assert len(road.tried) == tried


async def test_a_login_that_is_unavailable_is_tried_again(autojump_clock: Any) -> None:
    busy = b"A1 NO [UNAVAILABLE] try again later\r\n"
    async with opened() as (account, server, road):
        server.faults = [aimap.testing.Insert(busy, after=b"ready\r\n"), Drop(after=busy)]

        async def heal() -> None:
            await trio.sleep(20)
            server.faults = []

        async with trio.open_nursery() as nursery:
            nursery.start_soon(heal)
            await account.ready()
        assert len(road.tried) > 2


async def test_a_stale_token_is_renewed_once_and_then_it_is_credentials(
    autojump_clock: Any,
) -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return f"token{asked}"

    logins = Logins(mechanisms=("XOAUTH2", "OAUTHBEARER"))
    oauth = aimap.OAuth("joe", token)
    async with opened(auth=oauth, logins=logins) as (account, _, road):
        with pytest.raises(AccountError) as caught:
            await account.ready()
        assert caught.value.failure.kind is FailureKind.CREDENTIALS
        assert asked == 2
        assert len(road.tried) == 1


async def test_a_token_that_cannot_be_had_is_asked_for_again(autojump_clock: Any) -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        if asked < 4:
            raise RuntimeError("the token server is down")
        return "fresh"

    logins = Logins(mechanisms=("XOAUTH2",), tokens={"joe": "fresh"})
    events: list[AccountEvent] = []
    oauth = aimap.OAuth("joe", token)
    async with opened(auth=oauth, logins=logins, events=events) as (account, _, _):
        await account.ready()
        assert kinds(events) == ["failed"] * 3 + ["connected"]
        assert all(e.failure.kind is FailureKind.CREDENTIALS for e in events if e.failure)


async def test_configuration_stops_unless_it_has_worked(autojump_clock: Any) -> None:
    wrong = aimap.CapabilityError("AUTH=X", "no")
    async with opened() as (account, _, road):
        road.shut = wrong
        with pytest.raises(AccountError) as caught:
            await account.ready()
        assert caught.value.failure.kind is FailureKind.CONFIGURATION
        road.shut = None
        account.try_now()
        await account.ready()
        road.shut = wrong
        await road.cut()
        with trio.move_on_after(100) as scope:
            await account.status("INBOX")
        assert scope.cancelled_caught
        road.shut = None
        await account.status("INBOX")


async def test_the_cap_shrinks_and_grows_back(autojump_clock: Any) -> None:
    """The server takes two connections; the third login is refused, until later."""
    limit = 2

    async with opened(max_connections=4) as (account, server, road):
        at_a_time = trio.Lock()

        async def open_() -> trio.abc.Stream:
            async with at_a_time:
                if len(server._connections) < limit:
                    stream = await road.open()
                    await trio.testing.wait_all_tasks_blocked()
                    return stream
                raise aimap.AuthenticationError(
                    "LOGIN",
                    None,
                    "Too many simultaneous connections. (Failure)",
                    reason=aimap.LoginFailure.THROTTLED,
                )

        account._open_stream = open_

        async def use() -> None:
            async with account.connection() as imap:
                await imap.noop()
                await trio.sleep(1)

        async def all_of_them() -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(8):
                    nursery.start_soon(use)

        begin = trio.current_time()
        with trio.fail_after(60):
            await all_of_them()
        assert trio.current_time() - begin == pytest.approx(4, abs=0.5)
        refused = account.statistics().failures
        assert 1 <= refused <= 2
        await all_of_them()
        assert account.statistics().failures == refused
        limit = 4
        await trio.sleep(2 * REGROW + 1)
        begin = trio.current_time()
        await all_of_them()
        assert trio.current_time() - begin == pytest.approx(2, abs=0.5)


async def test_a_server_that_takes_logins_and_hangs_up_is_not_asked_in_a_circle(
    autojump_clock: Any,
) -> None:
    async with opened() as (account, server, road):
        server.faults = [Drop(after=b"A1 OK"), Drop(after=b"A2 OK"), Drop(after=b"A3 OK")]
        with trio.move_on_after(3600):
            while True:
                try:
                    await account.status("INBOX")
                except ConnectionLostError:
                    continue
        assert len(road.tried) < 50


async def test_uid_validity_is_checked(autojump_clock: Any) -> None:
    async with opened(messages=2) as (account, server, _):
        validity = server.mailbox("joe").uid_validity
        assert await account.search("INBOX", uid_validity=validity) == UIDSet("1:2")
        for call in (
            account.search("INBOX", uid_validity=validity + 1),
            account.add_flags("INBOX", 1, Flag.SEEN, uid_validity=validity + 1),
            account.fetch_all("INBOX", 1, FLAGS, uid_validity=validity + 1),
        ):
            with pytest.raises(StateError, match="UIDVALIDITY"):
                await call
        assert server.mailbox("joe").messages[0].flags == set()


async def test_compressed_unless_told_otherwise(autojump_clock: Any) -> None:
    for compress in (True, False):
        async with opened(compress=compress) as (account, server, _):
            await account.ready()
            async with account.select("INBOX"):
                pass
            async with account.select("INBOX"):
                pass
            assert server.commands.count("COMPRESS") == compress


async def test_closing_is_bounded(autojump_clock: Any) -> None:
    begin = 0.0
    async with opened(timeouts=aimap.Timeouts(logout=3)) as (account, server, _):
        server.faults = [Stall(of="client", after=b"LOGOUT")]
        async with account.connection(), account.connection():
            pass
        begin = trio.current_time()
    assert trio.current_time() - begin < 6


async def test_an_exception_leaves_the_block_bare(autojump_clock: Any) -> None:
    with pytest.raises(KeyError):
        async with opened() as (account, _, _):
            async with account.select("INBOX"):
                raise KeyError("mine")


async def test_one_accounts_trouble_is_its_own(autojump_clock: Any) -> None:
    async with opened() as (good, _, _), opened(auth=aimap.Password("joe", "no")) as (bad, _, _):
        with pytest.raises(AccountError):
            await bad.ready()
        assert len(await good.list()) == 4


async def test_the_log_has_one_line_an_event_and_no_secret(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aimap.account")
    async with opened(retry=Retry(attempts=2)) as (account, _, road):
        road.shut = OSError("evil %s %n\r\nfake: line\x1b[0m")
        with pytest.raises(AccountError):
            await account.ready()
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 3
    assert all(m.startswith("joe@localhost: ") and m.isprintable() for m in messages)
    assert "secret" not in "".join(messages)
    assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING", "ERROR"]
    assert isinstance(caplog.records[0].aimap, AccountEvent)  # type: ignore[attr-defined]


async def test_who_gives_up_waiting_is_handed_nothing(autojump_clock: Any) -> None:
    async with opened(max_connections=1) as (account, _, _):
        async with account.connection():
            with trio.move_on_after(1):
                async with account.connection():
                    raise AssertionError
        with trio.fail_after(1):
            async with account.connection():
                pass


async def test_those_who_wait_come_in_their_order(autojump_clock: Any) -> None:
    order: list[int] = []

    async def use(number: int) -> None:
        async with account.connection():
            order.append(number)
            await trio.sleep(1)

    async with opened(max_connections=1) as (account, _, _):
        async with trio.open_nursery() as nursery:
            for number in range(6):
                nursery.start_soon(use, number)
                await trio.testing.wait_all_tasks_blocked()
        assert order == list(range(6))


def test_an_event_in_words() -> None:
    event = AccountEvent(kind=AccountEventKind.CONNECTED, account="joe@host", seconds=0.25)
    assert str(event) == "joe@host: connected after 0.25 s"
    assert str(attrs.evolve(event, kind=AccountEventKind.GAVE_UP, seconds=None)) == (
        "joe@host: gave up"
    )


async def test_what_an_account_keeps_selected_is_in_nobodys_way(autojump_clock: Any) -> None:
    offered = CAPABILITIES - {"LIST-STATUS"}
    async with opened(messages=2, capabilities=offered) as (account, server, _):
        await account.create("box")
        codes = await account.append_all("box", [b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n"])
        assert [code and code.uids for code in codes] == [UIDSet(1), UIDSet(2)]
        async with account.select("INBOX") as inbox:
            assert inbox.exists == 2
        found = {info.name: info.status for info in await account.list(status=["MESSAGES"])}
        assert {name: status and status.messages for name, status in found.items()} == {
            "Drafts": 0,
            "INBOX": 2,
            "Sent": 0,
            "Trash": 0,
            "box": 2,
        }
        async with account.select("box") as box:
            assert box.exists == 2
        await account.delete("box")
        assert "box" not in [info.name for info in await account.list()]
        assert server.violations == []


async def test_several_messages_are_stored_once(autojump_clock: Any) -> None:
    """The link drops behind the first of them."""
    offered = CAPABILITIES - {"MULTIAPPEND"}
    async with opened(capabilities=offered) as (account, server, _):
        await account.ready()
        server.faults = [Drop(after=re.compile(rb"OK \[APPENDUID"))]
        await server.drop_connections()
        with pytest.raises(aimap.ConnectionLostError):
            await account.append_all("INBOX", [b"Subject: %d\r\n\r\n" % n for n in range(5)])
        server.faults = []
        subjects = [message.octets for message in server.mailbox("joe").messages]
        assert len(subjects) == len(set(subjects))
