"""Logging in to every real server, by each mechanism of ours that it offers."""

from __future__ import annotations

import pytest

import aimap

from .real import RealServer

NAMES = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "LOGIN-COMMAND"]


@pytest.mark.parametrize("name", NAMES)
async def test_mechanisms(any_server: RealServer, name: str) -> None:
    async with aimap.connect(
        any_server.host, port=any_server.tls_port, ssl_context=any_server.client_context
    ) as imap:
        offered = {*imap.capabilities.auth_mechanisms, "LOGIN-COMMAND"}
    auth = aimap.Password(any_server.new_user(), any_server.password, mechanisms=[name])
    try:
        async with aimap.connect(
            any_server.host,
            port=any_server.tls_port,
            ssl_context=any_server.client_context,
            auth=auth,
        ) as imap:
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
    except aimap.CapabilityError:
        assert name not in offered


async def test_a_binding_that_cyrus_does_not_take(any_server: RealServer) -> None:
    if any_server.kind != "cyrus":
        return
    auth = aimap.Password(
        any_server.new_user(), any_server.password, mechanisms=["SCRAM-SHA-256-PLUS"]
    )
    with pytest.raises(aimap.AuthenticationError):
        async with aimap.connect(
            any_server.host,
            port=any_server.tls_port,
            ssl_context=any_server.client_context,
            auth=auth,
        ):
            pass
