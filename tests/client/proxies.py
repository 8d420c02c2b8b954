"""Small proxies on loopback, which know where the names lead."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import final

import trio

USER, PASSWORD = "mary", "open:sesame"

_SUCCEEDED, _REFUSED = 0, 5


@final
class TestProxy:
    """A SOCKS5 or an HTTP proxy.

    Attributes:
        kind: ``"socks5"`` or ``"http"``.
        ways: where the names that it knows lead to.
        login: whether it wants the user and the password.
        asked: what it was asked for, and by which credentials.
        answer: what it says instead of what is right.
    """

    __test__ = False

    def __init__(
        self, kind: str, ways: Mapping[str, int], *, login: bool, answer: bytes | None
    ) -> None:
        self.kind = kind
        self.ways = ways
        self.login = login
        self.answer = answer
        self.port = 0
        self.asked: list[str] = []

    def url(self, credentials: str = "mary:open%3Asesame@") -> str:
        return f"{self.kind}://{credentials if self.login else ''}127.0.0.1:{self.port}"

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            try:
                if self.answer is not None:
                    await stream.receive_some()
                    await stream.send_all(self.answer)
                elif self.kind == "socks5":
                    await self._socks5(stream)
                else:
                    await self._http(stream)
            except (trio.BrokenResourceError, EOFError):
                return

    async def _socks5(self, stream: trio.SocketStream) -> None:
        _, count = await _exactly(stream, 2)
        methods = await _exactly(stream, count)
        method = 2 if self.login else 0
        if method not in methods:
            await stream.send_all(b"\x05\xff")
            return
        await stream.send_all(bytes([5, method]))
        if self.login:
            _, size = await _exactly(stream, 2)
            user = await _exactly(stream, size)
            password = await _exactly(stream, (await _exactly(stream, 1))[0])
            right = (user, password) == (USER.encode(), PASSWORD.encode())
            await stream.send_all(b"\x01" + (b"\0" if right else b"\x01"))
            if not right:
                return
        _, command, _, kind = await _exactly(stream, 4)
        assert (command, kind) == (1, 3), "a name, and no address, is to be sent"
        name = (await _exactly(stream, (await _exactly(stream, 1))[0])).decode()
        port = int.from_bytes(await _exactly(stream, 2), "big")
        self.asked.append(f"{name}:{port}")
        if name not in self.ways:
            await stream.send_all(bytes([5, _REFUSED, 0, 1]) + bytes(6))
            return
        await self._relay(stream, self.ways[name], bytes([5, _SUCCEEDED, 0, 1]) + bytes(6))

    async def _http(self, stream: trio.SocketStream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await _exactly(stream, 1)
        request, *headers = head.decode().split("\r\n")[:-2]
        method, target, version = request.split()
        assert (method, version) == ("CONNECT", "HTTP/1.1")
        assert f"host: {target}" in [header.lower() for header in headers]
        credentials = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.login and f"proxy-authorization: basic {credentials}".lower() not in [
            header.lower() for header in headers
        ]:
            await stream.send_all(b"HTTP/1.1 407 Who is it\r\nContent-Length: 0\r\n\r\n")
            return
        self.asked.append(target)
        name = target.rpartition(":")[0]
        if name not in self.ways:
            await stream.send_all(b"HTTP/1.1 502 No such host\r\nContent-Length: 0\r\n\r\n")
            return
        await self._relay(
            stream, self.ways[name], b"HTTP/1.1 200 Here you are\r\nVia: 1.1 test\r\n\r\n"
        )

    async def _relay(self, stream: trio.SocketStream, port: int, answer: bytes) -> None:
        # What the server says first comes in one piece with the end of the proxy's answer.
        server = await trio.open_tcp_stream("127.0.0.1", port)
        async with server, trio.open_nursery() as nursery:
            with trio.move_on_after(0.05):
                answer += bytes(await server.receive_some())
            await stream.send_all(answer[:9])
            await trio.sleep(0.01)
            await stream.send_all(answer[9:])

            async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
                try:
                    async for data in source:
                        await sink.send_all(data)
                except trio.BrokenResourceError:
                    pass
                nursery.cancel_scope.cancel()

            nursery.start_soon(pump, stream, server)
            nursery.start_soon(pump, server, stream)


async def _exactly(stream: trio.SocketStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await stream.receive_some(size - len(data))
        if not more:
            raise EOFError
        data += bytes(more)
    return data


@asynccontextmanager
async def proxy(
    kind: str, ways: Mapping[str, int], *, login: bool = False, answer: bytes | None = None
) -> AsyncGenerator[TestProxy]:
    """Run a proxy."""
    made = TestProxy(kind, ways, login=login, answer=answer)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, made.serve, 0, host="127.0.0.1"))
        made.port = listeners[0].socket.getsockname()[1]
        yield made
        nursery.cancel_scope.cancel()
