"""What real servers send, read by the letter: a tap on the wire, and what it may find.

Every response must be what its grammar says: readable with ``strict=True``, of a kind that
is known, and with no value in it that is ``Invalid``. What a server is known to send
otherwise is listed here, with the reason.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import trio

import aimap
from aimap import Invalid, Message, UnknownResponse, Unparsed
from aimap._model.limits import Limits
from aimap._wire.framer import Framer
from aimap._wire.reader import ResponseReader
from aimap._wire.reading import Reading


class Deviation(NamedTuple):
    """Responses of a server that are not what an RFC says.

    Attributes:
        kind: the server.
        fault: what reading by the letter complains of, or how that begins.
        shape: what the whole response looks like.
        reason: what the server does, and what is made of it.
    """

    kind: str
    fault: str
    shape: bytes
    reason: str


DEVIATIONS = (
    *(
        Deviation(
            kind,
            "trailing-space",
            rb"\* THREAD $",
            "No thread at all comes with a space behind the keyword (RFC 5256 section 4).",
        )
        for kind in ("dovecot", "courier")
    ),
    Deviation(
        "courier",
        "quota-without-list",
        rb'\* QUOTA "[^"]*"$',
        "A quota root without limits has no list of them; it is read as an empty one.",
    ),
    Deviation(
        "courier",
        "addr-group-alike",
        rb'\* \d+ FETCH .*\(NIL NIL "" NIL\)',
        "A group begins as it ends, with an empty mailbox: its name is lost, not its members.",
    ),
    Deviation(
        "courier",
        "bs-multipart-as-basic",
        rb'\* \d+ FETCH .*\("multipart" "mixed" NIL',
        "A multipart without a boundary has no parts, and comes as one part of that type.",
    ),
)


class Tap(trio.abc.Stream):
    """A stream that keeps what comes in."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self.received = bytearray()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        # Courier writes an answer in pieces, and its system holds each one back until the
        # one before is acknowledged; ours would take 40 ms for that, each time.
        self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.received += data
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()


def frames(octets: bytes | bytearray) -> Iterator[bytes]:
    """Iterate over the whole responses in *octets*."""
    framer = Framer(Reading(Limits(), strict=True))
    framer.receive_data(octets)
    while (frame := framer.next_frame()) is not None:
        yield frame


def fault(frame: bytes, *, utf8: bool = False) -> str | None:
    """Return what is wrong with a response, or ``None``.

    Args:
        frame: the response.
        utf8: whether UTF-8 was enabled.
    """
    reader = ResponseReader(Limits(), strict=True)
    reader.reading.utf8 = utf8
    reader.receive_data(frame + b"\r\n")
    try:
        (response,) = reader.responses()
    except aimap.RemoteProtocolError as error:
        return str(error)
    if isinstance(response, Unparsed):
        return response.reason
    if isinstance(response, UnknownResponse):
        return f"a response of an unknown kind, {response.name}"
    invalid = next(_invalid(response), None)
    return None if invalid is None else f"invalid: {invalid.reason}"


def _invalid(value: object) -> Iterator[Invalid]:
    """Iterate over what could not be read within *value*, decoding all of it."""
    if isinstance(value, Invalid):
        yield value
    elif isinstance(value, Message):
        yield from _invalid(value.items)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _invalid(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _invalid(each)
    else:
        for field in getattr(value, "__attrs_attrs__", ()):
            yield from _invalid(getattr(value, field.name))


def deviation(kind: str, frame: bytes, wrong: str) -> Deviation | None:
    """Return what *frame* is an example of, or ``None``."""
    for known in DEVIATIONS:
        if (
            known.kind == kind
            and wrong.startswith(known.fault)
            and re.match(known.shape, frame, re.DOTALL)
        ):
            return known
    return None


# Courier has NO for what it does not understand, as for what it does not do.
_NOT_UNDERSTOOD = re.compile(
    rb"(?:\*|[A-Z][0-9]+) (?:BAD\b|NO Error in IMAP command\b|(?:OK|NO) \[CLIENTBUG\])",
    re.IGNORECASE,
)


def not_understood(octets: bytes | bytearray) -> list[bytes]:
    """Return the answers that say that a command was wrong in itself."""
    return [frame for frame in frames(octets) if _NOT_UNDERSTOOD.match(frame)]


def is_known(kind: str, wrong: str) -> bool:
    """Tell whether a server of that kind is known for what is wrong."""
    return any(known.kind == kind and wrong.startswith(known.fault) for known in DEVIATIONS)


def check(kind: str, octets: bytes | bytearray) -> set[Deviation]:
    """Read all that a server sent; return the known deviations that were in it.

    Raises:
        AssertionError: if there are others.
    """
    seen: set[Deviation] = set()
    news: list[str] = []
    utf8 = False
    for frame in frames(octets):
        wrong = fault(frame, utf8=utf8)
        utf8 = utf8 or frame.upper().startswith(b"* ENABLED UTF8=ACCEPT")
        if wrong is None:
            continue
        known = deviation(kind, frame, wrong)
        if known is None:
            news.append(f"{wrong}: {frame[:500]!r}")
        else:
            seen.add(known)
    assert not news, f"{kind} sends what cannot be read by the letter:\n" + "\n".join(news)
    return seen
