"""Logging in: which mechanism, what is never sent, and what is said when it fails."""

from __future__ import annotations

import gc
import logging
import ssl
import traceback
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import AuthenticationError, LoginFailure, Password
from aimap.testing import MECHANISMS, Logins, Server, serve
from tests.sasl.test_auth import FakeContext

from .support import JOE, PlayedServer

TOKENS = {"joe": "t0k3n"}
EVERY = Logins(
    mechanisms=MECHANISMS, tokens=TOKENS, accept=lambda: FakeContext(accepts=True), command=True
)


@asynccontextmanager
async def at(
    server: Server, auth: aimap.Auth, context: ssl.SSLContext | None = None, **options: Any
) -> AsyncGenerator[aimap.Client]:
    """Log in to the embedded server, in memory."""
    tls: Any = "insecure" if server.ssl_context is None else "implicit"
    async with aimap.connect(
        "localhost",
        tls=tls,
        stream=server.connect(),
        ssl_context=context or (None if tls == "insecure" else server.client_ssl_context),
        auth=auth,
        **options,
    ) as imap:
        yield imap


def by(*mechanisms: str, **options: Any) -> Password:
    return Password("joe", "secret", mechanisms=mechanisms, **options)


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


# A server that the test plays


@asynccontextmanager
async def playing(
    offer: bytes, auth: aimap.Auth, *, catch: Any = aimap.ImapError, **options: Any
) -> AsyncGenerator[tuple[PlayedServer, list[BaseException]]]:
    """Play a server to a login; what that raises is in the list in the end."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1 %s] hi\r\n" % offer)
    outcome: list[BaseException] = []
    entered = trio.Event()

    async def log_in() -> None:
        try:
            async with aimap.connect(
                "localhost", tls="insecure", stream=ours, auth=auth, **options
            ) as imap:
                outcome.append(LoggedIn(imap))
                entered.set()
        except catch as error:
            outcome.append(error)
            entered.set()

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            yield server, outcome
            with trio.move_on_after(1):
                await entered.wait()
            await theirs.aclose()
    except BaseExceptionGroup as group:
        (error,) = group.exceptions
        raise error from None


class LoggedIn(BaseException):
    def __init__(self, client: aimap.Client) -> None:
        self.client = client


def scrape(error: BaseException) -> str:
    """Return all that could be shown of an error."""
    said = [repr(error), str(error), *traceback.format_exception(error)]
    seen: BaseException | None = error
    while seen is not None:
        said += [repr(vars(seen)), repr(seen.args), repr(getattr(seen, "code", None))]
        seen = seen.__cause__ or seen.__context__
    return "".join(said)


REFUSALS = [
    (b"A1 NO [AUTHENTICATIONFAILED] x", LoginFailure.WRONG_CREDENTIALS),
    (b"A1 NO [AUTHORIZATIONFAILED] x", LoginFailure.NOT_AUTHORIZED),
    (b"A1 NO [EXPIRED] x", LoginFailure.EXPIRED),
    (b"A1 NO [PRIVACYREQUIRED] x", LoginFailure.PRIVACY_REQUIRED),
    (b"A1 NO [UNAVAILABLE] x", LoginFailure.UNAVAILABLE),
    (b"A1 NO [CONTACTADMIN] x", LoginFailure.CONTACT_ADMIN),
    (b"A1 NO [LIMIT] x", LoginFailure.THROTTLED),
    (b"A1 NO [INUSE] x", LoginFailure.THROTTLED),
    (b"A1 NO x", LoginFailure.REFUSED),
    (b"A1 NO", LoginFailure.REFUSED),
    (b"A1 NO [ALERT] Too many simultaneous connections. (Failure)", LoginFailure.THROTTLED),
    (b"A1 NO [OVERQUOTA] Account exceeded command or bandwidth limits.", LoginFailure.THROTTLED),
    (b"A1 NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded",
     LoginFailure.THROTTLED),
    (b"A1 NO [ALERT] Please log in via your web browser", LoginFailure.WEB_LOGIN),
    (b"* BYE IMAP4rev1 Server logging out\r\nA1 NO [LIMIT] CAPABILITY Rate limit hit.",
     LoginFailure.THROTTLED),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "reason"), REFUSALS)
@pytest.mark.parametrize("command", [False, True])
async def test_why_a_login_failed(answer: bytes, reason: LoginFailure, command: bool) -> None:
    offer = b"" if command else b"AUTH=PLAIN SASL-IR"
    async with playing(offer, JOE) as (server, outcome):
        await server.hears()
        await server.says(answer + b"\r\n")
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert error.reason is reason
    assert error.retry_after is None


@pytest.mark.parametrize("condition", [b"NO", b"BAD"])
async def test_ms_throttled(condition: bytes) -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(
            b"A1 %s Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n"
            % condition
        )
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert error.reason is LoginFailure.THROTTLED
    assert error.retry_after == 299.961


async def test_bad_is_no_refusal() -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"A1 BAD what is secret?\r\n")
    assert isinstance(outcome[0], aimap.BadError)
    assert "secret" not in scrape(outcome[0])


async def test_web_login() -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(
            b"* NO [WEBALERT https://accounts.example/x] Web login required.\r\n"
            b"A1 NO [ALERT] Please log in via your web browser\r\n"
        )
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert error.reason is LoginFailure.WEB_LOGIN
    assert error.url == "https://accounts.example/x"


async def test_referral_login() -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"A1 NO [REFERRAL imap://evil/] over there\r\n")
        assert await server.hears() == b""
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert error.reason is LoginFailure.REFERRED
    assert error.referrals == ("imap://evil/",)


async def test_referral_login_in_ok_and_bye() -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"A1 OK [REFERRAL imap://evil/] but come in\r\n")
        assert await server.hears() == b"A2 CAPABILITY"
        await server.says(b"* CAPABILITY IMAP4rev1\r\nA2 OK x\r\n")
        assert await server.hears() == b"A3 LOGOUT"
    (inside, *_) = outcome
    assert isinstance(inside, LoggedIn)
    assert isinstance(inside.client.login_code, aimap.ReferralCode)
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"* BYE [REFERRAL imap://evil/] over there\r\n")
    (error,) = outcome
    assert isinstance(error, aimap.ByeError)
    assert isinstance(error.code, aimap.ReferralCode)


# Downgrades


@pytest.mark.parametrize(
    ("offer", "auth"),
    [
        (b"AUTH=PLAIN AUTH=LOGIN", by("SCRAM-SHA-256")),
        (b"AUTH=CRAM-MD5 AUTH=PLAIN", by("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")),
        (b"AUTH=CRAM-MD5 LOGINDISABLED", JOE),
        (b"AUTH=PLAIN", Password("joe", "secret", allow_plaintext=False)),
        (b"AUTH=PLAIN", aimap.OAuth("joe", "secret")),
        (b"AUTH=PLAIN", aimap.External()),
        (b"AUTH=PLAIN", aimap.SASL("X", lambda _: pytest.fail())),
        (b"LOGINDISABLED", by("LOGIN-COMMAND", "PLAIN")),
    ],
)
async def test_sasl_downgrade(offer: bytes, auth: aimap.Auth) -> None:
    async with playing(offer, auth) as (server, outcome):
        assert await server.hears() == b""
    (error,) = outcome
    assert isinstance(error, aimap.CapabilityError)
    assert error.capability.startswith("AUTH=")


@pytest.mark.parametrize(
    "auth",
    [
        by("PLAIN", "LOGIN", allow_plaintext=False),
        by("SCRAM-SHA-256-PLUS"),
        aimap.OAuth("joe", "secret", allow_plaintext=False),
    ],
)
async def test_clear_password(auth: aimap.Auth) -> None:
    async with playing(b"AUTH=PLAIN AUTH=SCRAM-SHA-256-PLUS AUTH=XOAUTH2", auth) as (server, out):
        assert await server.hears() == b""
    assert isinstance(out[0], aimap.InvalidArgumentError)
    assert "not encrypted" in str(out[0])


async def test_a_refusal_is_final() -> None:
    async with playing(b"AUTH=SCRAM-SHA-256 AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        assert (await server.hears()).startswith(b"A1 AUTHENTICATE SCRAM-SHA-256 ")
        await server.says(b"A1 NO [CANNOT] not that one\r\n")
        assert await server.hears() == b""
    assert isinstance(outcome[0], AuthenticationError)


@pytest.mark.parametrize(
    "sent",
    [
        b"A1 OK welcome",
        b"+ v=AAAA",
        b"+ !!!",
        b"+ " + b64encode(b"r=x,s=QUJD,i=4096"),
        b"+ " + b64encode(b"m=y,r=x,s=QUJD,i=4096"),
    ],
)
async def test_scram_that_is_not_proved(sent: bytes) -> None:
    async with playing(b"AUTH=SCRAM-SHA-1 AUTH=PLAIN", JOE) as (server, outcome):
        assert await server.hears() == b"A1 AUTHENTICATE SCRAM-SHA-1"
        await server.says(b"+ \r\n")
        await server.hears()
        await server.says(sent + b"\r\n")
        if sent.startswith(b"+"):
            assert await server.hears() == b"*"
            # What it says now counts for nothing.
            await server.says(b"A1 OK welcome\r\n")
    (error,) = outcome
    assert isinstance(error, AuthenticationError)
    assert error.reason is LoginFailure.SERVER_NOT_TRUSTED


@pytest.mark.parametrize("count", [b"2147483647", b"1"])
async def test_scram_iterations(count: bytes) -> None:
    async with playing(b"AUTH=SCRAM-SHA-1", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"+ \r\n")
        nonce = b64decode(await server.hears()).rpartition(b"r=")[2]
        await server.says(b"+ " + b64encode(b"r=%sx,s=QUJD,i=%s" % (nonce, count)) + b"\r\n")
        assert await server.hears() == b"*"
        await server.says(b"A1 BAD x\r\n")
    assert isinstance(outcome[0], aimap.LimitExceededError)
    assert "scram_iterations" in outcome[0].limit


async def test_many_iterations_are_hashed_in_a_thread() -> None:
    logins = Logins(mechanisms=["SCRAM-SHA-1"], scram_iterations=20_000)
    async with serve(host=None, tls="insecure", logins=logins) as server:
        async with at(server, JOE):
            assert server.violations == []


async def test_a_changed_channel_binding() -> None:
    async with serve(host=None, logins=Logins(mechanisms=["SCRAM-SHA-256-PLUS"])) as server:
        async with serve(host=None) as other:
            server.certificate = other.certificate
        with pytest.raises(AuthenticationError) as caught:
            async with at(server, by("SCRAM-SHA-256-PLUS")):
                pass
        assert caught.value.details == {"error": "channel-bindings-dont-match"}


async def test_plus_taken_out_of_the_offer_is_noticed() -> None:
    logins = Logins(mechanisms=["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"])

    class Stripped(aimap.Auth):
        def choices(self, channel: aimap.Channel) -> Any:
            return ["SCRAM-SHA-256"]

        async def begin(self, mechanism: str, channel: aimap.Channel) -> aimap.Mechanism:
            import attrs

            channel = attrs.evolve(channel, offered=frozenset({"SCRAM-SHA-256"}))
            return await JOE.begin(mechanism, channel)

        def try_again(self, error: AuthenticationError) -> bool:
            return False

    async with serve(host=None, logins=logins) as server:
        with pytest.raises(AuthenticationError, match="does-support-channel-binding"):
            async with at(server, Stripped()):
                pass


async def test_a_stream_that_exports_keying_material() -> None:
    seen: list[aimap.Channel] = []

    class Exporting(trio.abc.Stream):
        def __init__(self, stream: Any) -> None:
            self.send_all = stream.send_all
            self.receive_some = stream.receive_some
            self.aclose = stream.aclose

        send_all = receive_some = aclose = wait_send_all_might_not_block = None  # type: ignore[assignment]

        def export_keying_material(self, label: bytes, length: int, context: bytes) -> bytes:
            assert (label, context) == (b"EXPORTER-Channel-Binding", b"")
            return b"k" * length

    def make(channel: aimap.Channel) -> aimap.Mechanism:
        seen.append(channel)
        raise aimap.InvalidArgumentError("seen enough")

    async with serve(host=None, tls="insecure") as server:
        stream = Exporting(server.connect())
        with pytest.raises(aimap.InvalidArgumentError, match="enough"):
            async with aimap.connect(
                "localhost", tls="insecure", stream=stream, auth=aimap.SASL("PLAIN", make)
            ):
                pass
    assert seen[0].bindings == {"tls-exporter": b"k" * 32}
    assert seen[0].encrypted


async def test_continuation_sasl_loop(autojump_clock: Any) -> None:
    for offer in (b"AUTH=PLAIN SASL-IR", b"AUTH=LOGIN", b"AUTH=SCRAM-SHA-1"):
        async with playing(offer, JOE) as (server, outcome):
            await server.hears()
            await server.says(b"+ \r\n" * 1000)
            await trio.sleep(1)
            heard = b""
            while line := await server.hears():
                heard = line
            # "*" is the last word.
            assert heard in (b"*", b"")
        (error,) = outcome
        assert isinstance(error, aimap.RemoteProtocolError)
        assert "without end" in str(error)


async def test_challenges_without_a_command_are_not_answered(autojump_clock: Any) -> None:
    async with playing(b"", JOE) as (server, outcome):
        await server.hears()
        await server.says(b"+ \r\n" * 1000)
        assert await server.hears() == b""
    assert isinstance(outcome[0], aimap.ConnectionLostError)


async def test_a_server_that_asks_a_few_times_too_often() -> None:
    async with playing(b"AUTH=PLAIN SASL-IR", JOE) as (server, outcome):
        await server.hears()
        heard: list[bytes] = []
        while heard[-1:] != [b"*"]:
            await server.says(b"+ \r\n")
            heard.append(await server.hears())
        assert heard == [*[b""] * 16, b"*"]
        await server.says(b"+ \r\nA1 BAD x\r\n")
    assert isinstance(outcome[0], AuthenticationError)
    assert "does not stop asking" in str(outcome[0])


async def test_what_was_asked_before_the_end_is_not_answered_behind_it() -> None:
    limits = aimap.Limits(max_challenges=3)
    async with playing(b"AUTH=PLAIN SASL-IR", JOE, limits=limits) as (server, outcome):
        await server.hears()
        await server.says(b"+ \r\n" * 4)
        assert await server.hears() == b"*"
        await server.says(b"A1 BAD x\r\n")
        assert await server.hears() == b""
    assert isinstance(outcome[0], AuthenticationError)


async def test_a_long_first_message_is_not_sent_in_the_command() -> None:
    token = "x" * 7000
    async with playing(b"AUTH=XOAUTH2 SASL-IR", aimap.OAuth("joe", token)) as (server, _):
        assert await server.hears() == b"A1 AUTHENTICATE XOAUTH2"
        await server.says(b"+ \r\n")
        assert token.encode() in b64decode(await server.hears())


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
