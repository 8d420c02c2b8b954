"""What a test can do to the embedded server while clients are connected, and see of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import trio

import aimap
from aimap import InvalidArgumentError
from aimap.testing import Ignore, On, serve

from .test_obligations import quiet, talk
from .test_scripts import connect
from .wrong_lines import LOGIN, OPEN


async def test_what_clients_sent() -> None:
    async with quiet() as server:
        await talk(
            server,
            *OPEN,
            b"c UID FETCH 9 FLAGS\r\n",
            b"d APPEND Sent {3+}\r\nabc\r\n",
            b"e CREATE Sent\r\n",
        )
        await talk(server, b"f AUTHENTICATE PLAIN AGpvZQB3cm9uZw==\r\n")
        assert [
            (c.session, c.tag, c.name, c.user, c.state, c.mailbox, c.answer) for c in server.log
        ] == [
            (1, "a", "LOGIN", "", "not authenticated", "", "OK"),
            (1, "b", "SELECT", "joe", "authenticated", "", "OK"),
            (1, "c", "UID FETCH", "joe", "selected", "INBOX", "OK"),
            (1, "d", "APPEND", "joe", "selected", "INBOX", "OK"),
            (1, "e", "CREATE", "joe", "selected", "INBOX", "NO"),
            (2, "f", "AUTHENTICATE", "", "not authenticated", "", "NO"),
        ]
        assert [c.line for c in server.log] == [
            "a LOGIN <11 octets>",
            "b SELECT INBOX",
            "c UID FETCH 9 FLAGS",
            "d APPEND Sent {3+}",
            "e CREATE Sent",
            "f AUTHENTICATE <23 octets>",
        ]
        assert server.log[4].text == "[ALREADYEXISTS] it exists"


async def test_a_command_without_an_answer() -> None:
    async with quiet(faults=[On("command", Ignore(), command="NOOP")]) as server:
        await talk(server, LOGIN, b"b NOOP\r\n")
        assert [(c.name, c.answer) for c in server.log] == [("LOGIN", "OK"), ("NOOP", "")]


async def test_mailboxes_renamed_and_deleted() -> None:
    async with quiet() as server:
        server.deliver("joe", b"\r\n", mailbox="a/b")
        server.rename("joe", "a", "c")
        assert "c/b" in server.accounts["joe"].mailboxes
        async with connect(server) as imap, imap.select("c/b") as mailbox:
            server.delete("joe", "c/b")
            with pytest.raises(aimap.ByeError, match="deleted"):
                await mailbox.search(aimap.ALL)
                await mailbox.search(aimap.ALL)
        wishes: list[Callable[[], object]] = [
            lambda: server.rename("joe", "none", "x"),
            lambda: server.rename("joe", "c", "Sent"),
            lambda: server.rename("ann", "c", "d"),
            lambda: server.delete("joe", "none"),
        ]
        for wrong in wishes:
            with pytest.raises(InvalidArgumentError):
                wrong()


async def test_another_uidvalidity() -> None:
    async with quiet() as server:
        server.expunge("joe", [1])
        before = server.mailbox("joe").uid_validity
        async with connect(server) as imap:
            inbox = imap.select("INBOX")
            await inbox.__aenter__()
            after = server.renew_uid_validity("joe")
            with pytest.raises(aimap.ByeError, match="UIDVALIDITY"):
                while True:
                    await imap.noop()
        assert after > before
        async with connect(server) as imap, imap.select("INBOX") as mailbox:
            assert mailbox.uid_validity == after
            assert list(await mailbox.search(aimap.ALL)) == [1]


async def test_connections_dropped_and_stalled(autojump_clock: Any) -> None:
    async with quiet() as server:
        server.add_account("ann", "x")
        hers = aimap.connect(
            "x", tls="insecure", stream=server.connect(), auth=aimap.Password("ann", "x")
        )
        async with hers as ann, connect(server) as joe:
            server.stall_connections(30, "joe")
            begin = trio.current_time()
            await ann.noop()
            assert trio.current_time() == begin
            await joe.noop()
            assert trio.current_time() == begin + 30
            await server.drop_connections("joe")
            with pytest.raises(aimap.ConnectionLostError):
                await joe.noop()
            await ann.noop()


@pytest.mark.breaks("unknown-command")
async def test_begun_anew() -> None:
    async with quiet(faults=[On("command", Ignore(), command="NOOP")]) as server:
        server.add_account("ann", "x")
        server.deliver("joe", b"\r\n", mailbox="Other")
        await talk(server, LOGIN, b"b WHAT\r\n")
        (broken,) = server.violations
        assert broken.command == "WHAT"
        async with connect(server) as imap:
            await server.reset()
            with pytest.raises(aimap.ConnectionLostError):
                await imap.noop()
        assert (server.commands, server.log) == ([], [])
        assert set(server.accounts) == {"joe"}
        assert "Other" not in server.accounts["joe"].mailboxes
        assert server.mailbox("joe").messages == []
        server.faults = ()
        assert b"b OK" in await talk(server, LOGIN, b"b NOOP\r\n")
        await server.reset()
        assert b"b OK" not in await talk(server, LOGIN, b"b NOOP\r\n")
        # What was broken was looked at above, and here it is again for the check of all tests.
        server.violations.append(broken)


async def test_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(InvalidArgumentError, match=r"trustme.*aimap\[testing\].*tls='insecure'"):
        async with serve(host=None):
            pass
    async with serve(host=None, tls="insecure"):
        pass
