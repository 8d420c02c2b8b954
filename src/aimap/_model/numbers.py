"""Message numbers, and sets of them kept as ranges (:rfc:`9051#section-9`, ``sequence-set``)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Generic, NewType, Self, TypeVar, cast, final

from aimap._errors import InvalidArgumentError

UID = NewType("UID", int)
"""A unique identifier (:rfc:`9051#section-2.3.1.1`): 1 to 4294967295."""

SeqNum = NewType("SeqNum", int)
"""A message sequence number (:rfc:`9051#section-2.3.1.2`): 1 to the number of messages."""

ModSeq = NewType("ModSeq", int)
"""A modification sequence (:rfc:`7162#section-3.1`): 1 to 9223372036854775807."""

UIDValidity = NewType("UIDValidity", int)
"""The epoch of a mailbox's UIDs (:rfc:`9051#section-2.3.1.1`): 1 to 4294967295."""

MAX_NUMBER = 0xFFFFFFFF
MAX_MODSEQ = 0x7FFFFFFFFFFFFFFF

_N_co = TypeVar("_N_co", bound=int, covariant=True)
_Range = tuple[int, int]

_SET = re.compile(r"(?:[1-9][0-9]{0,9}|\*)(?::(?:[1-9][0-9]{0,9}|\*))?", re.ASCII)


def _checked(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidArgumentError(f"a message number is an int, not {number!r}")
    if not 1 <= number <= MAX_NUMBER:
        raise InvalidArgumentError(f"a message number is 1 to {MAX_NUMBER}, not {number!r}")
    return number


def _merged(ranges: Iterable[_Range]) -> tuple[_Range, ...]:
    """Sort, and join what overlaps or touches."""
    result: list[_Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return tuple(result)


def _of_numbers(numbers: Iterable[object]) -> tuple[_Range, ...]:
    return _merged([(number, number) for number in map(_checked, numbers)])


def parse_ranges(text: str) -> tuple[_Range, ...]:
    """Parse a ``sequence-set``; ``*`` is 4294967295, the highest number there can be.

    Ranges stay ranges: ``1:4294967295`` costs one pair, whoever sends it.

    Raises:
        InvalidArgumentError: if *text* is not a ``sequence-set``.
    """
    ranges: list[_Range] = []
    for part in text.split(","):
        if not _SET.fullmatch(part):
            raise InvalidArgumentError(
                f"a set of message numbers looks like '1,5:9,20:*', not {text[:80]!r}"
            )
        first, _, last = part.partition(":")
        low = MAX_NUMBER if first == "*" else int(first)
        high = low if not last else MAX_NUMBER if last == "*" else int(last)
        if low > MAX_NUMBER or high > MAX_NUMBER:
            raise InvalidArgumentError(f"a message number is at most {MAX_NUMBER}, not {part!r}")
        ranges.append((low, high) if low <= high else (high, low))
    return _merged(ranges)


class NumberSet(AbstractSet[_N_co], Generic[_N_co]):
    """An immutable set of message numbers, compressed to ranges.

    It is a real :class:`collections.abc.Set`: membership, iteration in ascending
    order, ``len``, ``|``, ``&``, ``-``, ``^``, comparison. ``1:4294967295`` costs as
    little as one number. Its text form is the RFC's ``sequence-set``.

    Use the subclasses :class:`UIDSet` and :class:`SeqSet`: the type of the set chooses
    the UID form of a command.
    """

    __slots__ = ("_ranges",)

    _ranges: tuple[_Range, ...]

    def __init__(self, numbers: str | int | Iterable[int] = ()) -> None:
        """Make a set from numbers, or from a ``sequence-set`` such as ``"1,5:9,20:*"``.

        Args:
            numbers: one number, an iterable of numbers, or the text form, in which
                ``*`` stands for 4294967295.

        Raises:
            InvalidArgumentError: if a number is not 1 to 4294967295, or the text is
                not a ``sequence-set``.
        """
        if isinstance(numbers, NumberSet):
            ranges = numbers.ranges
        elif isinstance(numbers, str):
            ranges = parse_ranges(numbers) if numbers else ()
        elif isinstance(numbers, int):
            number = _checked(numbers)
            ranges = ((number, number),)
        elif isinstance(numbers, range) and numbers.step == 1 and numbers:
            ranges = ((_checked(numbers[0]), _checked(numbers[-1])),)
        else:
            ranges = _of_numbers(numbers)
        self._ranges = ranges

    @classmethod
    def from_ranges(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """Make a set from inclusive ``(low, high)`` pairs in any order.

        Raises:
            InvalidArgumentError: if an end is not 1 to 4294967295.
        """
        return cls._of(
            _merged(
                [
                    (low, high) if low <= high else (high, low)
                    for low, high in ((_checked(a), _checked(b)) for a, b in ranges)
                ]
            )
        )

    @classmethod
    def _of(cls, ranges: tuple[_Range, ...]) -> Self:
        made = cls.__new__(cls)
        made._ranges = ranges  # noqa: SLF001 (our own class)
        return made

    @classmethod
    def _from_iterable(cls, it: Iterable[int]) -> Self:  # type: ignore[override]
        return cls(it)

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The inclusive ranges, ascending, none touching the next."""
        return self._ranges

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __iter__(self) -> Iterator[_N_co]:
        for low, high in self._ranges:
            yield from range(low, high + 1)  # type: ignore[misc]

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        at = bisect_right(self._ranges, number, key=_low) - 1
        return at >= 0 and number <= self._ranges[at][1]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NumberSet):
            return type(self) is type(cast("object", other)) and self._ranges == other.ranges
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._ranges))

    def _other(self, other: object) -> tuple[_Range, ...] | None:
        if isinstance(other, NumberSet):
            return other.ranges if type(self) is type(cast("object", other)) else None
        if not isinstance(other, Iterable):
            return None
        return _of_numbers(cast("Iterable[object]", other))

    def __or__(self, other: Iterable[int]) -> Self:  # type: ignore[override]
        ranges = self._other(other)
        if ranges is None:
            return NotImplemented
        if not ranges:
            return self
        return self._of(_merged(self._ranges + ranges))

    __ror__ = __or__

    def __and__(self, other: Iterable[int]) -> Self:
        ranges = self._other(other)
        if ranges is None:
            return NotImplemented
        return self._of(_common(self._ranges, ranges))

    __rand__ = __and__

    def __sub__(self, other: Iterable[int]) -> Self:
        ranges = self._other(other)
        if ranges is None:
            return NotImplemented
        return self._of(_common(self._ranges, _gaps(ranges)))

    def __rsub__(self, other: Iterable[int]) -> Self:
        ranges = self._other(other)
        if ranges is None:
            return NotImplemented
        return self._of(_common(ranges, _gaps(self._ranges)))

    def __xor__(self, other: Iterable[int]) -> Self:  # type: ignore[override]
        return (self | other) - (self & other)

    __rxor__ = __xor__

    def isdisjoint(self, other: Iterable[object]) -> bool:
        """Tell whether no number is in both."""
        if type(other) is type(self):
            return not self & other
        return not any(number in self for number in other)

    @property
    def first(self) -> _N_co:
        """The lowest number.

        Raises:
            InvalidArgumentError: if the set is empty.
        """
        return self._end(0, 0)

    @property
    def last(self) -> _N_co:
        """The highest number.

        Raises:
            InvalidArgumentError: if the set is empty.
        """
        return self._end(-1, 1)

    def _end(self, at: int, side: int) -> _N_co:
        if not self._ranges:
            raise InvalidArgumentError("an empty set has no first and no last number")
        return self._ranges[at][side]  # type: ignore[return-value]

    def chunks(self, size: int) -> Iterator[Self]:
        """Split into consecutive sets of at most *size* numbers each.

        Raises:
            InvalidArgumentError: if *size* is below 1.
        """
        if size < 1:
            raise InvalidArgumentError(f"a chunk holds at least 1 number, not {size!r}")
        taken: list[_Range] = []
        room = size
        for start, high in self._ranges:
            low = start
            while high - low + 1 >= room:
                taken.append((low, low + room - 1))
                yield self._of(tuple(taken))
                low += room
                taken, room = [], size
            if low <= high:
                taken.append((low, high))
                room -= high - low + 1
        if taken:
            yield self._of(tuple(taken))

    def cut(self, count: int, octets: int) -> tuple[Self, Self]:
        """Split off the lowest numbers.

        Args:
            count: how many numbers at most, at least 1.
            octets: how long their text form may be, at most; one range always fits.

        Returns:
            Those numbers, and the rest.
        """
        at, length = 0, 0
        for low, high in self._ranges:
            length += len(str(low)) + (len(str(high)) + 1 if high > low else 0) + 1
            if count < 1 or (at and length > octets + 1):
                break
            at += 1
            if high - low + 1 > count:
                head = (*self._ranges[: at - 1], (low, low + count - 1))
                return self._of(head), self._of(((low + count, high), *self._ranges[at:]))
            count -= high - low + 1
        return self._of(self._ranges[:at]), self._of(self._ranges[at:])

    def __str__(self) -> str:
        return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in self._ranges)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def _low(pair: _Range) -> int:
    return pair[0]


def _common(ours: tuple[_Range, ...], theirs: tuple[_Range, ...]) -> tuple[_Range, ...]:
    if len(theirs) < len(ours):
        ours, theirs = theirs, ours
    result: list[_Range] = []
    for low, high in ours:
        at = bisect_left(theirs, low, key=_high)
        while at < len(theirs) and theirs[at][0] <= high:
            result.append((max(low, theirs[at][0]), min(high, theirs[at][1])))
            at += 1
    return tuple(result)


def _high(pair: _Range) -> int:
    return pair[1]


def _gaps(ranges: tuple[_Range, ...]) -> tuple[_Range, ...]:
    """Return the complement within 1 to 4294967295."""
    result: list[_Range] = []
    start = 1
    for low, high in ranges:
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= MAX_NUMBER:
        result.append((start, MAX_NUMBER))
    return tuple(result)


@final
class UIDSet(NumberSet[UID]):
    """A set of unique identifiers. Commands given one take their UID form."""

    __slots__ = ()


@final
class SeqSet(NumberSet[SeqNum]):
    """A set of message sequence numbers. Commands given one take their plain form."""

    __slots__ = ()


def as_set(messages: UIDSet | SeqSet | str | int | Iterable[int]) -> UIDSet | SeqSet:
    """Return *messages* as a set: of UIDs, unless it already is a :class:`SeqSet`."""
    return messages if isinstance(messages, (UIDSet, SeqSet)) else UIDSet(messages)
