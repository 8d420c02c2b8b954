"""Opening, securing, losing and closing a connection (I9 to I11)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import trio
import trio.testing

import aimap
from aimap import Timeouts
from aimap.testing import serve

from .support import JOE, PlayedServer, connected, played


@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
async def test_over_tcp(tls: Any) -> None:
    async with serve({"joe": "secret"}, tls=tls) as server:
        server.deliver("joe", b"Subject: hi\r\n\r\n")
        async with aimap.connect(
            server.host,
            port=server.port,
            tls=tls,
            ssl_context=None if tls == "insecure" else server.client_ssl_context,
            auth=JOE,
        ) as imap:
            assert (await imap.status("INBOX")).messages == 1
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
        assert server.commands[-1] == "LOGOUT"
        assert server.violations == []


@pytest.mark.parametrize("without", [set(), {"SASL-IR"}, {"LITERAL+"}])
async def test_login_ways(without: set[str]) -> None:
    import aimap.testing

    async with connected(capabilities=aimap.testing.CAPABILITIES - without) as (imap, server):
        assert "IDLE" in imap.capabilities
        assert "AUTHENTICATE" in server.commands


async def test_login_command_where_no_mechanism_is_offered() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
    async with trio.open_nursery() as nursery:

        async def serve_login() -> None:
            assert await server.hears() == b'A1 LOGIN joe "se\\"cret"'
            await server.says(b"A1 OK [CAPABILITY IMAP4rev1] x\r\n")
            assert await server.hears() == b"A2 LOGOUT"
            await theirs.aclose()

        nursery.start_soon(serve_login)
        async with aimap.connect(
            "localhost", tls="insecure", stream=ours, auth=aimap.Password("joe", 'se"cret')
        ):
            pass


async def test_login_is_never_sent_where_it_is_forbidden() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI] hi\r\n")
    with pytest.raises(aimap.CapabilityError, match="it offers GSSAPI"):
        async with aimap.connect("localhost", tls="insecure", stream=ours, auth=JOE):
            pass
    assert await server.hears() == b""


@pytest.mark.parametrize(
    ("offer", "lines"),
    [
        (b"AUTH=OAUTHBEARER SASL-IR",
         [b"A1 AUTHENTICATE OAUTHBEARER bixhPWpvZUBleGFtcGxlLm9yZywBaG9zdD1sb2NhbGhvc3QBcG9ydD0xNDMBYXV0aD1CZWFyZXIgdDBrM24BAQ==", b"AQ=="]),
        (b"AUTH=XOAUTH2 SASL-IR",
         [b"A1 AUTHENTICATE XOAUTH2 dXNlcj1qb2VAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgdDBrM24BAQ==", b""]),
    ],
)  # fmt: skip
async def test_oauth_says_what_the_server_said(offer: bytes, lines: list[bytes]) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1 %s] hi\r\n" % offer)

    async def token() -> str:
        await trio.lowlevel.checkpoint()
        return "t0k3n"

    async with trio.open_nursery() as nursery:

        async def refuse() -> None:
            assert await server.hears() == lines[0]
            await server.says(b"+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\r\n")
            assert await server.hears() == lines[1]
            await server.says(b"A1 NO t0k3n is stale\r\n")

        nursery.start_soon(refuse)
        with pytest.raises(aimap.AuthenticationError, match="status: invalid_token") as caught:
            async with aimap.connect(
                "localhost", tls="insecure", stream=ours, auth=aimap.OAuth("joe@example.org", token)
            ):
                pass
        assert "t0k3n" not in str(caught.value)


async def test_wrong_password() -> None:
    async with serve({"joe": "secret"}, tls="insecure", host=None) as server:
        with pytest.raises(aimap.AuthenticationError, match="wrong user name") as caught:
            async with aimap.connect(
                "x", tls="insecure", stream=server.connect(), auth=aimap.Password("joe", "hunter2")
            ):
                pass
        assert caught.value.code is not None
        assert caught.value.code.name == "AUTHENTICATIONFAILED"
        assert "hunter2" not in repr(caught.value) + str(caught.value)


def test_secrets_do_not_show(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert "hunter2" not in repr(aimap.Password("joe", "hunter2"))
    assert "hunter2" not in repr(aimap.OAuth("joe", "hunter2"))
    assert "hunter2" not in str(aimap.Password("joe", "hunter2"))


async def test_refused_connections_stay_oserrors() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    for listener in listeners:
        await listener.aclose()
    with pytest.raises(OSError, match="all attempts to connect"):
        async with aimap.connect("127.0.0.1", port=port):
            pass


# What leaves the block


async def test_the_users_own_exception_leaves_bare() -> None:
    error = KeyError("mine")
    error.__context__ = ValueError("before")
    with pytest.raises(KeyError) as caught:
        async with connected():
            raise error
    assert caught.value is error
    assert isinstance(error.__context__, ValueError)


async def test_the_users_own_group_leaves_as_it_is() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with played():
            raise ExceptionGroup("mine", [KeyError(1), ValueError(2)])
    assert [type(e) for e in caught.value.exceptions] == [KeyError, ValueError]


async def test_cancelling_from_outside_closes_at_once(autojump_clock: Any) -> None:
    begin = trio.current_time()
    with trio.move_on_after(1) as scope:
        async with connected() as (imap, _):
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert trio.current_time() - begin == 1
    with pytest.raises(aimap.ConnectionLostError, match="closed"):
        await imap.noop()


async def test_a_lost_connection_is_told_to_whom_it_concerns() -> None:
    async with played() as (imap, server):
        errors: list[Exception] = []

        async def ask() -> None:
            try:
                await imap.noop()
            except aimap.ConnectionLostError as error:
                errors.append(error)

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)
            await server.hears()
            await server.stream.aclose()
        assert len({id(error) for error in errors}) == 3
        with pytest.raises(aimap.ConnectionLostError):
            await imap.status("INBOX")


async def test_bye_with_nothing_pending_is_no_error_of_the_block() -> None:
    async with played() as (imap, server):
        await server.says(b"* BYE Autologout; idle for too long\r\n" * 3)
        await trio.testing.wait_all_tasks_blocked(0.01)
        with pytest.raises(aimap.ByeError, match="Autologout"):
            await imap.noop()


# Deadlines, on Trio's clock


@pytest.mark.parametrize("greeting", [b"", b"* OK "])
async def test_a_server_that_does_not_greet(greeting: bytes, autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(greeting)
    with pytest.raises(aimap.ConnectionLostError, match="not ready within 7 seconds"):
        async with aimap.connect("x", tls="insecure", stream=ours, timeouts=Timeouts(connect=7)):
            pass
    assert trio.current_time() < 8
    await theirs.aclose()


async def test_a_server_that_does_not_log_in(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
    with pytest.raises(aimap.ConnectionLostError, match="not ready within 60 seconds"):
        async with aimap.connect("x", tls="insecure", stream=ours, auth=JOE):
            pass
    await theirs.aclose()


async def test_a_peer_that_never_reads_can_be_cancelled(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(theirs.send_all, b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
        with trio.move_on_after(5) as scope:
            async with aimap.connect("x", tls="insecure", stream=ours) as imap:
                await imap.append("INBOX", b"x" * 1000)
        assert scope.cancelled_caught


async def test_logout_waits_no_longer_than_it_should(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
    async with aimap.connect("x", tls="insecure", stream=ours):
        begin = trio.current_time()
    assert trio.current_time() - begin == pytest.approx(5)
    await theirs.aclose()


def test_arguments_that_make_no_sense() -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="tls is 'implicit'"):
        trio.run(aimap.connect("x", tls="tls").__aenter__)  # type: ignore[arg-type]
    with pytest.raises(aimap.InvalidArgumentError, match="auth is a Password"):
        trio.run(aimap.connect("x", auth=("joe", "x")).__aenter__)  # type: ignore[arg-type]
    with pytest.raises(aimap.InvalidArgumentError, match="above 0 seconds"):
        Timeouts(response=0)
    with pytest.raises(aimap.InvalidArgumentError, match=r"Limits\.max_depth"):
        aimap.Limits(max_depth=0)


async def test_a_connection_is_entered_once() -> None:
    async with serve(tls="insecure", host=None) as server:
        connection = aimap.connect("x", tls="insecure", stream=server.connect(), auth=JOE)
        async with connection as imap:
            await imap.noop()
        with pytest.raises(aimap.StateError, match="entered once"):
            async with connection:
                pass


async def test_a_cancelled_login_closes_at_once(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")
    with trio.move_on_after(1) as patience:
        async with aimap.connect("x", tls="insecure", stream=ours, auth=JOE):
            pass
    assert patience.cancelled_caught
    assert trio.current_time() == pytest.approx(patience.deadline)
    assert (await theirs.receive_some()).startswith(b"A1 AUTHENTICATE PLAIN")
    assert await theirs.receive_some() == b""
