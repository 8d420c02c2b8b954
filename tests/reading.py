"""Reading octets in chunks, and once more without the fast path, to compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TypeAlias

import attrs

from aimap import Limits, Message, RemoteProtocolError, Response, Unparsed
from aimap._errors import ConnectionLostError, LimitExceededError
from aimap._wire.framer import Framer
from aimap._wire.parse_response import parse_frame
from aimap._wire.reader import ResponseReader
from aimap._wire.reading import Reading, ScanError

ALLOWED = (RemoteProtocolError, LimitExceededError)
"""All that may come out of a reader."""


Defects: TypeAlias = tuple[str, ...]


@attrs.frozen
class Read:
    """What octets were read as.

    Attributes:
        runs: the values, as many together as were given, with what was wrong with those.
        end: why nothing more can be read; ``None`` if it can.
    """

    runs: list[tuple[list[Response], Defects]]
    end: str | None

    @property
    def responses(self) -> list[Response]:
        """The values."""
        return [response for run, _ in self.runs for response in run]

    def like(self, other: Read) -> Read:
        """Return the same in runs of the same lengths as another's, if that can be."""
        single = [(response, defects) for run, defects in self.runs for response in run]
        runs: list[tuple[list[Response], Defects]] = []
        for run, _ in other.runs:
            taken, single = single[: len(run)], single[len(run) :]
            # A deviation is told once, and of very many only the first.
            told = dict.fromkeys(defect for _, defects in taken for defect in defects)
            runs.append(([response for response, _ in taken], tuple(told)[:16]))
        runs += [([response], defects) for response, defects in single]
        return Read(runs, self.end)


def assert_alike(got: Read, expected: Read) -> None:
    """See that two readings gave the same, in whatever runs."""
    expected = expected.like(got)
    assert got == expected
    for one, other in zip(got.responses, expected.responses, strict=True):
        if isinstance(one, Message) and isinstance(other, Message):
            assert (one.octets, list(one.keys())) == (other.octets, list(other.keys()))


def chunks(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Cut *data* into chunks of these sizes, over and over; 0 is all that is left."""
    at = 0
    for size in cycle(sizes or (0,)):
        if at >= len(data):
            return
        end = at + size if size else len(data)
        yield data[at:end]
        at = end


def read(
    data: bytes,
    sizes: Sequence[int] = (0,),
    *,
    limits: Limits | None = None,
    strict: bool = False,
    utf8: bool = False,
) -> Read:
    """Read as a connection does."""
    limits = limits or Limits()
    reader = ResponseReader(limits, strict=strict)
    reader.reading.utf8 = utf8
    found: list[tuple[list[Response], Defects]] = []
    try:
        for chunk in chunks(data, sizes):
            reader.receive_data(chunk)
            for given in reader.responses():
                run: list[Response] = [*given] if isinstance(given, list) else [given]
                found.append((run, _defects(reader.reading)))
            assert reader.pending <= limits.max_response + limits.max_line + len(chunk)
    except ALLOWED as error:
        return Read(found, _said(error))
    return Read(found, None)


def read_generally(
    data: bytes, *, limits: Limits | None = None, strict: bool = False, utf8: bool = False
) -> Read:
    """Read all at once, and every response by the general reader."""
    reading = Reading(limits or Limits(), strict=strict, utf8=utf8)
    framer = Framer(reading)
    framer.receive_data(data)
    found: list[tuple[list[Response], Defects]] = []
    while True:
        try:
            frame = framer.next_frame()
        except ScanError as error:
            found.append(([Unparsed(framer.take_rest(), str(error))], _defects(reading)))
            continue
        except ALLOWED as error:
            return Read(found, _said(error))
        if frame is None:
            return Read(found, None)
        found.append(([parse_frame(frame, reading)], _defects(reading)))


def _defects(reading: Reading) -> Defects:
    told = tuple(reading.defects)
    reading.defects.clear()
    return told


def _said(error: ConnectionLostError) -> str:
    if isinstance(error, LimitExceededError):
        # By how much depends on the chunks.
        return f"LimitExceededError: {error.limit}"
    return f"{type(error).__name__}: {error}"
