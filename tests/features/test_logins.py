"""Ways to log in, and out again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import aimap
from aimap import GSSAPI, Anonymous, External, OAuth, Password
from aimap.testing import MECHANISMS, Logins
from tests.sasl.test_auth import FakeContext
from tests.servers.support import tapped

from .frame import FALLS_BACK, NOT_OFFERED, WORKS, Scene, connected_anew, feature

TOKEN = "t0k3n"

WAYS: dict[str, Callable[[Scene], aimap.Auth]] = {
    "AUTH=PLAIN": lambda scene: by(scene, "PLAIN"),
    "LOGIN": lambda scene: by(scene, "LOGIN-COMMAND"),
    "AUTH=CRAM-MD5": lambda scene: by(scene, "CRAM-MD5"),
    "AUTH=SCRAM-SHA-1": lambda scene: by(scene, "SCRAM-SHA-1"),
    "AUTH=SCRAM-SHA-256": lambda scene: by(scene, "SCRAM-SHA-256"),
    "AUTH=OAUTHBEARER": lambda scene: OAuth(scene.user, TOKEN, mechanisms=["OAUTHBEARER"]),
    "AUTH=XOAUTH2": lambda scene: OAuth(scene.user, TOKEN, mechanisms=["XOAUTH2"]),
    "AUTH=EXTERNAL": lambda scene: External(),
    "AUTH=ANONYMOUS": lambda scene: Anonymous(),
    "AUTH=GSSAPI": lambda scene: GSSAPI(context=lambda service, host: FakeContext()),
}


def by(scene: Scene, *mechanisms: str) -> Password:
    return Password(scene.user, scene.server.password, mechanisms=mechanisms)


def logins(scene: Scene) -> dict[str, Logins]:
    every = Logins(
        mechanisms=MECHANISMS,
        tokens={scene.user: TOKEN},
        accept=lambda: FakeContext(accepts=True),
    )
    return {"logins": every}


@feature(*WAYS)
async def test_ways_to_log_in(scene: Scene) -> None:
    for name, way in WAYS.items():
        said: list[str] = []
        try:
            async with connected_anew(
                scene, way(scene), serving=logins(scene), wire_log=said.append
            ) as imap:
                assert imap.state is aimap.ConnectionState.AUTHENTICATED
                assert (await imap.status("INBOX")).messages == 0
        except aimap.CapabilityError as error:
            assert error.capability == name
            ours = [line for line in said if line.startswith("C: ")]
            assert not any("AUTHENTICATE" in line or "LOGIN" in line for line in ours)
            scene.saw(name, NOT_OFFERED)
        else:
            scene.saw(name, WORKS)


@feature("AUTH=SCRAM-…-PLUS", "SASL-IR")
async def test_bound_to_the_connection(scene: Scene) -> None:
    bound = by(scene, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
    if scene.kind == "courier":
        with pytest.raises(aimap.CapabilityError, match="SCRAM-SHA-256-PLUS"):
            async with connected_anew(scene, bound):
                pass
        scene.saw("AUTH=SCRAM-…-PLUS", NOT_OFFERED)
    elif scene.kind == "cyrus":
        # It offers the mechanism, and takes no binding; unless it is named, it is not used.
        with pytest.raises(aimap.AuthenticationError):
            async with connected_anew(scene, by(scene, "SCRAM-SHA-256-PLUS")):
                pass
        async with connected_anew(scene, Password(scene.user, scene.server.password)) as imap:
            assert imap.learnt is not None
            assert "SCRAM-SHA-256-PLUS" in imap.learnt.before.auth_mechanisms
        scene.saw("AUTH=SCRAM-…-PLUS", FALLS_BACK)
    else:
        async with connected_anew(scene, bound, serving=logins(scene)) as imap:
            assert imap.learnt is not None
            offered = "SCRAM-SHA-256-PLUS" in imap.learnt.before.auth_mechanisms
            assert imap.learnt.mechanism == ("SCRAM-SHA-256-PLUS" if offered else "SCRAM-SHA-256")
            scene.saw("AUTH=SCRAM-…-PLUS", WORKS if offered else FALLS_BACK)
    said: list[str] = []
    plain = by(scene, "PLAIN")
    async with connected_anew(scene, plain, wire_log=said.append) as imap:
        assert imap.learnt is not None
        at_once = "SASL-IR" in imap.learnt.before
    assert any(line.startswith("S: +") for line in said) is not at_once
    scene.saw("SASL-IR", WORKS if at_once else FALLS_BACK)


@feature("UNAUTHENTICATE")
async def test_another_login_on_the_same_connection(scene: Scene) -> None:
    """With Cyrus, administrators only."""
    if scene.kind not in ("cyrus", "embedded"):
        await scene.refuses("UNAUTHENTICATE", scene.imap.unauthenticate)
        return
    first = scene.server.administrator() if scene.kind == "cyrus" else scene.server.new_user()
    async with tapped(scene.server, first) as imap:
        with pytest.raises(aimap.StateError):
            await imap.log_in(Password(scene.user, scene.server.password))
        await imap.list(status=["MESSAGES"])
        await imap.unauthenticate()
        assert imap.state is aimap.ConnectionState.NOT_AUTHENTICATED
        assert "STATUS=SIZE" not in imap.capabilities
        with pytest.raises(aimap.StateError):
            await imap.status("INBOX")
        await imap.log_in(Password(scene.user, scene.server.password))
        assert (await imap.status("INBOX")).messages == 0
    scene.saw("UNAUTHENTICATE", WORKS)


@feature("LOGIN-REFERRALS")
async def test_a_login_that_belongs_elsewhere(scene: Scene) -> None:
    """None of the servers here has another one; the embedded one can be told so."""
    if scene.kind != "embedded":
        offered = "LOGIN-REFERRALS" in (await before_login(scene))
        scene.saw("LOGIN-REFERRALS", WORKS if offered else NOT_OFFERED)
        return
    url = f"imap://{scene.user}@other.example.org/"
    scene.embedded.accounts[scene.user].referral = url
    with pytest.raises(aimap.AuthenticationError) as caught:
        async with tapped(scene.server, scene.user):
            pass
    assert caught.value.reason is aimap.LoginFailure.REFERRED
    assert caught.value.referrals == (url,)
    assert aimap.IMAPURL.parse(url).host == "other.example.org"
    scene.saw("LOGIN-REFERRALS", WORKS)


async def before_login(scene: Scene) -> aimap.Capabilities:
    async with connected_anew(scene, None) as imap:
        return imap.capabilities
