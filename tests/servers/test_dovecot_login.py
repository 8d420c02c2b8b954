"""Logging in to a real Dovecot by every mechanism that it has."""

from __future__ import annotations

from typing import Any

import pytest

import aimap

from .dovecot import Dovecot
from .real import PASSWORD

MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "LOGIN-COMMAND"]


@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
@pytest.mark.parametrize("name", MECHANISMS)
async def test_mechanisms(dovecot: Dovecot, name: str, tls: Any) -> None:
    async with aimap.connect(
        dovecot.host,
        port=dovecot.tls_port if tls == "implicit" else dovecot.port,
        tls=tls,
        ssl_context=None if tls == "insecure" else dovecot.client_context,
        auth=aimap.Password(dovecot.new_user(), PASSWORD, mechanisms=[name]),
    ) as imap:
        assert (await imap.status("INBOX")).messages == 0


@pytest.mark.parametrize("name", MECHANISMS)
async def test_wrong_passwords(dovecot: Dovecot, name: str) -> None:
    with pytest.raises(aimap.AuthenticationError) as caught:
        async with aimap.connect(
            dovecot.host,
            port=dovecot.tls_port,
            ssl_context=dovecot.client_context,
            auth=aimap.Password(dovecot.new_user(), "hunter2", mechanisms=[name]),
        ):
            pass
    assert caught.value.reason is aimap.LoginFailure.WRONG_CREDENTIALS
    assert "hunter2" not in str(caught.value)


async def test_what_it_does_not_offer(dovecot: Dovecot) -> None:
    with pytest.raises(aimap.CapabilityError, match=r"it offers .*SCRAM-SHA-256"):
        async with aimap.connect(
            dovecot.host,
            port=dovecot.tls_port,
            ssl_context=dovecot.client_context,
            auth=aimap.External(),
        ):
            pass
