"""Fetching a small document by HTTPS, and by nothing else.

One GET, for h11 over a stream of ours: so it goes through the same proxies as IMAP does,
and its size, its time and where it is led to are bounded here.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias, final
from urllib.parse import urljoin, urlsplit

import attrs
import trio

from aimap._client.proxy import open_through_proxy, parse_proxy
from aimap._discovery.settings import LookupFailed, is_host_name
from aimap._errors import ConnectionLostError, InvalidArgumentError

_LARGEST = 256 * 1024
_LARGEST_HEAD = 16 * 1024
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

OpenStream: TypeAlias = Callable[[str, int], Awaitable[trio.abc.Stream]]


@final
@attrs.frozen
class _Answer:
    status: int
    location: str
    body: bytes


@final
class Web:
    """Documents of the web.

    Args:
        ssl_context: whom to trust; the system's certificate authorities if not given.
        proxy: as for :func:`aimap.connect`.
        open_stream: opens the TCP connection, if it is to be done in another way.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        open_stream: OpenStream = trio.open_tcp_stream,
    ) -> None:
        self._context = ssl_context or ssl.create_default_context()
        self._proxy = parse_proxy(proxy) if proxy is not None else None
        self._open_stream = open_stream

    async def get(self, url: str) -> bytes:
        """Return the document at *url*, which may lead on to another host by HTTPS.

        Raises:
            LookupFailed: if there is none.
        """
        import h11  # noqa: PLC0415 (an extra)

        for _ in range(_MOST_REDIRECTS + 1):
            try:
                answer = await self._get(url)
            except (OSError, trio.BrokenResourceError) as error:
                raise LookupFailed(_reason(error)) from error
            except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
                raise LookupFailed(f"that is no HTTP: {error}") from error
            except (ConnectionLostError, InvalidArgumentError) as error:
                raise LookupFailed(str(error)) from error
            if answer.status == 200:
                return answer.body
            if answer.status not in _REDIRECTS or not answer.location:
                raise LookupFailed(f"there is no such document (status {answer.status})")
            url = _led_to(url, answer.location)
        raise LookupFailed("it leads on and on")

    async def _get(self, url: str) -> _Answer:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        if parts.scheme != "https" or not is_host_name(host):
            raise LookupFailed("it leads to where there is no HTTPS")
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        if self._proxy is not None:
            tcp = await open_through_proxy(self._proxy, host, port)
        else:
            tcp = await self._open_stream(host, port)
        stream = trio.SSLStream(tcp, self._context, server_hostname=host, https_compatible=True)
        try:
            return await _exchange(stream, parts.netloc.rpartition("@")[2], target)
        finally:
            await trio.aclose_forcefully(stream)


async def _exchange(stream: trio.abc.Stream, authority: str, target: str) -> _Answer:
    import h11  # noqa: PLC0415 (an extra)

    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
    request = h11.Request(
        method="GET",
        target=target,
        headers=[
            ("Host", authority),
            ("User-Agent", "aimap"),
            ("Accept", "text/xml, application/xml"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ],
    )
    await stream.send_all((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    status, location, body = 0, "", bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Response):
            status = event.status_code
            found = dict(event.headers.raw_items()) if status != 200 else {}
            fields = {name.lower(): value for name, value in found.items()}
            location = fields.get(b"location", b"").decode("latin-1")
            if status != 200:
                return _Answer(status, location, b"")
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _LARGEST:
                raise LookupFailed(f"the document is larger than {_LARGEST} octets")
        elif isinstance(event, h11.EndOfMessage):
            return _Answer(status, location, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            raise LookupFailed("the server closed the connection")


def _led_to(url: str, location: str) -> str:
    try:
        url = urljoin(url, location)
        # To be looked at once, here where what is wrong with it can be told.
        _ = urlsplit(url).port
    except ValueError:
        url = ""
    if not url.isascii() or not url.isprintable() or " " in url:
        url = ""
    if not url:
        raise LookupFailed("it leads to what is no URL")
    return url


def _reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {cause.verify_message}"
        last, cause = cause, cause.__cause__
        if isinstance(last, OSError) and last.strerror:
            return last.strerror
    return str(error) or "the server closed the connection"
