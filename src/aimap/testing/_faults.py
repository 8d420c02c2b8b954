"""What can go wrong on a connection, and when: a fault at a moment of the dialogue.

A :class:`Course` is the way of the server's octets to the client, with the faults on it.
It knows no stream and no clock: octets go in, and steps come out, which are taken by who
has a stream: the client's end is a :class:`aimap.testing.FaultyStream`, and the embedded
server has one of its own.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import Literal, NamedTuple, TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError

Moment: TypeAlias = int | bytes | re.Pattern[bytes]

_REMEMBERED = 64 * 1024


class Wait(NamedTuple):
    """A step: so many seconds pass."""

    seconds: float


class End(NamedTuple):
    """A step: the connection is over."""

    reset: bool


Step: TypeAlias = bytes | Wait | End


def _moment(_: object, __: object, value: Moment) -> None:
    if isinstance(value, int):
        good = value >= 0
    else:
        good = isinstance(value.pattern if isinstance(value, re.Pattern) else value, bytes) and (
            value != b""
        )
    if not good:
        raise InvalidArgumentError(
            f"'after' is a number of octets, some octets, or a pattern of octets, not {value!r}"
        )


def _one_of_two(_: object, __: object, value: str) -> None:
    if value not in ("server", "client"):
        raise InvalidArgumentError(f"'of' is 'server' or 'client', not {value!r}")


def is_number(value: object, *, least: float) -> bool:
    """Tell whether it is one, and not too small: from a file comes what nobody has checked."""
    return isinstance(value, (int, float)) and value >= least


def positive(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    """Demand at least 1."""
    if not is_number(value, least=1):
        raise InvalidArgumentError(f"{attribute.name!r} is at least 1, not {value!r}")


@attrs.frozen(kw_only=True)
class Fault:
    """Something that goes wrong once, at a moment of the dialogue.

    Attributes:
        after: the moment: behind so many octets; or behind these octets, or those that
            match this pattern, where they come for the first time.
        of: whose octets these are, the server's or the client's.
    """

    of: Literal["server", "client"] = attrs.field(default="server", validator=_one_of_two)
    after: Moment = attrs.field(default=0, validator=_moment)


@final
@attrs.frozen(kw_only=True)
class Drop(Fault):
    """The connection ends, without a word, and without TLS being closed.

    Attributes:
        reset: it ends by an error (TCP's RST) instead of the end of the stream.
    """

    reset: bool = False


@final
@attrs.frozen(kw_only=True)
class Stall(Fault):
    """The server falls silent; what it says meanwhile comes when that is over.

    Attributes:
        seconds: for how long; for ever if not given.
    """

    seconds: float = math.inf


@final
@attrs.frozen(kw_only=True)
class Drip(Fault):
    """From then on all octets come in small pieces.

    Attributes:
        size: octets of a piece.
        seconds: how long each of them takes; no time if not given.
    """

    size: int = attrs.field(default=1, validator=positive)
    seconds: float = 0.0


@final
@attrs.frozen
class Insert(Fault):
    """Octets come that the server has not sent, once or many times.

    Attributes:
        octets: what comes.
        times: how often.
    """

    octets: bytes
    times: int = attrs.field(default=1, validator=positive, kw_only=True)


@final
@attrs.frozen(kw_only=True)
class Repeat(Fault):
    """The octets that *after* is behind come again, once or many times.

    Attributes:
        times: how often.
    """

    times: int = attrs.field(default=1, validator=positive)


class _Party:
    """One end's octets so far, and the faults that are to come of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = list(faults)
        self._seen = 0
        self._recent = b""

    def next_faults(self, data: bytes) -> tuple[int, list[tuple[Fault, bytes]]]:
        """Find what is due first in *data*: where, which faults, and behind what."""
        found = [
            (end, fault, matched)
            for fault in self._faults
            for end, matched in self._ends(fault.after, data)
        ]
        first = min((end for end, _, _ in found), default=len(data))
        due = [(fault, matched) for end, fault, matched in found if end == first]
        for fault, _ in due:
            self._faults.remove(fault)
        return first, due

    def _ends(self, moment: Moment, data: bytes) -> Iterator[tuple[int, bytes]]:
        if isinstance(moment, int):
            if moment - self._seen <= len(data):
                yield moment - self._seen, b""
            return
        pattern = re.escape(moment) if isinstance(moment, bytes) else moment
        old = len(self._recent)
        for match in re.finditer(pattern, self._recent + data):
            if match.end() > old:
                yield match.end() - old, match[0]
                return

    def passed(self, data: bytes) -> None:
        """Take note of octets that are on their way."""
        self._seen += len(data)
        if self._faults:
            self._recent = (self._recent + data)[-_REMEMBERED:]


@final
class Course:
    """The way of a server's octets to its client, as a queue of steps.

    Attributes:
        over: whether the connection has ended, or will in the steps that are queued.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        faults = tuple(faults)
        self.over = False
        self._drip: Drip | None = None
        self._server = _Party(fault for fault in faults if fault.of == "server")
        self._client = _Party(fault for fault in faults if fault.of == "client")
        self._queue: deque[Iterator[Step]] = deque()
        self.server_sends(b"")
        list(self.client_sends(b""))

    def server_sends(self, data: bytes) -> None:
        """Queue what becomes of octets of the server."""
        self._queue.append(self._steps(data))

    def client_sends(self, data: bytes) -> Iterator[bytes]:
        """Return octets of the client, up to each fault that they make happen; queue those."""
        for piece, steps in self._cut(self._client, data):
            self._queue.append(steps)
            if piece:
                yield piece

    def next_step(self) -> Step | None:
        """Return what is to happen next, or ``None`` if all has happened."""
        while self._queue:
            step = next(self._queue[0], None)
            if step is not None:
                return step
            self._queue.popleft()
        return None

    def _steps(self, data: bytes) -> Iterator[Step]:
        for piece, steps in self._cut(self._server, data):
            if piece:
                yield from self._paced([piece])
            yield from steps

    def _cut(self, party: _Party, data: bytes) -> Iterator[tuple[bytes, Iterator[Step]]]:
        """Cut octets where faults are due, and return what these come to with each piece."""
        due: list[tuple[Fault, bytes]] | None = None
        while due != [] and not self.over:
            end, due = party.next_faults(data)
            piece, data = data[:end], data[end:]
            party.passed(piece)
            happening = [self._happen(fault, matched) for fault, matched in due]
            yield piece, chain.from_iterable(happening)

    def _happen(self, fault: Fault, matched: bytes) -> Iterable[Step]:
        match fault:
            case Drop(reset=reset):
                self.over = True
                return [End(reset)]
            case Stall(seconds=seconds):
                return [Wait(seconds)]
            case Insert(octets=octets, times=times):
                return self._paced(repeat(octets, times))
            case Repeat(times=times):
                return self._paced(repeat(matched, times))
            case _:
                assert isinstance(fault, Drip)
                self._drip = fault
        return []

    def _paced(self, pieces: Iterable[bytes]) -> Iterator[Step]:
        """Return octets as the drip, if there is one, lets them come."""
        if self._drip is None:
            return iter(pieces)
        return chain.from_iterable(map(self._drops, pieces))

    def _drops(self, data: bytes) -> Iterator[Step]:
        assert self._drip is not None
        for at in range(0, len(data), self._drip.size):
            if self._drip.seconds:
                yield Wait(self._drip.seconds)
            yield data[at : at + self._drip.size]
