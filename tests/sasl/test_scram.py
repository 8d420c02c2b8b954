"""SCRAM against its RFCs' own exchanges, and against servers that cheat."""

from __future__ import annotations

import attrs
import pytest

from aimap import AuthenticationError, Channel, InvalidArgumentError, LimitExceededError
from aimap._errors import LoginFailure
from aimap._sasl.scram import Scram

SHA1 = (
    "fyko+d2lbbFgONRv9qkxdawL",
    b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
SHA256 = (
    "rOprNGfwEbeRWgbNEkqO",
    b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


def begin(name: str = "SCRAM-SHA-1", channel: Channel | None = None, **options: object) -> Scram:
    return Scram(name, "user", "pencil", channel or Channel(), nonce=SHA1[0], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param("SCRAM-SHA-1", SHA1, id="RFC 5802 section 5"),
        pytest.param("SCRAM-SHA-256", SHA256, id="RFC 7677 section 3"),
    ],
)
def test_the_rfcs_exchange(name: str, example: tuple[str, bytes, bytes, bytes, bytes]) -> None:
    nonce, client_first, server_first, client_final, server_final = example
    run = Scram(name, "user", "pencil", Channel(), nonce=nonce)
    assert run.start() == client_first
    assert not run.is_slow(server_first)
    assert run.respond(server_first) == client_final
    with pytest.raises(AuthenticationError, match="without having proved"):
        run.verify()
    assert run.respond(server_final) == b""
    run.verify()
    with pytest.raises(AuthenticationError, match="behind its last"):
        run.respond(b"")


@pytest.mark.parametrize(
    ("server_first", "reason"),
    [
        (SHA1[2].replace(b"r=fyko", b"r=fyk0"), "nonce"),
        (b"r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096", "nonce"),
        (b"m=x," + SHA1[2], "extension"),
        (SHA1[2] + b"0" * 30, "r=,s=,i="),
        (SHA1[2].replace(b"i=4096", b"i=-1"), "r=,s=,i="),
        (SHA1[2].replace(b"i=4096", b"i=04096"), "r=,s=,i="),
        (SHA1[2].replace(b"s=QSXCR+Q6sek8bf92", b"s=="), "salt"),
        (SHA1[2].replace(b"s=QSXCR", b"s=" + b"QUJD" * 1000), "salt"),
        (b"", "r=,s=,i="),
        (b"\xff" * 1000, "r=,s=,i="),
    ],
)
def test_scram_nonce_and_form(server_first: bytes, reason: str) -> None:
    run = begin()
    run.start()
    with pytest.raises(AuthenticationError, match=reason) as caught:
        run.respond(server_first)
    assert caught.value.reason is LoginFailure.SERVER_NOT_TRUSTED
    with pytest.raises(AuthenticationError):
        run.verify()


@pytest.mark.parametrize(
    ("count", "limit"), [(2147483647, "max_scram_iterations"), (1, "min_scram_iterations")]
)
def test_scram_iterations_before_any_hashing(
    count: int, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashlib.pbkdf2_hmac", pytest.fail)
    run = begin()
    with pytest.raises(LimitExceededError, match=limit) as caught:
        run.respond(SHA1[2].replace(b"4096", b"%d" % count))
    assert caught.value.value == count


def test_many_iterations_are_slow() -> None:
    assert begin().is_slow(SHA1[2].replace(b"4096", b"1000000"))
    assert not begin().is_slow(None)


@pytest.mark.parametrize("final", [b"v=AAAA", b"v=!", b"x=1", b"", b"v="])
def test_scram_no_server_final(final: bytes) -> None:
    run = begin()
    run.respond(SHA1[2])
    with pytest.raises(AuthenticationError):
        run.respond(final)
    with pytest.raises(AuthenticationError):
        run.verify()


def test_the_servers_error_is_kept_and_proves_nothing() -> None:
    run = begin()
    run.respond(SHA1[2])
    assert run.respond(b"e=invalid-proof,x=y") == b""
    assert run.complaint() == {"error": "invalid-proof"}
    with pytest.raises(AuthenticationError):
        run.respond(SHA1[4])
    with pytest.raises(AuthenticationError):
        run.verify()


BOUND = Channel(bindings={"tls-server-end-point": b"\x01\x02"}, encrypted=True)


@pytest.mark.parametrize(
    ("name", "channel", "header"),
    [
        ("SCRAM-SHA-1", Channel(), b"n,,"),
        ("SCRAM-SHA-1", BOUND, b"y,,"),
        ("SCRAM-SHA-1", attrs.evolve(BOUND, offered=frozenset({"SCRAM-SHA-1-PLUS"})), b"n,,"),
        ("SCRAM-SHA-1-PLUS", BOUND, b"p=tls-server-end-point,,"),
    ],
)
def test_the_flag_tells_what_we_could(name: str, channel: Channel, header: bytes) -> None:
    run = begin(name, channel)
    assert run.start().startswith(header + b"n=")
    final = run.respond(SHA1[2])
    import base64

    data = b"\x01\x02" if name.endswith("PLUS") else b""
    assert final.startswith(b"c=" + base64.b64encode(header + data) + b",")


def test_plus_without_anything_to_bind_to() -> None:
    with pytest.raises(InvalidArgumentError, match="PLUS needs a TLS connection"):
        begin("SCRAM-SHA-256-PLUS")


def test_names_are_escaped() -> None:
    run = Scram("SCRAM-SHA-1", "a=b,c", "x", Channel(), authzid="d,e=f", nonce="n")
    assert run.start() == b"n,a=d=2Ce=3Df,n=a=3Db=2Cc,r=n"


def test_nonces_differ() -> None:
    assert Scram("SCRAM-SHA-1", "u", "p", Channel()).start() != (
        Scram("SCRAM-SHA-1", "u", "p", Channel()).start()
    )


def test_saslprep_is_the_rule_here_with_a_switch() -> None:
    def proof(password: str, prepare: bool | None) -> bytes:
        run = Scram("SCRAM-SHA-1", "user", password, Channel(), prepare=prepare, nonce=SHA1[0])
        return run.respond(SHA1[2])

    assert proof("pen\u00adcil", None) == proof("pencil", None) == SHA1[3]
    assert proof("pen\u00adcil", False) != SHA1[3]
    # Unicode 3.2 knows no such sign: servers have such passwords all the same.
    assert proof("\U0001f600", None) == proof("\U0001f600", False)
    with pytest.raises(InvalidArgumentError, match="the password holds") as caught:
        proof("\U0001f600", True)
    assert "\U0001f600" not in str(caught.value)
