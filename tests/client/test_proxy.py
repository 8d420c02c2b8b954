"""Connecting through a proxy."""

from __future__ import annotations

import ssl
import sys
from typing import Any

import pytest
import trio
import trio.testing
import trustme

import aimap
from aimap import Timeouts
from aimap._client.proxy import parse_proxy
from aimap.testing import serve
from tests.servers.dovecot import Dovecot

from .proxies import proxy
from .support import JOE

NAME = "imap.example.org"
"""A name that nobody but the proxy can look up."""

each_kind = pytest.mark.parametrize("kind", ["socks5", "http"])


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(NAME).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@each_kind
@pytest.mark.parametrize("login", [True, False])
@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
async def test_through(kind: str, login: bool, tls: Any) -> None:
    ours, theirs = contexts()
    async with serve(tls=tls, ssl_contexts=(ours, theirs)) as server:
        server.deliver("joe", b"Subject: hi\r\n\r\n" + b"x" * 100_000)
        async with proxy(kind, {NAME: server.port}, login=login) as between:
            async with (
                aimap.connect(
                    NAME, port=1993, tls=tls, ssl_context=theirs, auth=JOE, proxy=between.url()
                ) as imap,
                imap.select("INBOX") as inbox,
            ):
                assert [m.size for m in await inbox.fetch_all("1", aimap.items.RFC822_SIZE)] == [
                    100_015
                ]
            assert between.asked == [f"{NAME}:1993"]
        assert server.violations == []


@each_kind
@pytest.mark.parametrize("login", [True, False])
async def test_through_to_dovecot(kind: str, login: bool, dovecot: Dovecot) -> None:
    ways = {"localhost": dovecot.tls_port}
    async with proxy(kind, ways, login=login) as between:
        async with aimap.connect(
            "localhost",
            ssl_context=dovecot.client_context,
            auth=aimap.Password(dovecot.new_user(), dovecot.password),
            proxy=between.url(),
        ) as imap:
            assert (await imap.status("INBOX")).messages == 0
        assert between.asked == ["localhost:993"]


@each_kind
async def test_tls_is_verified_against_the_servers_name(kind: str, dovecot: Dovecot) -> None:
    ways = {NAME: dovecot.tls_port}
    async with proxy(kind, ways) as between:
        with pytest.raises(aimap.ConnectionLostError, match="Hostname mismatch"):
            async with aimap.connect(
                NAME, ssl_context=dovecot.client_context, auth=JOE, proxy=between.url()
            ):
                pass


REFUSALS = [
    ("socks5", "mary:hunter2@", "authentication failure"),
    ("socks5", "", "No acceptable authentication methods"),
    ("http", "mary:hunter2@", "it answered 407 Who is it"),
    ("http", "", "it answered 407 Who is it"),
]


@pytest.mark.parametrize(("kind", "credentials", "reason"), REFUSALS)
async def test_wrong_credentials(kind: str, credentials: str, reason: str) -> None:
    async with proxy(kind, {NAME: 1}, login=True) as between:
        with pytest.raises(aimap.ConnectionLostError, match=reason) as caught:
            async with aimap.connect(NAME, proxy=between.url(credentials)):
                pass
        assert f"through the proxy {kind}://127.0.0.1:{between.port}: " in str(caught.value)
        assert "hunter2" not in repr(caught.value) + str(caught.value)
        assert between.asked == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("socks5", "Connection refused by destination host"),
        ("http", "it answered 502 No such host"),
    ],
)
async def test_a_proxy_that_refuses(kind: str, reason: str) -> None:
    async with proxy(kind, {}) as between:
        with pytest.raises(aimap.ConnectionLostError, match=reason):
            async with aimap.connect(NAME, proxy=between.url()):
                pass


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("socks5", b""),
        ("socks5", b"* OK IMAP4rev1 ready\r\n"),
        ("socks5", b"\x05"),
        ("socks5", b"\x05\x02"),
        ("socks5", b"\x05\x00\x05\x00\x00\x03\x02\xff\xff\x00\x01"),
        ("socks5", b"\x05\x00\x05\x00\x00\x09"),
        ("http", b""),
        ("http", b"* OK IMAP4rev1 ready\r\n"),
        ("http", b"HTTP/1.1 200"),
        ("http", b"HTTP/1.1 100 go on\r\n\r\n"),
        ("http", b"HTTP/1.1 200 " + b"x" * 100_000),
        ("http", b"HTTP/1.1 204 \r\n"),
        ("http", b"HTTP/1.1 500 " + b"x" * 5_000 + b"\r\n\r\n"),
    ],
)
async def test_a_proxy_that_talks_nonsense(kind: str, answer: bytes) -> None:
    async with proxy(kind, {}, answer=answer) as between:
        with pytest.raises(aimap.ConnectionLostError, match=f"proxy {kind}://127.0.0.1") as caught:
            async with aimap.connect(NAME, proxy=between.url()):
                pass
        assert len(str(caught.value)) < 400


@each_kind
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_proxy_that_is_not_there(kind: str, host: str) -> None:
    async with proxy(kind, {}) as between:
        url = between.url().replace("127.0.0.1", host)
    with pytest.raises(aimap.ConnectionLostError, match=f"proxy {kind}://{host}.*refused"):
        async with aimap.connect(NAME, proxy=url):
            pass


@each_kind
async def test_a_proxy_that_does_not_answer(kind: str) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    with pytest.raises(aimap.ConnectionLostError, match=r"not ready within 0\.2 seconds"):
        async with aimap.connect(
            NAME, proxy=f"{kind}://127.0.0.1:{port}", timeouts=Timeouts(connect=0.2)
        ):
            pass
    for listener in listeners:
        await listener.aclose()


async def test_what_a_proxy_repeats_of_the_password_is_hidden() -> None:
    answer = b"HTTP/1.1 407 not hunter2, and not bWFyeTpodW50ZXIy\r\nContent-Length: 0\r\n\r\n"
    async with proxy("http", {}, login=True, answer=answer) as between:
        with pytest.raises(aimap.ConnectionLostError, match=r"not \*\*\*") as caught:
            async with aimap.connect(NAME, proxy=between.url("mary:hunter2@")):
                pass
        assert "hunter2" not in str(caught.value)
        assert "odW50ZXIy" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "socks5://",
        "localhost:1080",
        "socks4://hunter2:hunter2@localhost:1080",
        "https://hunter2:hunter2@localhost:1080",
        "socks5://mary:hunter2/@localhost:1080",
        "socks5://mary:hunter2@localhost:hunter2",
        "socks5://localhost:0",
        "socks5://localhost:99999",
        "http://mary:hunter2@localhost/hunter2",
        "http://mary:hunter2@localhost?hunter2",
        "http://mary:hunter2@[localhost",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="proxy is a URL such as") as caught:
        parse_proxy(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "url",
    [
        "socks5://mary@localhost",
        "socks5://:hunter2@localhost",
        "socks5://mary:hunter2%C3%A9@localhost",
        "socks5://mary:" + "hunter2" * 40 + "@localhost",
        "http://ma%3Ary:hunter2@localhost",
        "http://mary:hunter2%0D%0A@localhost",
    ],
)
def test_credentials_that_cannot_be_sent(url: str) -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="user") as caught:
        parse_proxy(url)
    assert "hunter2" not in str(caught.value)


def test_what_a_url_says() -> None:
    proxy = parse_proxy("socks5h://m%40ry:hunter%32@[::1]")
    assert (proxy.host, proxy.port, proxy.user, proxy.password) == ("::1", 1080, "m@ry", "hunter2")
    assert repr(proxy) == "socks5://[::1]:1080"
    assert repr(parse_proxy("http://mary:hunter2@proxy.example.org/")) == (
        "http://proxy.example.org:80"
    )


@each_kind
@pytest.mark.parametrize("host", ["a\r\nX: y", "a b", "", "a..b", "x" * 64, "a\x7f"])
async def test_argument_crlf(kind: str, host: str) -> None:
    async with proxy(kind, {}) as between:
        with pytest.raises(aimap.InvalidArgumentError, match="is not the name of a host"):
            async with aimap.connect(host, proxy=between.url()):
                pass
        assert between.asked == []


async def test_names_that_are_no_ascii() -> None:
    async with proxy("socks5", {}) as between:
        with pytest.raises(aimap.ConnectionLostError):
            async with aimap.connect("bücher.example", proxy=between.url()):
                pass
        assert between.asked == ["xn--bcher-kva.example:993"]


@pytest.mark.parametrize(("kind", "library"), [("socks5", "python_socks"), ("http", "h11")])
async def test_without_the_library(
    kind: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(aimap.InvalidArgumentError, match=r"install 'trio-aimap\[proxy\]'"):
        async with aimap.connect(NAME, proxy=f"{kind}://127.0.0.1:1"):
            pass


async def test_a_stream_needs_no_proxy() -> None:
    ours, _ = trio.testing.memory_stream_pair()
    with pytest.raises(aimap.InvalidArgumentError, match="stream is open already"):
        async with aimap.connect(NAME, stream=ours, proxy="http://localhost"):
            pass
