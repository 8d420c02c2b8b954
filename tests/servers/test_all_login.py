"""Connecting and logging in to every real server, by all that it offers."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import aimap
from aimap import BODY_PEEK, Arrived
from aimap.testing import sample_messages

from .real import RealServer
from .support import as_stored, connected, fill
from .tap import Tap

MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "LOGIN-COMMAND")
# Courier keeps hashes of passwords, and offers a mechanism under TLS only.
OFFERED = {"dovecot": MECHANISMS, "cyrus": MECHANISMS, "courier": ("PLAIN", "LOGIN-COMMAND")}
# Who says AUTHENTICATIONFAILED, and who says no.
REASONS = {
    "dovecot": aimap.LoginFailure.WRONG_CREDENTIALS,
    "cyrus": aimap.LoginFailure.REFUSED,
    "courier": aimap.LoginFailure.REFUSED,
}
TLS = ("implicit", "starttls", "insecure")


@pytest.mark.parametrize("tls", TLS)
@pytest.mark.parametrize("name", MECHANISMS)
async def test_mechanisms(any_server: RealServer, name: str, tls: Any) -> None:
    user = any_server.new_user()
    offered = set(OFFERED[any_server.kind])
    if any_server.kind == "courier" and tls == "insecure":
        offered.remove("PLAIN")
    if name in offered:
        async with connected(any_server, user, tls=tls, mechanisms=[name]) as imap:
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
            assert (await imap.status("INBOX")).messages == 0
        return
    with pytest.raises(aimap.CapabilityError):
        async with connected(any_server, user, tls=tls, mechanisms=[name]):
            pass


@pytest.mark.parametrize("name", MECHANISMS)
async def test_wrong_passwords(any_server: RealServer, name: str) -> None:
    # Courier thinks for five seconds about each.
    if name not in OFFERED[any_server.kind] or (any_server.kind, name) == ("courier", "PLAIN"):
        return
    with pytest.raises(aimap.AuthenticationError) as caught:
        async with connected(
            any_server,
            any_server.new_user(),
            tls="implicit",
            password="hunter2",
            mechanisms=[name],
        ):
            pass
    assert caught.value.reason is REASONS[any_server.kind]
    assert "hunter2" not in str(caught.value)


async def test_what_it_does_not_offer(any_server: RealServer) -> None:
    with pytest.raises(aimap.CapabilityError, match="it offers"):
        async with aimap.connect(
            any_server.host,
            port=any_server.tls_port,
            ssl_context=any_server.client_context,
            auth=aimap.External(),
        ):
            pass


async def test_a_binding_that_cyrus_does_not_take(any_server: RealServer) -> None:
    if any_server.kind != "cyrus":
        return
    with pytest.raises(aimap.AuthenticationError):
        async with connected(
            any_server,
            any_server.new_user(),
            tls="implicit",
            mechanisms=["SCRAM-SHA-256-PLUS"],
        ):
            pass


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_bad_certificate_is_named(any_server: RealServer, tls: Any) -> None:
    port = any_server.tls_port if tls == "implicit" else any_server.port
    for host, context, problem in (
        # What the system trusts is not who made the tests' certificate.
        ("localhost", None, "unable to get local issuer certificate"),
        ("mail.example.org", any_server.client_context, "not valid for 'mail.example.org'"),
    ):
        with pytest.raises(
            aimap.ConnectionLostError, match="the certificate is not valid"
        ) as caught:
            async with aimap.connect(
                host,
                tls=tls,
                ssl_context=context,
                stream=await trio.open_tcp_stream("127.0.0.1", port),
                auth=aimap.Password("joe", any_server.password),
            ):
                pass
        assert problem in str(caught.value)


async def test_compressed(any_server: RealServer) -> None:
    samples = list(sample_messages(100, seed=3))
    user = any_server.new_user()
    tap = Tap(await trio.open_tcp_stream(any_server.host, any_server.port))
    async with connected(any_server, user, tls="insecure", stream=tap, compress=True) as imap:
        await fill(imap, samples)
        async with imap.select("INBOX") as inbox:
            found = await inbox.fetch_all("1:*", BODY_PEEK())
            assert [m.body() for m in found] == as_stored(any_server, samples)
            if "COMPRESS=DEFLATE" not in imap.capabilities:
                assert len(tap.received) == imap.statistics().octets_received
                return
            assert len(tap.received) < imap.statistics().octets_received / 2
            async with (
                inbox.watch() as events,
                connected(any_server, user, tls="starttls", compress=True) as other,
            ):
                await other.append("INBOX", samples[0])
                assert isinstance(await anext(events), Arrived)
