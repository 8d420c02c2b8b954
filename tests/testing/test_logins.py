"""The embedded server's side of each mechanism refuses what a client must not do."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from aimap import InvalidArgumentError
from aimap.testing import CAPABILITIES, MECHANISMS, Logins, serve

from .test_obligations import quiet, talk

EVERY = Logins(mechanisms=MECHANISMS, tokens={"joe": "t0k3n"})


def lines(mechanism: str, *responses: bytes) -> tuple[bytes, ...]:
    sent = [b"a AUTHENTICATE " + mechanism.encode(), *(b64encode(r) for r in responses)]
    return tuple(line + b"\r\n" for line in sent)


FIRST = b"n,,n=joe,r=abc"


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        (lines("PLAIN", b"joe\0secret"), b"not a message of PLAIN"),
        (lines("PLAIN", b"\0joe\0\xff"), b"not UTF-8"),
        ((b"a AUTHENTICATE PLAIN\r\n", b"!!!\r\n"), b"not base64"),
        ((b"a AUTHENTICATE LOGIN am9l\r\n",), b"an initial response to LOGIN"),
        ((b"a AUTHENTICATE CRAM-MD5 =\r\n",), b"an initial response to CRAM-MD5"),
        (lines("CRAM-MD5", b"joe 00"), b"not a response of CRAM-MD5"),
        (lines("OAUTHBEARER", b"user=joe"), b"not a message of OAUTHBEARER"),
        (lines("OAUTHBEARER", b"n,a=j=x,\x01auth=Bearer t\x01\x01"), b"not =2C or =3D"),
        (lines("OAUTHBEARER", b"n,a=joe,\x01auth=Bearer t\x01\x01", b""), b"answered by %x01"),
        (lines("XOAUTH2", b"n,a=joe,\x01auth=Bearer t\x01\x01"), b"not a message of XOAUTH2"),
        (lines("XOAUTH2", b"user=joe\x01auth=Bearer t\x01\x01", b"\x01"), b"an empty line"),
        (lines("ANONYMOUS", b"x" * 300), b"not a trace"),
        (lines("SCRAM-SHA-1", b"joe"), b"not a client-first-message"),
        (lines("SCRAM-SHA-1", b"p=tls-unique,,n=joe,r=abc"), b"channel binding is in -PLUS"),
        (lines("SCRAM-SHA-1", b"n,,n=j=oe,r=abc"), b"not =2C or =3D"),
        (lines("SCRAM-SHA-1", FIRST, b"c=biws"), b"not a client-final-message"),
        (lines("SCRAM-SHA-1", FIRST, b"c=biws,r=abc,p=AAAA"), b"another nonce"),
    ],
)
@pytest.mark.breaks("sasl")
async def test_violations(sent: tuple[bytes, ...], rule: bytes) -> None:
    async with quiet(logins=EVERY) as server:
        answer = await talk(server, *sent)
        assert b"a BAD" in answer
        assert rule in answer
        assert len(server.violations) == 1


async def test_called_off() -> None:
    async with quiet(logins=EVERY) as server:
        assert b"a BAD AUTHENTICATE was called off" in await talk(
            server, b"a AUTHENTICATE PLAIN\r\n", b"*\r\n"
        )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (lines("PLAIN", b"\0joe\0wrong"), b"AUTHENTICATIONFAILED"),
        (lines("PLAIN", b"\0ann\0secret"), b"AUTHENTICATIONFAILED"),
        (lines("PLAIN", b"ann\0joe\0secret"), b"AUTHORIZATIONFAILED"),
        (lines("ANONYMOUS", b""), b"AUTHENTICATIONFAILED"),
        (lines("GSSAPI"), b"UNAVAILABLE"),
        (lines("EXTERNAL"), b"CANNOT"),
        (lines("SCRAM-SHA-1-PLUS"), b"CANNOT"),
        (lines("DIGEST-MD5"), b"CANNOT"),
    ],
)
async def test_refusals(sent: tuple[bytes, ...], code: bytes) -> None:
    async with quiet(logins=EVERY) as server:
        assert b"a NO [" + code in await talk(server, *sent)


@pytest.mark.breaks("login-disabled")
async def test_the_login_command_can_be_switched_off() -> None:
    async with quiet(logins=Logins(command=False)) as server:
        answer = await talk(server, b"a LOGIN joe secret\r\n")
        assert b"LOGINDISABLED" in answer
        assert b"a BAD" in answer


@pytest.mark.breaks("sasl")
async def test_no_initial_response_unless_offered() -> None:
    async with quiet(logins=EVERY, capabilities=CAPABILITIES - {"SASL-IR"}) as server:
        assert b"without SASL-IR" in await talk(server, b"a AUTHENTICATE PLAIN AA==\r\n")


@pytest.mark.parametrize("mechanisms", ["PLAIN", ["NTLM"]])
def test_mechanisms_that_it_does_not_have(mechanisms: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="no mechanism"):
        Logins(mechanisms=mechanisms)


async def test_what_needs_certificates() -> None:
    async with serve(host=None, tls="insecure", logins=EVERY) as server:
        with pytest.raises(InvalidArgumentError, match="not its own"):
            server.client_ssl_context_for("joe")
    async with serve(host=None) as other:
        assert other.ssl_context is not None
        pair = other.ssl_context, other.client_ssl_context
        with pytest.raises(InvalidArgumentError, match="needs the certificate"):
            async with serve(host=None, ssl_contexts=pair, logins=EVERY):
                pass
