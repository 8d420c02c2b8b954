"""Logging in: which mechanism, what is never sent, and what is said when it fails."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import AuthenticationError, LoginFailure, Password
from aimap.testing import MECHANISMS, Logins, serve
from tests.sasl.test_auth import FakeContext

from .logins import EVERY, at, by, playing
from .support import JOE

AUTHS: dict[str, aimap.Auth] = {
    **{name: by(name) for name in MECHANISMS[:7]},
    "LOGIN-COMMAND": by("LOGIN-COMMAND"),
    "OAUTHBEARER": aimap.OAuth("joe", "t0k3n", mechanisms=["OAUTHBEARER"]),
    "XOAUTH2": aimap.OAuth("joe", "t0k3n", mechanisms=["XOAUTH2"]),
    "EXTERNAL": aimap.External(),
    "ANONYMOUS": aimap.Anonymous("trace@example.org"),
    "GSSAPI": aimap.GSSAPI(context=lambda service, host: FakeContext()),
}


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("name", AUTHS)
async def test_every_mechanism(name: str, initial: bool) -> None:
    capabilities = aimap.testing.CAPABILITIES - (set() if initial else {"SASL-IR"})
    async with serve(
        {"joe": "secret", "anonymous": ""}, host=None, logins=EVERY, capabilities=capabilities
    ) as server:
        context = server.client_ssl_context_for("joe") if name == "EXTERNAL" else None
        async with at(server, AUTHS[name], context) as imap:
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
            assert imap.login_code is not None
            assert (await imap.status("INBOX")).messages == 0
        assert server.violations == []
        assert server.commands[0] == ("LOGIN" if name == "LOGIN-COMMAND" else "AUTHENTICATE")


@pytest.mark.parametrize("tls", ["implicit", "insecure"])
@pytest.mark.parametrize("name", [*MECHANISMS[:7], "LOGIN-COMMAND"])
async def test_a_wrong_password_is_refused_by_every_mechanism(name: str, tls: Any) -> None:
    if tls == "insecure" and name.endswith("PLUS"):
        return
    async with serve(tls=tls, host=None, logins=EVERY) as server:
        with pytest.raises(AuthenticationError) as caught:
            async with at(server, Password("joe", "hunter2", mechanisms=[name])):
                pass
        assert caught.value.reason is LoginFailure.WRONG_CREDENTIALS
        assert server.violations == []
        assert len(server.commands) == 1
        if name.startswith("SCRAM"):
            assert caught.value.details == {"error": "invalid-proof"}


@pytest.mark.parametrize("tls", ["implicit", "insecure"])
async def test_the_best_that_is_offered_is_used(tls: Any) -> None:
    used: list[str] = []

    class Spying(aimap.Auth):
        def choices(self, channel: aimap.Channel) -> Any:
            return JOE.choices(channel)

        async def begin(self, mechanism: str, channel: aimap.Channel) -> aimap.Mechanism:
            used.append(mechanism)
            return await JOE.begin(mechanism, channel)

        def try_again(self, error: AuthenticationError) -> bool:
            return False

    left = set(MECHANISMS)
    while left:
        used.clear()
        async with serve(tls=tls, host=None, logins=Logins(mechanisms=left)) as server:
            async with at(server, Spying()):
                pass
            assert server.violations == []
        if used[0] not in left:
            break
        left.remove(used[0])
    assert used == ["LOGIN-COMMAND"]
    assert "CRAM-MD5" in left
    assert "PLAIN" not in left


async def test_passwords_that_are_no_ascii() -> None:
    for password in ("pässwörd", "\u2168 pencil", "\U0001f600"):
        async with serve({"jöe=,": password}, host=None, logins=EVERY) as server:
            for name in MECHANISMS[:7]:
                async with at(server, Password("jöe=,", password, mechanisms=[name])):
                    pass
            assert server.violations == []


@pytest.mark.parametrize("name", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"])
async def test_acting_for_another_user(name: str) -> None:
    users = {"admin": "secret", "joe": "x"}
    for impersonators, allowed in ((["admin"], True), ([], False)):
        logins = Logins(mechanisms=MECHANISMS, impersonators=impersonators)
        async with serve(users, host=None, logins=logins) as server:
            server.deliver("joe", b"Subject: hi\r\n\r\n")
            auth = Password("admin", "secret", authzid="joe", mechanisms=[name])
            try:
                async with at(server, auth) as imap:
                    assert (await imap.status("INBOX")).messages == 1
            except AuthenticationError as error:
                assert not allowed
                assert error.reason is LoginFailure.NOT_AUTHORIZED
            else:
                assert allowed


async def test_long_hashing_does_not_stop_the_other_tasks() -> None:
    logins = Logins(mechanisms=["SCRAM-SHA-256"], scram_iterations=4096)
    async with serve(host=None, tls="insecure", logins=logins) as server:
        ticks = 0
        in_thread: list[bool] = []

        class Slow(aimap.Mechanism):
            def respond(self, challenge: bytes) -> bytes:
                try:
                    trio.lowlevel.current_task()
                except RuntimeError:
                    in_thread.append(True)
                return self.run.respond(challenge)

            def is_slow(self, challenge: bytes | None) -> bool:
                return challenge is not None

            def start(self) -> bytes | None:
                return self.run.start()

            def verify(self) -> None:
                self.run.verify()

            def __init__(self, channel: aimap.Channel) -> None:
                from aimap._sasl.scram import Scram

                self.run = Scram("SCRAM-SHA-256", "joe", "secret", channel)

        async with at(server, aimap.SASL("scram-sha-256", Slow)):
            ticks += 1
        assert in_thread == [True, True]
        assert ticks == 1


async def test_a_mechanism_of_ones_own() -> None:
    class Mine(aimap.Mechanism):
        def respond(self, challenge: bytes) -> bytes:
            if challenge == b"stop":
                raise aimap.InvalidArgumentError("I will not")
            return challenge[::-1]

    auth = aimap.SASL("x-mine", lambda channel: Mine())
    async with playing(b"AUTH=X-MINE SASL-IR", auth) as (server, outcome):
        assert await server.hears() == b"A1 AUTHENTICATE X-MINE"
        await server.says(b"+ " + b64encode(b"abc") + b"\r\n")
        assert b64decode(await server.hears()) == b"cba"
        await server.says(b"+ " + b64encode(b"stop") + b"\r\n")
        assert await server.hears() == b"*"
        await server.says(b"A1 BAD called off\r\n")
    assert isinstance(outcome[0], aimap.InvalidArgumentError)


async def test_a_mechanism_that_breaks_is_the_users_own_exception() -> None:
    class Broken(aimap.Mechanism):
        def respond(self, challenge: bytes) -> bytes:
            raise KeyError("mine")

    with pytest.raises(KeyError):
        async with playing(b"AUTH=X", aimap.SASL("X", lambda _: Broken()), catch=()) as (server, _):
            await server.hears()
            await server.says(b"+ \r\n")
