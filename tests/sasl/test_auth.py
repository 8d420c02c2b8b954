"""What users pass: which mechanisms it allows, what it shows, and how it is wrong."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import aimap
from aimap import GSSAPI, Anonymous, AuthenticationError, Channel, External, OAuth, Password
from aimap._errors import LoginFailure
from aimap._sasl.gssapi import Gssapi

ALL = frozenset(
    [
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "CRAM-MD5",
        "PLAIN",
        "LOGIN",
        "LOGIN-COMMAND",
        "OAUTHBEARER",
        "XOAUTH2",
    ]
)
TLS = Channel(encrypted=True, bindings={"tls-exporter": b"x"}, offered=ALL)
PYTHONS_TLS = Channel(encrypted=True, bindings={"tls-server-end-point": b"x"}, offered=ALL)
CLEAR = Channel(offered=ALL)
UNTYPED: Any = aimap


def test_the_order() -> None:
    joe = Password("joe", "x")
    assert joe.choices(TLS) == [
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "PLAIN",
        "LOGIN",
        "LOGIN-COMMAND",
    ]
    assert joe.choices(CLEAR) == joe.choices(TLS)
    bound = Password("joe", "x", mechanisms=["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"])
    assert bound.choices(TLS) == ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]
    assert bound.choices(CLEAR) == ["SCRAM-SHA-1"]


def test_a_binding_that_some_servers_do_not_take_is_used_on_demand() -> None:
    assert Password("joe", "x").choices(PYTHONS_TLS) == Password("joe", "x").choices(CLEAR)
    named = Password("joe", "x", mechanisms=["SCRAM-SHA-256-PLUS"])
    assert named.choices(PYTHONS_TLS) == ["SCRAM-SHA-256-PLUS"]
    assert named.choices(CLEAR) == []


def test_the_users_floor() -> None:
    floor = Password("joe", "x", mechanisms={"plain", "SCRAM-SHA-256"})
    assert floor.choices(TLS) == ["SCRAM-SHA-256", "PLAIN"]
    assert Password("joe", "x", mechanisms=["CRAM-MD5"]).choices(CLEAR) == ["CRAM-MD5"]
    in_clear = Password("joe", "x", allow_plaintext=False)
    assert in_clear.choices(CLEAR) == ["SCRAM-SHA-256", "SCRAM-SHA-1"]
    assert "PLAIN" in in_clear.choices(TLS)
    assert "LOGIN" not in Password("joe", "x", authzid="ann").choices(TLS)
    assert OAuth("joe", "x").choices(TLS) == ("OAUTHBEARER", "XOAUTH2")
    assert OAuth("joe", "x", mechanisms=("XOAUTH2",)).choices(TLS) == ("XOAUTH2",)
    assert OAuth("joe", "x", allow_plaintext=False).choices(CLEAR) == ()


@pytest.mark.parametrize("mechanisms", ["PLAIN", ["NTLM"], [], 7, ["XOAUTH2"]])
def test_mechanisms_that_make_no_sense(mechanisms: Any) -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="mechanisms"):
        Password("joe", "x", mechanisms=mechanisms)


def test_secrets_do_not_show() -> None:
    shown = [
        Password("joe", "hunter2", authzid="ann", mechanisms=["PLAIN"]),
        OAuth("joe", "hunter2"),
        Channel(bindings={"tls-exporter": b"hunter2"}),
        aimap.SASL("X", lambda _: Gssapi(FakeContext())),
    ]
    for each in shown:
        assert "hunter2" not in repr(each) + str(each)


async def test_every_run_hides_its_secrets() -> None:
    for name in Password("joe", "x").choices(TLS):
        run = await Password("joe", "hunter2").begin(name, TLS)
        assert run.secrets() == ("hunter2",)
        assert "hunter2" not in repr(run)
    prepared = await Password("joe", "\u2168", saslprep=True).begin("PLAIN", TLS)
    assert prepared.start() == b"\0joe\0IX"


async def test_a_token_provider_that_gives_no_token() -> None:
    async def token() -> Any:
        return b"x"

    with pytest.raises(aimap.InvalidArgumentError, match="returns a str"):
        await OAuth("joe", token).begin("XOAUTH2", TLS)


def test_only_a_provider_can_give_better_credentials() -> None:
    async def token() -> str:
        return "x"

    def refused(reason: LoginFailure) -> AuthenticationError:
        return AuthenticationError("AUTHENTICATE", None, "", reason=reason)

    stale = refused(LoginFailure.EXPIRED)
    assert OAuth("joe", token).try_again(stale)
    assert not OAuth("joe", token).try_again(refused(LoginFailure.THROTTLED))
    for fixed in (OAuth("joe", "x"), Password("j", "x"), External(), Anonymous(), GSSAPI()):
        assert isinstance(fixed, aimap.Auth)
        assert not fixed.try_again(stale)


# GSSAPI, with a stand-in for the library's security context


class Sealed:
    def __init__(self, message: bytes) -> None:
        self.message = message


class FakeContext:
    """Two tokens each way; then messages are protected by a mark."""

    def __init__(self, *, accepts: bool = False) -> None:
        self.initiator_name = "joe@EXAMPLE.ORG"
        self.complete = False
        self._accepts = accepts
        self._steps = 0

    def step(self, token: bytes | None = None) -> bytes | None:
        self._steps += 1
        if self._accepts:
            assert token == b"i%d" % self._steps
            self.complete = self._steps == 2
            return b"a%d" % self._steps
        if self._steps > 1:
            assert token == b"a%d" % (self._steps - 1)
        self.complete = self._steps == 3
        return b"i%d" % self._steps if self._steps < 3 else None

    def wrap(self, message: bytes, encrypt: bool) -> Sealed:
        assert not encrypt
        return Sealed(b"sealed:" + message)

    def unwrap(self, message: bytes) -> Sealed:
        return Sealed(message.removeprefix(b"sealed:"))


async def test_gssapi_runs_to_no_security_layer() -> None:
    auth = GSSAPI("ann", context=lambda service, host: FakeContext())
    run = await auth.begin("GSSAPI", TLS)
    assert run.is_slow(None)
    assert run.start() == b"i1"
    assert run.respond(b"a1") == b"i2"
    assert run.respond(b"a2") == b""
    with pytest.raises(AuthenticationError, match="proved"):
        run.verify()
    assert run.respond(b"sealed:\x07\x00\x10\x00") == b"sealed:\x01\x00\x00\x00ann"
    run.verify()
    with pytest.raises(AuthenticationError, match="last message"):
        run.respond(b"")


@pytest.mark.parametrize("offer", [b"\x06\0\0\0", b"\x01\0\0", b""])
async def test_gssapi_wants_no_layer(offer: bytes) -> None:
    context = FakeContext()
    context.complete = True
    with pytest.raises(AuthenticationError, match="security layer"):
        Gssapi(context).respond(b"sealed:" + offer)


async def test_gssapi_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def context(service: str, host: str) -> FakeContext:
        asked.append((service, host))
        return FakeContext()

    channel = Channel(host="imap.example.org")
    await GSSAPI(context=context).begin("GSSAPI", channel)
    await GSSAPI(context=context, service="x", hostname="y").begin("GSSAPI", channel)
    assert asked == [("imap", "imap.example.org"), ("x", "y")]


async def test_gssapi_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    with pytest.raises(aimap.InvalidArgumentError, match=r"trio-aimap\[gssapi\]"):
        await GSSAPI().begin("GSSAPI", TLS)


async def test_gssapi_begins_a_kerberos_context(monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    made: dict[str, Any] = {}
    library: Any = types.ModuleType("gssapi")
    library.NameType = types.SimpleNamespace(hostbased_service="hostbased")
    library.MechType = types.SimpleNamespace(kerberos="krb5")
    library.RequirementFlag = types.SimpleNamespace(mutual_authentication=2, integrity=32)
    library.Name = lambda name, kind: (name, kind)

    def security_context(**options: Any) -> FakeContext:
        made.update(options)
        return FakeContext()

    library.SecurityContext = security_context
    monkeypatch.setitem(sys.modules, "gssapi", library)
    await GSSAPI().begin("GSSAPI", Channel(host="imap.example.org"))
    assert made == {
        "name": ("imap@imap.example.org", "hostbased"),
        "usage": "initiate",
        "mech": "krb5",
        "flags": 34,
    }


def test_what_the_library_raises_is_a_failed_login() -> None:
    class GSSError(Exception):
        __module__ = "gssapi.raw.misc"

    class Failing(FakeContext):
        def step(self, token: bytes | None = None) -> bytes | None:
            raise GSSError("no credentials were supplied")

    with pytest.raises(AuthenticationError, match="no credentials"):
        Gssapi(Failing()).start()

    class Broken(FakeContext):
        def step(self, token: bytes | None = None) -> bytes | None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Gssapi(Broken()).start()
