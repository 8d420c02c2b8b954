"""Octets to typed responses: the framer and the parsers, joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from aimap._errors import RemoteProtocolError
from aimap._model.limits import Limits
from aimap._model.message import Message
from aimap._model.response import Response, Unparsed
from aimap._wire.fast_fetch import FastFetch
from aimap._wire.framer import Framer
from aimap._wire.parse_response import parse_frame
from aimap._wire.reading import Reading, ScanError


@final
class ResponseReader:
    """Takes octets in any chunks; gives typed responses.

    Attributes:
        reading: how they are read, and what was wrong with those given so far.
    """

    def __init__(self, limits: Limits, *, strict: bool = False) -> None:
        self.reading = Reading(limits, strict=strict)
        self._framer = Framer(self.reading)
        self._fast = FastFetch(self.reading)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take octets."""
        self._framer.receive_data(data)

    def responses(self) -> Iterator[Response | list[Message]]:
        """Iterate over the responses that are complete.

        A response is read only when it is asked for, so that what it changes, such as
        the start of TLS, comes before the octets behind it are looked at. Only FETCH
        responses, which change nothing of the kind, come in runs: as many as stand one
        behind the other, with the same items.

        Raises:
            LimitExceededError: if a framing bound is broken, behind what came before.
            RemoteProtocolError: if it cannot be told any more where a response ends.
        """
        framer, fast = self._framer, self._fast
        while True:
            try:
                if framer.lacks_the_rest():
                    return
                run = fast.next_messages(framer)
                if run:
                    yield run
                frame = framer.next_frame()
            except ScanError as error:
                yield Unparsed(framer.take_rest(), str(error))
                continue
            if frame is None:
                return
            response: Response | None = fast.read_frame(frame)
            if response is None:
                response = parse_frame(frame, self.reading)
                fast.learn(frame, response)
            yield [response] if type(response) is Message else response

    @property
    def pending(self) -> int:
        """Octets that are not a whole response yet."""
        return self._framer.pending

    def take_rest(self) -> bytes:
        """Remove and return the octets that are pending."""
        return self._framer.take_rest()


def parse_response(raw: bytes, *, strict: bool = False) -> Response:
    """Read one whole response: a line, with the literals and lines that belong to it.

    This is what a connection does with every response; no connection is needed.

    Args:
        raw: the response, with or without its last line end.
        strict: raise where a connection would go on.

    Returns:
        Its typed value. A response of a kind that is not known is an
        :class:`UnknownResponse`; one that cannot be read, or is not whole, is
        :class:`Unparsed`.

    Raises:
        LimitExceededError: if it breaks a bound of :class:`Limits` that would end a
            connection: a line or a literal is too long.
        RemoteProtocolError: if *strict*, and the response is not what its grammar says.
    """
    reader = ResponseReader(Limits(), strict=strict)
    try:
        response = _one_response(reader, raw)
    except RemoteProtocolError as error:
        # Where a connection ends, since nothing behind it can be found.
        response = Unparsed(raw, str(error))
    if strict and isinstance(response, Unparsed):
        raise RemoteProtocolError(response.reason, response.raw)
    return response


def _one_response(reader: ResponseReader, raw: bytes) -> Response:
    reader.receive_data(raw)
    response = next(reader.responses(), None)
    if response is None:
        reader.receive_data(b"\r\n")
        response = next(reader.responses(), None)
    if response is None:
        return Unparsed(raw, "a response that ends too early")
    if isinstance(response, list):
        (response,) = response
    return Unparsed(raw, "more than one response") if reader.pending else response
