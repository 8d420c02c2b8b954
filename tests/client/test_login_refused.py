"""What is said when a login fails, and what is never sent."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import AuthenticationError, LoginFailure, Password
from aimap.testing import Logins, serve

from .logins import LoggedIn, at, by, playing, scrape
from .support import JOE

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
