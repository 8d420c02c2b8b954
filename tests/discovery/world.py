"""A small world on loopback: DNS that answers by UDP, and web servers behind one port."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import final

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import trio
import trustme

from aimap import ServerSettings
from aimap._discovery.discover import discover_by
from aimap._discovery.dns import Dns
from aimap._discovery.settings import parse_address
from aimap._discovery.web import Web

ISPDB = "https://ispdb.test/v1/"


def document(*servers: str) -> bytes:
    """Return an autoconfig document with these servers."""
    return (
        "<?xml version='1.0'?>\n<clientConfig version='1.1'>"
        f"<emailProvider id='x'><domain>x</domain>{''.join(servers)}</emailProvider></clientConfig>"
    ).encode()


def server(
    host: str = "imap.example.org",
    port: str = "993",
    tls: str = "SSL",
    username: str = "%EMAILADDRESS%",
    auth: str = "<authentication>password-cleartext</authentication>",
    kind: str = "imap",
) -> str:
    """Return one server of a document."""
    return (
        f"<incomingServer type='{kind}'><hostname>{host}</hostname><port>{port}</port>"
        f"<socketType>{tls}</socketType><username>{username}</username>{auth}</incomingServer>"
    )


@final
class World:
    """What is asked of it, and what it answers.

    Attributes:
        records: by name and type, in the notation of a zone file.
        pages: by URL: the body, or status and location.
        asked: the names and URLs that were asked for, in order.
        has_no_answer: names that DNS keeps silent on.
    """

    def __init__(
        self,
        records: Mapping[tuple[str, str], list[str]] | None = None,
        pages: Mapping[str, bytes | tuple[int, str]] | None = None,
    ) -> None:
        self.records = records or {}
        self.pages = pages or {}
        self.asked: list[str] = []
        self.dns_port = 0
        self.web_port = 0
        self.authority = trustme.CA()

    async def discover(self, address: str, ispdb: str | None = ISPDB) -> list[ServerSettings]:
        found = await discover_by(
            parse_address(address), web=self.web(), dns=self.dns(), ispdb=ispdb
        )
        return list(found)

    def dns(self, *_: object) -> Dns:
        return Dns(["127.0.0.1"], self.dns_port)

    def web(self, **_: object) -> Web:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)

        async def open_stream(host: str, port: int) -> trio.abc.Stream:
            if not any(host == url.split("/")[2].partition(":")[0] for url in self.pages):
                raise OSError(2, "there is no such host")
            self.asked.append(f"{host}:{port}")
            return await trio.open_tcp_stream("127.0.0.1", self.web_port)

        return Web(ssl_context=context, open_stream=open_stream)

    async def answer_dns(self, socket: trio.socket.SocketType) -> None:
        while True:
            query, sender = await socket.recvfrom(4096)
            asked = dns.message.from_wire(query)
            (question,) = asked.question
            name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{kind} {name}")
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            found = self.records.get((name.removesuffix("."), kind))
            if found == ["SERVFAIL"]:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif found is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif found:
                answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, found))
            await socket.sendto(answer.to_wire(), sender)

    async def answer_web(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        async with stream:
            head = bytearray()
            try:
                while b"\r\n\r\n" not in head:
                    data = await stream.receive_some()
                    if not data:
                        return
                    head += data
                target = head.split()[1].decode()
                (host,) = (
                    line.partition(":")[2].strip()
                    for line in head.decode().splitlines()
                    if line.lower().startswith("host:")
                )
                self.asked.append(f"https://{host}{target}")
                page = self.pages.get(f"https://{host}{target.partition('?')[0]}", (404, ""))
                if isinstance(page, bytes):
                    status, location, body = 200, "", page
                else:
                    status, location, body = (*page, b"")
                fields = f"Location: {location}\r\n" if location else ""
                await stream.send_all(
                    f"HTTP/1.1 {status} X\r\n{fields}Connection: close\r\n\r\n".encode("latin-1")
                    + body
                )
            except trio.BrokenResourceError:
                # The client does not trust us, or has had enough.
                return


@asynccontextmanager
async def world(
    records: Mapping[tuple[str, str], list[str]] | None = None,
    pages: Mapping[str, bytes | tuple[int, str]] | None = None,
    *,
    certificate: str | None = None,
) -> AsyncGenerator[World]:
    """Run one; its web servers have a certificate for all their hosts, or for that one."""
    made = World(records, pages)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    hosts = {url.split("/")[2].partition(":")[0] for url in made.pages} or {"nowhere.test"}
    names = [certificate] if certificate else sorted(hosts)
    made.authority.issue_cert(*names).configure_cert(context)
    async with trio.open_nursery() as nursery:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as socket:
            await socket.bind(("127.0.0.1", 0))
            made.dns_port = socket.getsockname()[1]
            nursery.start_soon(made.answer_dns, socket)
            listeners = await nursery.start(
                partial(
                    trio.serve_ssl_over_tcp,
                    made.answer_web,
                    0,
                    context,
                    host="127.0.0.1",
                    https_compatible=True,
                )
            )
            made.web_port = listeners[0].transport_listener.socket.getsockname()[1]
            yield made
            nursery.cancel_scope.cancel()
