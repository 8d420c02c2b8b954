"""The simpler mechanisms, SASLprep, channel binding, and the redaction of secrets."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import AuthenticationError, InvalidArgumentError
from aimap._errors import redact
from aimap._sasl.bearer import OAuthBearer, XOAuth2
from aimap._sasl.binding import server_end_point
from aimap._sasl.saslprep import saslprep
from aimap._sasl.simple import (
    AnonymousMechanism,
    CramMD5,
    ExternalMechanism,
    LoginCommand,
    LoginMechanism,
    Plain,
)


def test_plain() -> None:
    assert Plain("tim", "tanstaaftanstaaf").start() == b"\0tim\0tanstaaftanstaaf"
    assert Plain("Kurt", "xipj3plmq", "Ursel").start() == b"Ursel\0Kurt\0xipj3plmq"
    # The server prepares, if anybody does (RFC 4616 section 2).
    assert Plain("u", "pen\u00adcil").start() == "\0u\0pen\u00adcil".encode()
    for bad in ("a\0b", "\ud800"):
        with pytest.raises(InvalidArgumentError):
            Plain("u", bad)


def test_cram_md5_as_in_rfc_2195() -> None:
    run = CramMD5("tim", "tanstaaftanstaaf")
    assert run.start() is None
    assert (
        run.respond(b"<1896.697170952@postoffice.reston.mci.net>")
        == b"tim b913a602c7eda7a495b4e6e7334d3890"
    )
    with pytest.raises(AuthenticationError, match="second challenge"):
        run.respond(b"<1@x>")


@pytest.mark.parametrize(
    "prompts",
    [(b"User Name\0", b"Password\0"), (b"Username:", b"Password:"), (b"login", b"pwd"), (b"", b"")],
)
def test_sasl_login_prompt(prompts: tuple[bytes, bytes]) -> None:
    run = LoginMechanism("joe", "secret")
    assert run.start() is None
    assert [run.respond(prompt) for prompt in prompts] == [b"joe", b"secret"]
    with pytest.raises(AuthenticationError, match="asks for more"):
        run.respond(b"Password:")


def test_external_and_anonymous() -> None:
    assert ExternalMechanism().start() == b""
    assert ExternalMechanism("fred@example.com").respond(b"") == b"fred@example.com"
    assert AnonymousMechanism("sirhc").start() == b"sirhc"
    assert AnonymousMechanism("sirhc").respond(b"x") == b""
    with pytest.raises(InvalidArgumentError, match="255"):
        AnonymousMechanism("x" * 256)
    with pytest.raises(AuthenticationError):
        LoginCommand("a", "b").respond(b"")


def test_oauthbearer_as_in_rfc_7628() -> None:
    run = OAuthBearer(
        "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "server.example.com", 143
    )
    assert run.start() == (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )
    assert (
        run.respond(
            b'{"status":"invalid_token","scope":"example_scope",'
            b'"openid-configuration":"https://example.com/.well-known/openid-configuration"}'
        )
        == b"\x01"
    )
    assert run.complaint() == {
        "status": "invalid_token",
        "scope": "example_scope",
        "openid-configuration": "https://example.com/.well-known/openid-configuration",
    }
    assert OAuthBearer("", "t", "", 0).start() == b"n,,\x01auth=Bearer t\x01\x01"
    assert b"a=b=3Dc=2Cd," in OAuthBearer("b=c,d", "t", "münchen.example", 1).start()
    assert b"host=xn--mnchen-3ya.example" in OAuthBearer("b", "t", "münchen.example", 1).start()
    with pytest.raises(InvalidArgumentError, match="token cannot hold"):
        XOAuth2("joe", "to\x01ken")


@pytest.mark.parametrize(
    "challenge",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"not JSON",
        b"\xff\xfe",
        b"[1]",
        b"1" * 4000,
        b'{"status": ' + b"9" * 5000 + b"}",
        b'{"a": "' + b"x" * 3000 + b'"}',
        b"{" + b",".join(b'"%d": 1' % n for n in range(100)) + b"}",
        b"",
    ],
)
def test_oauth_json_bomb(challenge: bytes) -> None:
    run = XOAuth2("joe", "t")
    assert run.respond(challenge) == b""
    shown = run.complaint()
    assert len(shown) <= 16
    assert all(len(k) <= 500 and len(v) <= 500 for k, v in shown.items())


@pytest.mark.parametrize(
    ("given_text", "prepared"),
    [("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"),
     ("a\u00a0b", "a b"), ("", ""), ("\u0627a\u0628"[0:1] + "\u0628", "\u0627\u0628")],
)  # fmt: skip
def test_saslprep_as_in_rfc_4013(given_text: str, prepared: str) -> None:
    assert saslprep(given_text) == prepared


@pytest.mark.parametrize("bad", ["\u0007", "\u06271", "\u0627a\u0628", "\ue000", "\U0001f600"])
def test_saslprep_prohibits(bad: str) -> None:
    with pytest.raises(InvalidArgumentError, match="SASLprep") as caught:
        saslprep(bad, what="password")
    assert bad not in str(caught.value)


@given(st.text())
def test_saslprep_is_idempotent_or_refuses(value: str) -> None:
    try:
        once = saslprep(value)
    except InvalidArgumentError:
        return
    try:
        assert saslprep(once) == once
    except InvalidArgumentError:
        # NFKC of what NFKC made may differ in rare cases; never by crashing.
        return


def certificate(algorithm: Any, key: Any, **options: Any) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, begin, begin + dt.timedelta(1)
    )
    return builder.sign(key, algorithm, **options).public_bytes(Encoding.DER)


def test_server_end_point_follows_the_signature() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    curve, modulus = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    for key in (curve, modulus):
        for algorithm in (hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
            der = certificate(algorithm, key)
            assert server_end_point(der) == hashlib.new(algorithm.name, der).digest()
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    der = certificate(hashes.SHA384(), modulus, rsa_padding=pss)
    assert server_end_point(der) == hashlib.sha384(der).digest()
    assert server_end_point(certificate(None, ed25519.Ed25519PrivateKey.generate())) is None


@given(st.binary(max_size=200))
def test_server_end_point_of_no_certificate(der: bytes) -> None:
    assert server_end_point(der) is None or len(der) > 10


@pytest.mark.parametrize(
    "said",
    [
        'bad password se"cret',
        'BAD LOGIN joe "se\\"cret"',
        'BAD LOGIN joe SE"CRET',
        "what is " + base64.b64encode(b'se"cret').decode() + "?",
    ],
)
def test_secret_echo(said: str) -> None:
    shown = redact(said, ['se"cret', ""])
    assert "cret" not in shown.lower().replace("***", "")
    assert "***" in shown
    assert redact(said, []) == redact(said, [""]) == said
