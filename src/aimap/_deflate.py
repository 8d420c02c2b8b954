"""A stream compressed by DEFLATE both ways (:rfc:`4978`, :rfc:`1951`), on top of another one."""

from __future__ import annotations

import zlib
from typing import final

import trio

from aimap._errors import LimitExceededError, RemoteProtocolError

_RAW = -zlib.MAX_WBITS
_STEP = 256 * 1024

# Small amounts that inflate to much are legal, and common: what repeats, compresses.
_FREE = 32 * 1024 * 1024


@final
class DeflateStream(trio.abc.Stream):
    """Compresses what is sent, inflates what is received; never much at once.

    Args:
        stream: what it runs on.
        received: octets that came in already, behind the answer to COMPRESS.
        max_ratio: octets that one received octet may inflate to, on the average; what is
            inflated in the beginning does not count.

    Attributes:
        transport_stream: what it runs on.
    """

    def __init__(self, stream: trio.abc.Stream, received: bytes = b"", *, max_ratio: int) -> None:
        self.transport_stream = stream
        self._max_ratio = max_ratio
        self._deflate = zlib.compressobj(wbits=_RAW)
        self._inflate = zlib.decompressobj(wbits=_RAW)
        self._waiting = received
        self._octets_in = len(received)
        self._octets_out = 0

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Compress and send, so that the other end can read all of it at once."""
        octets = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.transport_stream.send_all(octets)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room for more."""
        await self.transport_stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive octets, inflated; none at the end.

        Raises:
            LimitExceededError: if few octets inflate to very many.
            RemoteProtocolError: if what comes in is no DEFLATE.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        step = min(max_bytes or _STEP, _STEP)
        while True:
            octets = self._inflated(step)
            if octets:
                await trio.lowlevel.cancel_shielded_checkpoint()
                return octets
            received = await self.transport_stream.receive_some()
            if not received:
                return b""
            self._waiting = bytes(received)
            self._octets_in += len(received)

    def _inflated(self, step: int) -> bytes:
        try:
            octets = self._inflate.decompress(self._waiting, step)
        except zlib.error as error:
            raise RemoteProtocolError("what follows COMPRESS is DEFLATE", self._waiting) from error
        self._waiting = self._inflate.unconsumed_tail
        self._octets_out += len(octets)
        if self._octets_out > max(_FREE, self._octets_in * self._max_ratio):
            ratio = self._octets_out // max(1, self._octets_in) + 1
            raise LimitExceededError("max_deflate_ratio", self._max_ratio, ratio)
        return octets

    async def aclose(self) -> None:
        """Close it."""
        await self.transport_stream.aclose()
