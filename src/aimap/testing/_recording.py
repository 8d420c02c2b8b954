"""Recording a dialogue, without the secrets in it."""

from __future__ import annotations

import re
import ssl
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Literal, final

import trio

from aimap._nursery import PrivateNursery
from aimap.testing._transcripts import Party, Piece, Transcript, cut_into_pieces

_HIDDEN = b"[hidden]"
_LOGIN = re.compile(rb"([^ ]+ LOGIN) (.*)", re.IGNORECASE | re.DOTALL)
_AUTHENTICATE = re.compile(rb"([^ ]+) AUTHENTICATE [^ ]+", re.IGNORECASE)
_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^ ]+)')
_TOKEN = re.compile(rb"(;URLAUTH=[^:\s]{0,200}:[^:\s]{0,50}:)[0-9a-f]+", re.IGNORECASE)
_LENGTH = re.compile(rb"\{[0-9]+(?=\+?\}\Z)")
_SHORTEST = 3
"""Octets of a secret that is looked for where somebody repeats it."""


@final
class Recorder:
    """Keeps what is said on one connection; of credentials it keeps nothing.

    Args:
        secrets: what is to be hidden besides, wherever it stands.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = {secret.encode() for secret in secrets if secret}
        self._pieces: list[Piece] = []
        self._buffers: dict[Party, bytearray] = {"C": bytearray(), "S": bytearray()}
        self._pending: dict[Party, list[int]] = {"C": [], "S": []}
        self._login_goes_on = False
        self._exchange = b""

    @property
    def transcript(self) -> Transcript:
        """What was said until now, secrets hidden, wherever they stand."""
        found = (self._without_secrets(piece) for piece in self._pieces)
        return Transcript(self._of_true_length(found))

    def wrap(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        """Return a client's stream on which all is recorded.

        Args:
            stream: the stream; of TLS the one above it.
        """
        return _RecordedStream(stream, self)

    def said(self, party: Party, data: bytes) -> None:
        """Take octets of the client (``"C"``) or the server (``"S"``)."""
        buffer = self._buffers[party]
        buffer += data
        for piece in cut_into_pieces(party, buffer, self._pending[party]):
            self._pieces.append(self._hidden(piece))

    def _hidden(self, piece: Piece) -> Piece:
        """Return a line as it may be kept."""
        if self._exchange:
            return self._in_exchange(piece)
        if piece.party == "S":
            return piece
        if self._login_goes_on:
            self._login_goes_on = piece.literal or piece.announced is not None
            self._learn(piece.octets)
            shown = b"" if piece.announced is None else b" {%d}" % piece.announced
            return Piece("C", shown or _HIDDEN, piece.literal)
        login = _LOGIN.fullmatch(piece.octets)
        if login is not None and not piece.literal:
            self._login_goes_on = piece.announced is not None
            self._learn(login[2])
            shown = _HIDDEN if piece.announced is None else b"{%d}" % piece.announced
            return Piece("C", login[1] + b" " + shown)
        begin = _AUTHENTICATE.match(piece.octets)
        if begin is not None and not piece.literal:
            self._exchange = begin[1]
            initial = piece.octets[begin.end() :]
            self._learn_sasl(initial.strip())
            return Piece("C", begin[0] + (b" " + _HIDDEN if initial else b""))
        return piece

    def _in_exchange(self, piece: Piece) -> Piece:
        if piece.party == "C":
            self._learn_sasl(piece.octets)
            return Piece("C", _HIDDEN)
        if piece.octets.startswith(b"+"):
            return Piece("S", b"+ ")
        if piece.octets.startswith(self._exchange + b" "):
            self._exchange = b""
        return piece

    def _learn(self, arguments: bytes) -> None:
        """Remember a password, which the server may repeat."""
        found = [quoted or bare for quoted, bare in _ARGUMENT.findall(arguments)]
        if found and len(found[-1]) >= _SHORTEST:
            self._secrets.add(found[-1])

    def _learn_sasl(self, response: bytes) -> None:
        self._secrets |= {response} if len(response) >= _SHORTEST else set()
        with suppress(Base64Error, ValueError):
            for part in b64decode(response, validate=True).split(b"\0")[2:]:
                self._secrets |= {part} if len(part) >= _SHORTEST else set()

    def _without_secrets(self, piece: Piece) -> Piece:
        octets = _TOKEN.sub(rb"\1" + _HIDDEN, piece.octets)
        for secret in sorted(self._secrets, key=len, reverse=True):
            octets = octets.replace(secret, _HIDDEN)
        return Piece(piece.party, octets, piece.literal)

    def _of_true_length(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Announce literals as long as they are once secrets are hidden."""
        last: Piece | None = None
        for piece in pieces:
            if last is not None and piece.literal and piece.party == last.party == "S":
                length = b"{%d" % len(piece.octets)
                octets = _LENGTH.sub(length, last.octets)
                last = Piece(last.party, octets, last.literal)
            if last is not None:
                yield last
            last = piece
        if last is not None:
            yield last


@final
class _RecordedStream(trio.abc.Stream):
    def __init__(self, stream: trio.abc.Stream, recorder: Recorder) -> None:
        self._stream = stream
        self._recorder = recorder

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._recorder.said("C", bytes(data))
        await self._stream.send_all(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        self._recorder.said("S", bytes(data))
        return data

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


@final
class RecordingProxy:
    """What :func:`record` runs.

    Attributes:
        host: where clients connect, without TLS.
        port: the port there.
        recorders: one for each connection, in order.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.recorders: list[Recorder] = []

    @property
    def transcripts(self) -> list[Transcript]:
        """What was said on each connection until now."""
        return [recorder.transcript for recorder in self.recorders]


@asynccontextmanager
async def record(
    host: str,
    port: int,
    *,
    tls: Literal["implicit", "insecure"] = "implicit",
    ssl_context: ssl.SSLContext | None = None,
    secrets: Iterable[str] = (),
) -> AsyncGenerator[RecordingProxy]:
    """Stand between clients and a server, and record what they say.

    Clients connect to the proxy on this machine, without TLS.

    Args:
        host: the server.
        port: its port.
        tls: ``"implicit"``, or ``"insecure"`` if the server is spoken to in clear.
        ssl_context: for TLS with the server; the system's authorities if not given.
        secrets: what is to be hidden besides credentials.

    Yields:
        The :class:`RecordingProxy`.

    Raises:
        OSError: if no port is free.
    """
    secrets = tuple(secrets)
    if tls == "implicit":
        ssl_context = ssl_context or ssl.create_default_context()
    async with PrivateNursery() as nursery:

        async def serve_one(client: trio.SocketStream) -> None:
            recorder = Recorder(secrets)
            proxy.recorders.append(recorder)
            server: trio.abc.Stream = await trio.open_tcp_stream(host, port)
            if ssl_context is not None and tls == "implicit":
                server = trio.SSLStream(
                    server, ssl_context, server_hostname=host, https_compatible=True
                )
            async with client, server, PrivateNursery() as pumps:
                pumps.start_soon(_pump, client, recorder.wrap(server), pumps.cancel_scope)
                await _pump(recorder.wrap(server), client, pumps.cancel_scope)

        listeners = await nursery.start(partial(trio.serve_tcp, serve_one, 0, host="127.0.0.1"))
        proxy = RecordingProxy("localhost", listeners[0].socket.getsockname()[1])
        yield proxy


async def _pump(
    source: trio.abc.ReceiveStream, target: trio.abc.SendStream, scope: trio.CancelScope
) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while data := await source.receive_some(65536):
            await target.send_all(data)
    scope.cancel()
