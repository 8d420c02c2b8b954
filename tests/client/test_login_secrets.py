"""OAuth tokens, and secrets that must not show."""

from __future__ import annotations

import gc
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import AuthenticationError, LoginFailure, Password
from aimap.testing import Logins, serve

from .logins import EVERY, TOKENS, at, playing, scrape
from .support import JOE

# OAuth


def provider(*tokens: str) -> tuple[Callable[[], Awaitable[str]], list[str]]:
    left = list(tokens)

    async def token() -> str:
        await trio.lowlevel.checkpoint()
        return left.pop(0)

    return token, left


@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
async def test_a_stale_token_is_renewed_once(name: str) -> None:
    logins = Logins(mechanisms=[name], tokens=TOKENS)
    async with serve(host=None, logins=logins) as server:
        token, left = provider("stale", "t0k3n")
        async with at(server, aimap.OAuth("joe", token)) as imap:
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
        assert left == []
        assert server.violations == []
        for second in ("other", "stale"):
            token, left = provider("stale", second, "t0k3n")
            server.commands.clear()
            with pytest.raises(AuthenticationError) as caught:
                async with at(server, aimap.OAuth("joe", token)):
                    pass
            assert left == ["t0k3n"]
            # The same token is not sent twice.
            assert len(server.commands) == (2 if second == "other" else 1)
            assert caught.value.reason is LoginFailure.WRONG_CREDENTIALS
            assert caught.value.details["status"] in ("invalid_token", "401")


async def test_what_is_no_stale_token_is_not_asked_again() -> None:
    token, left = provider("one", "two")
    async with playing(b"AUTH=XOAUTH2 SASL-IR", aimap.OAuth("joe", token)) as (server, outcome):
        await server.hears()
        await server.says(b"+ " + b64encode(b'{"status":"insufficient_scope"}') + b"\r\n")
        await server.hears()
        await server.says(b"A1 NO x\r\n")
    assert isinstance(outcome[0], AuthenticationError)
    assert outcome[0].reason is LoginFailure.NOT_AUTHORIZED
    assert left == ["two"]


async def test_a_server_that_leaves_before_the_second_token() -> None:
    token, left = provider("one", "two")
    async with playing(b"AUTH=XOAUTH2 SASL-IR", aimap.OAuth("joe", token)) as (server, outcome):
        await server.hears()
        await server.says(b"A1 NO [AUTHENTICATIONFAILED] no\r\n")
        await server.hears()
        await server.stream.aclose()
    assert isinstance(outcome[0], AuthenticationError)
    assert left == []


@pytest.mark.parametrize(
    "challenge", [b"[" * 100_000, b"not JSON", b"\xff" * 4000, b'{"echo": "t0k3n"}', b""]
)
async def test_oauth_json_bomb(challenge: bytes) -> None:
    auth = aimap.OAuth("joe", "t0k3n")
    async with playing(b"AUTH=OAUTHBEARER SASL-IR", auth) as (server, outcome):
        await server.hears()
        await server.says(b"+ " + b64encode(challenge) + b"\r\n")
        assert await server.hears() == b"AQ=="
        await server.says(b"A1 NO you said t0k3n\r\n")
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert len(str(error)) < 1000
    assert "t0k3n" not in scrape(error)


async def test_an_oauth_error_of_a_megabyte_and_more() -> None:
    auth = aimap.OAuth("joe", "t0k3n")
    limits = aimap.Limits(max_line=100_000)
    async with playing(b"AUTH=XOAUTH2 SASL-IR", auth, limits=limits) as (server, outcome):
        await server.hears()
        await server.says(b"+ " + b"W" * 200_000)
    assert isinstance(outcome[0], aimap.LimitExceededError)


# Secrets (I10)


@pytest.mark.parametrize(
    "answer",
    [
        b"A1 NO bad password hunter2",
        b"A1 BAD LOGIN joe hunter2",
        b"A1 NO [X hunter2] you said AGpvZQBodW50ZXIy",
        b"A1 NO [WEBALERT https://x/hunter2] x",
        b"A1 NO [REFERRAL imap://joe:hunter2@x/] x",
        b"* BYE hunter2 is no password",
        b"* BYE [X hunter2] y",
        b"A9 OK hunter2",
        b"* BAD LOGIN joe hunter2\r\nA1 NO HUNTER2",
    ],
)
@pytest.mark.parametrize("offer", [b"AUTH=PLAIN SASL-IR", b"AUTH=LOGIN", b""])
async def test_secret_echo(answer: bytes, offer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with playing(offer, Password("joe", "hunter2")) as (server, outcome):
        await server.hears()
        if b"LOGIN" in offer:
            for _ in range(2):
                await server.says(b"+ \r\n")
                await server.hears()
        await server.says(answer + b"\r\n")
    (error,) = outcome
    assert isinstance(error, aimap.ImapError)
    shown = scrape(error).lower()
    assert "hunter2" not in shown
    assert "odw50zxiy" not in shown
    assert "hunter2" not in caplog.text
    gc.collect()


async def test_the_server_is_asked_before_it_is_believed(autojump_clock: Any) -> None:
    async with playing(b"AUTH=SCRAM-SHA-1 SASL-IR", JOE) as (server, outcome):
        await server.says(b"A1 OK come in\r\n")
        await trio.sleep(70)
    assert isinstance(outcome[0], aimap.ImapError)


async def test_cancelling_a_login(autojump_clock: Any) -> None:
    async with serve(host=None, tls="insecure", latency=5, logins=EVERY) as server:
        for seconds in range(1, 60, 7):
            with trio.move_on_after(seconds) as scope:
                async with at(server, JOE):
                    await trio.sleep_forever()
            assert scope.cancelled_caught
