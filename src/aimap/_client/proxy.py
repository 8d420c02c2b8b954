"""Connecting through a proxy: SOCKS5 (:rfc:`1928`) or HTTP CONNECT (:rfc:`9110#section-9.3.6`).

SOCKS5 is spoken by ``python-socks``, HTTP by ``h11``; both come with the extra ``proxy``
and are imported only when used. ``python-socks`` would speak HTTP as well, but takes
whatever comes in one piece for the proxy's answer, and an IMAP server speaks first.

The server's name goes to the proxy as it is: nothing is resolved here.
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Literal, TypeAlias, cast, final
from urllib.parse import unquote, urlsplit

import attrs
import trio

from aimap._errors import ConnectionLostError, InvalidArgumentError, redact

_Kind: TypeAlias = Literal["socks5", "http"]

_SCHEMES: dict[str, tuple[_Kind, int]] = {
    "socks5": ("socks5", 1080),
    # Elsewhere this says that the proxy resolves names, which it does here anyway.
    "socks5h": ("socks5", 1080),
    "http": ("http", 80),
}
_LONGEST_CREDENTIAL = 255
_LONGEST_REASON = 200


@final
@attrs.frozen(kw_only=True, repr=False)
class Proxy:
    """Where a proxy is, and who uses it."""

    kind: _Kind
    host: str
    port: int
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The proxy's URL, without credentials."""
        return f"{self.kind}://{_authority(self.host, self.port)}"

    def failure(self, reason: str) -> ConnectionLostError:
        """Return the error that tells what the proxy did, whatever of ours it repeats."""
        reason = redact(reason[:_LONGEST_REASON], [self.password])
        return ConnectionLostError(f"no connection through the proxy {self.name}: {reason}")


def parse_proxy(url: str) -> Proxy:
    """Read a proxy's URL.

    Raises:
        InvalidArgumentError: if it is not one. The message repeats nothing of it, since
            where it is wrong the password may be anywhere.
    """
    proxy = _read(url)
    if proxy is None:
        raise InvalidArgumentError(
            "proxy is a URL such as 'socks5://host:1080' or 'http://user:password@host:8080'; "
            "special characters in user and password are written as %XX"
        )
    _check_credentials(proxy)
    return proxy


def _read(url: str) -> Proxy | None:
    # What is raised here holds pieces of the URL, so it ends here.
    try:
        parts = urlsplit(url)
        kind, usual_port = _SCHEMES[parts.scheme]
        port = usual_port if parts.port is None else parts.port
    except (ValueError, KeyError):
        return None
    if not (parts.hostname and port) or parts.path.strip("/") or parts.query or parts.fragment:
        return None
    return Proxy(
        kind=kind,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _check_credentials(proxy: Proxy) -> None:
    user, password = proxy.user, proxy.password
    if not user and not password:
        return
    if proxy.kind == "socks5":
        # RFC 1929 section 2; the library sends ASCII only.
        if not all(
            part.isascii() and 0 < len(part) <= _LONGEST_CREDENTIAL for part in (user, password)
        ):
            raise InvalidArgumentError(
                "user and password of a SOCKS5 proxy are 1 to 255 characters of ASCII each"
            )
    elif ":" in user or any(c < " " or c == "\x7f" for c in user + password):
        # RFC 7617 section 2
        raise InvalidArgumentError(
            "the user of an HTTP proxy has no colon, and its password no control characters"
        )


async def open_through_proxy(proxy: Proxy, host: str, port: int) -> trio.abc.Stream:
    """Open a connection to *host* through a proxy, which finds out where that is.

    Raises:
        InvalidArgumentError: if *host* is no name, or the library is missing.
        ConnectionLostError: if the proxy cannot be reached, refuses, or talks nonsense.
    """
    host = _ascii(host)
    try:
        if proxy.kind == "socks5":
            return await _socks5(proxy, host, port)
        return await _http(proxy, host, port)
    except ImportError as error:
        raise InvalidArgumentError(
            f"a proxy needs the library {error.name}, which cannot be imported here; "
            "install 'trio-aimap[proxy]'"
        ) from error


def _ascii(host: str) -> str:
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not name or any(c <= " " or c == "\x7f" for c in name):
        raise InvalidArgumentError(f"{host!r} is not the name of a host")
    return name


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _socks5(proxy: Proxy, host: str, port: int) -> trio.abc.Stream:
    from python_socks import ProxyError, ProxyType  # noqa: PLC0415 (an extra)
    from python_socks.async_.trio import Proxy as TrioProxy  # noqa: PLC0415

    library = TrioProxy(
        ProxyType.SOCKS5, proxy.host, proxy.port, proxy.user, proxy.password, rdns=True
    )
    try:
        # Our own deadline is around all of it.
        return trio.SocketStream(await library.connect(host, port, timeout=math.inf))
    except (ProxyError, OSError, ValueError) as error:
        raise proxy.failure(str(error)) from error


async def _http(proxy: Proxy, host: str, port: int) -> trio.abc.Stream:
    import h11  # noqa: PLC0415 (an extra)

    try:
        stream = await trio.open_tcp_stream(proxy.host, proxy.port)
    except OSError as error:
        raise proxy.failure(_reason(error)) from error
    try:
        rest = await _open_tunnel(stream, proxy, _authority(host, port))
    except (h11.RemoteProtocolError, trio.BrokenResourceError) as error:
        await trio.aclose_forcefully(stream)
        raise proxy.failure(str(error)) from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return _Resumed(stream, rest) if rest else stream


def _reason(error: OSError) -> str:
    """Say what became of the last attempt, which Trio's error has below it."""
    cause = error.__cause__
    if isinstance(cause, BaseExceptionGroup):
        cause = cast("BaseExceptionGroup[BaseException]", cause).exceptions[-1]
    return str(cause or error)


async def _open_tunnel(stream: trio.abc.Stream, proxy: Proxy, target: str) -> bytes:
    """Have the proxy open the tunnel; return what came out of it behind the proxy's answer."""
    import h11  # noqa: PLC0415 (an extra)

    headers = [("Host", target)]
    if proxy.user or proxy.password:
        credentials = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode("ascii")
        headers.append(("Proxy-Authorization", f"Basic {credentials}"))
    http = h11.Connection(h11.CLIENT)
    request = h11.Request(method="CONNECT", target=target, headers=headers)
    await stream.send_all((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    event = http.next_event()
    while not isinstance(event, h11.Response):
        if event is h11.NEED_DATA:
            http.receive_data(bytes(await stream.receive_some()))
        event = http.next_event()
    if not 200 <= event.status_code < 300:
        reason = event.reason.decode("latin-1")
        raise proxy.failure(f"it answered {event.status_code} {reason}".rstrip())
    return http.trailing_data[0]


@final
class _Resumed(trio.abc.Stream):
    """A stream of which some octets have been received already."""

    def __init__(self, stream: trio.abc.Stream, received: bytes) -> None:
        self._stream = stream
        self._received = received

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if not self._received:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        size = len(self._received) if max_bytes is None else max_bytes
        data, self._received = self._received[:size], self._received[size:]
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()
