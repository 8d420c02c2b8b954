"""TLS first (I9): what an attacker can do before TLS, and with it.

Each function is named after its attack. In all of them no command but CAPABILITY and
STARTTLS leaves in clear, and nothing that came before TLS is believed.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import aimap
from aimap.testing import serve

from .support import JOE, PlayedServer

OFFER = b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\r\n"
IN_CLEAR = {b"A1 CAPABILITY", b"A1 STARTTLS", b"A2 STARTTLS"}
"""All that may leave before TLS."""


def contexts(name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


async def attacked(*pieces: bytes, pause: float = 0.0) -> tuple[BaseException, list[bytes]]:
    """Greet and answer with *pieces*, one for each line; return the error, and what was heard."""
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    heard: list[bytes] = []

    async def play() -> None:
        for number, piece in enumerate(pieces):
            if number and not pause:
                heard.append(await server.hears())
            await trio.sleep(pause)
            await server.says(piece)
        while line := await server.hears():
            heard.append(line)

    error: BaseException = AssertionError("it connected")
    with trio.fail_after(100):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            try:
                async with aimap.connect("localhost", tls="starttls", stream=ours, auth=JOE):
                    pass
            except aimap.ImapError as raised:
                error = raised
    return error, [line for line in heard if line]


def in_clear(heard: list[bytes]) -> set[bytes]:
    """Return what was heard, but the beginning of TLS."""
    return {line for line in heard if not line.startswith(b"\x16\x03")}


@pytest.mark.parametrize(
    "injected",
    [b"* CAPABILITY AUTH=PLAIN\r\n", b"A2 OK x", b"* OK x\r\nA2 OK x\r\n", b"\r\n", b"\x16\x03"],
)
async def test_starttls_injection(injected: bytes, autojump_clock: Any) -> None:
    error, heard = await attacked(OFFER, b"A1 OK go\r\n" + injected)
    assert isinstance(error, aimap.RemoteProtocolError)
    assert "behind the answer to STARTTLS" in str(error)
    # No handshake: TLS never began.
    assert heard == [b"A1 STARTTLS"]


@pytest.mark.parametrize("injected", [b"* CAPABILITY AUTH=PLAIN\r\n", b"A2 OK x\r\n"])
async def test_starttls_injection_in_a_segment_of_its_own(
    injected: bytes, autojump_clock: Any
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)

    async def play() -> None:
        await server.says(OFFER)
        assert await server.hears() == b"A1 STARTTLS"
        await server.says(b"A1 OK go\r\n")
        await trio.sleep(1)
        await server.says(injected)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(play)
        with pytest.raises(aimap.ConnectionLostError, match="TLS failed"):
            async with aimap.connect("localhost", tls="starttls", stream=ours, auth=JOE):
                pass


@pytest.mark.parametrize(
    "pieces",
    [
        (OFFER + b"A1 OK go\r\n",),
        (b"* OK hi\r\n" + b"A1 OK x\r\nA2 OK go\r\n",),
        (b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK x\r\nA2 OK go\r\n"),
        (OFFER + b"A1 OK go\r\n* CAPABILITY AUTH=PLAIN\r\nA2 OK x\r\nA3 OK x\r\n",),
    ],
)
async def test_starttls_early_ok(pieces: tuple[bytes, ...], autojump_clock: Any) -> None:
    error, heard = await attacked(*pieces)
    assert isinstance(error, aimap.RemoteProtocolError)
    assert "no command in flight" in str(error)
    assert in_clear(heard) <= IN_CLEAR


async def test_starttls_early_ok_is_no_tls(autojump_clock: Any) -> None:
    # Said before STARTTLS could arrive, but after it was sent: TLS follows, or nothing.
    error, heard = await attacked(OFFER, b"A1 OK go\r\n", b"A2 OK x\r\n", pause=1)
    assert isinstance(error, aimap.ConnectionLostError)
    assert "TLS failed" in str(error)
    assert in_clear(heard[:1]) <= IN_CLEAR


@pytest.mark.parametrize("more", [b"", b"* OK [CAPABILITY IMAP4rev1 STARTTLS] x\r\n"])
async def test_starttls_preauth(more: bytes, autojump_clock: Any) -> None:
    error, heard = await attacked(b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n" + more)
    assert isinstance(error, aimap.RemoteProtocolError)
    assert "PREAUTH" in str(error)
    assert heard == []


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ((b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n",), aimap.CapabilityError),
        ((b"* OK [CAPABILITY STARTTLS-X XSTARTTLS] hi\r\n",), aimap.CapabilityError),
        ((b"* OK hi\r\n", b"* CAPABILITY IMAP4rev1\r\nA1 OK x\r\n"), aimap.CapabilityError),
        ((b"* OK hi\r\n", b"A1 OK x\r\n"), aimap.ImapError),
        ((b"* OK hi\r\n", b"A1 NO x\r\n"), aimap.NoError),
        ((OFFER, b"A1 NO x\r\n"), aimap.ConnectionLostError),
        ((OFFER, b"A1 BAD x\r\n"), aimap.ConnectionLostError),
        ((OFFER, b"* NO x\r\nA1 NO [REFERRAL imap://evil/] x\r\n"), aimap.ConnectionLostError),
    ],
)
async def test_starttls_stripped(
    pieces: tuple[bytes, ...], kind: type[aimap.ImapError], autojump_clock: Any
) -> None:
    error, heard = await attacked(*pieces)
    assert isinstance(error, kind)
    assert in_clear(heard) <= IN_CLEAR
    assert "evil" not in repr(heard)


@pytest.mark.parametrize(
    "greeting",
    [b"garbage\r\n", b"\r\n", b"* NO hi\r\n", b"* BAD hi\r\n", b"A1 OK hi\r\n", b"+ go\r\n",
     b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", b"220 smtp.example.org ESMTP\r\n", b"* PREAUTH\r\n"],
)  # fmt: skip
async def test_starttls_bad_greeting(greeting: bytes, autojump_clock: Any) -> None:
    error, heard = await attacked(greeting)
    assert isinstance(error, aimap.RemoteProtocolError)
    assert heard == []


# What comes before TLS, where TLS then begins


@asynccontextmanager
async def after_tls(*, before: bytes) -> AsyncGenerator[tuple[aimap.Client, PlayedServer]]:
    """Say *before* in clear, and change to TLS; log in by what is offered there."""
    server_context, client_context = contexts()
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(
        trio.SSLStream(theirs, server_context, server_side=True, https_compatible=True)
    )

    async def play() -> None:
        clear = PlayedServer(theirs)
        await clear.says(before)
        assert await clear.hears() == b"A1 STARTTLS"
        await clear.says(b"A1 OK go\r\n")
        assert await server.hears() == b"A2 CAPABILITY"
        await server.says(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\nA2 OK x\r\n")
        assert await server.hears() == b"A3 AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ="
        await server.says(b"A3 OK [CAPABILITY IMAP4rev1] x\r\n")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(play)
        async with aimap.connect(
            "localhost", tls="starttls", ssl_context=client_context, stream=ours, auth=JOE
        ) as imap:
            yield imap, server
            nursery.start_soon(theirs.aclose)


async def test_pre_tls_data(autojump_clock: Any) -> None:
    before = OFFER + b'* LIST () "/" Evil\r\n* 9 EXISTS\r\n* ENABLED UTF8=ACCEPT\r\n* NO evil\r\n'
    async with after_tls(before=before) as (imap, server):
        assert imap.enabled == frozenset()
        async with trio.open_nursery() as nursery:

            async def answer() -> None:
                assert await server.hears() == b'A4 LIST "" "*"'
                await server.says(b"A4 OK x\r\n")
                assert await server.hears() == b"A5 SELECT INBOX"
                await server.says(b"* OK [UIDVALIDITY 7] x\r\nA5 OK x\r\n")

            nursery.start_soon(answer)
            assert await imap.list() == []
            async with imap.select("INBOX") as inbox:
                assert inbox.exists == 0


async def test_pre_tls_alert(autojump_clock: Any) -> None:
    before = OFFER.replace(b"hi", b"call +1") + b"* OK [ALERT] call +1\r\n"
    async with after_tls(before=before) as (imap, _):
        # There is no greeting behind TLS, and the one before it was anybody's.
        assert imap.greeting == ""


async def test_pre_tls_capability(autojump_clock: Any) -> None:
    # What is sent for the login is asserted above: by PLAIN, asked for again under TLS.
    before = b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=CRAM-MD5 EVIL] hi\r\n"
    async with after_tls(before=before) as (imap, _):
        assert set(imap.capabilities) == {"IMAP4rev1"}


# Without TLS


@pytest.mark.parametrize("names", [[], ["LOGIN-COMMAND"], ["PLAIN", "LOGIN-COMMAND"]])
async def test_logindisabled(names: list[str], autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI] hi\r\n")
    auth = aimap.Password("joe", "secret", mechanisms=names) if names else JOE
    with pytest.raises(aimap.CapabilityError, match="it offers GSSAPI"):
        async with aimap.connect("localhost", tls="insecure", stream=ours, auth=auth):
            pass
    assert await server.hears() == b""


async def test_referral_mailbox(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)
    await server.says(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
    async with trio.open_nursery() as nursery:

        async def refer() -> None:
            assert await server.hears() == b"A1 STATUS away (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"
            await server.says(b"A1 NO [REFERRAL imap://evil/away] over there\r\n")
            assert await server.hears() == b'A2 LIST "" "*"'
            await server.says(b'* LIST () "/" "imap://evil/INBOX"\r\nA2 OK x\r\n')
            # Nothing else is sent on this connection; on others there is nobody to ask.
            assert await server.hears() == b"A3 LOGOUT"
            await theirs.aclose()

        nursery.start_soon(refer)
        async with aimap.connect("localhost", tls="insecure", stream=ours) as imap:
            with pytest.raises(aimap.NoError) as caught:
                await imap.status("away")
            assert isinstance(caught.value.code, aimap.ReferralCode)
            (info,) = await imap.list()
            assert info.name == "imap://evil/INBOX"


# Certificates


def certificate(
    names: list[x509.GeneralName] | None, common_name: str = "x", *, days: int = 1
) -> tuple[bytes, ssl.SSLContext]:
    """Make an authority that signs whatever it is told to, and a server with that."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _signed("root", root_key, root_key, x509.BasicConstraints(True, None), days=9)
    leaf = _signed(
        common_name, key, root_key, x509.SubjectAlternativeName(names) if names else None, days=days
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with trustme.Blob(private + leaf).tempfile() as path:
        server.load_cert_chain(path)
    return root, server


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType | None,
    *,
    days: int,
) -> bytes:
    now, public = datetime.now(UTC), by.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)
    )
    if extension is not None:
        builder = builder.add_extension(
            extension, critical=isinstance(extension, x509.BasicConstraints)
        )
    if key is by:
        builder = builder.add_extension(_SIGNS, critical=True)
    return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Give a function that makes an authority one of the system's."""

    def add(authority: bytes) -> None:
        (tmp_path / "ca.pem").write_bytes(authority)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    return add


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
DNS = x509.DNSName
NAME = "imap.example.org"


@pytest.mark.parametrize(
    ("host", "names", "days", "reason"),
    [
        pytest.param(NAME, [DNS("imap.example.com")], 1, "mismatch", id="other name"),
        pytest.param("127.0.0.1", [DNS("127.0.0.1")], 1, "mismatch", id="IP without iPAddress"),
        pytest.param(NAME, None, 1, "mismatch", id="CN only"),
        pytest.param("example.org", [DNS("*.*")], 1, "mismatch", id="*.*"),
        pytest.param(NAME, [DNS("*")], 1, "mismatch", id="*"),
        pytest.param(NAME, [DNS("im*.example.org")], 1, "mismatch", id="a part of a label"),
        pytest.param(NAME, [DNS("*.org")], 1, "mismatch", id="two labels"),
        pytest.param(NAME, [DNS(NAME)], -1, "expired", id="expired"),
    ],
)
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_cert_mismatch(
    host: str,
    names: list[x509.GeneralName] | None,
    days: int,
    reason: str,
    tls: Any,
    trust: Callable[[bytes], None],
    autojump_clock: Any,
) -> None:
    authority, context = certificate(names, NAME, days=days)
    trust(authority)
    async with serve(tls=tls, host=None, ssl_contexts=(context, context)) as server:
        with pytest.raises(aimap.ConnectionLostError, match=f"not valid.*{reason}"):
            async with aimap.connect(host, tls=tls, stream=server.connect(), auth=JOE):
                pass
        # No fall-back to clear.
        assert set(server.commands) <= {"STARTTLS"}


@pytest.mark.parametrize("name", [NAME, "*.example.org"])
async def test_a_certificate_that_fits(
    name: str, trust: Callable[[bytes], None], autojump_clock: Any
) -> None:
    authority, context = certificate([DNS(name)])
    trust(authority)
    async with serve(host=None, ssl_contexts=(context, context)) as server:
        async with aimap.connect(NAME, stream=server.connect(), auth=JOE) as imap:
            await imap.noop()


async def test_an_authority_that_is_not_trusted(autojump_clock: Any) -> None:
    async with serve(host=None, ssl_contexts=contexts()) as server:
        with pytest.raises(aimap.ConnectionLostError, match=r"self-signed|unable to get"):
            async with aimap.connect("localhost", stream=server.connect(), auth=JOE):
                pass
        assert server.commands == []
