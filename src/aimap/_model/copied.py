"""What became of messages that were copied or moved."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import final

from aimap._model.code import CopyUIDCode
from aimap._model.numbers import UID, UIDSet, UIDValidity

_Segment = tuple[int, int, int]


@final
class CopyResult(Mapping[UID, UID]):
    """The new UID of each message that was copied or moved, by its old one.

    ::

        moved = await inbox.move("1:50", "Archive")
        moved[17]           # its UID in Archive

    It is a mapping, kept as ranges. Where the server does not tell new UIDs (it has no
    UIDPLUS, or what it says cannot be true), those messages are in :attr:`untold`.

    Attributes:
        uid_validity: the UIDVALIDITY of the mailbox that they went to, if that was told.
        untold: the messages that were dealt with, and of which no new UID is known. As the
            server names none, some may have been gone before.
        missing: the messages that were not copied: mostly those that are gone. Asked twice,
            the server left them out.
    """

    __slots__ = ("_count", "_segments", "missing", "uid_validity", "untold")

    def __init__(self, codes: Iterable[CopyUIDCode], *, untold: UIDSet, missing: UIDSet) -> None:
        """Make it from what the server said of each command."""
        segments: list[_Segment] = []
        self.uid_validity: UIDValidity | None = None
        for code in codes:
            self.uid_validity = code.uid_validity
            segments += _paired(code.source, code.destination)
        segments.sort()
        self._segments = tuple(segments)
        self._count = sum(high - low + 1 for low, high, _ in segments)
        self.untold: UIDSet = untold
        self.missing: UIDSet = missing

    def __getitem__(self, uid: int) -> UID:
        at = bisect_right(self._segments, uid, key=_low) - 1
        if at >= 0:
            low, high, new = self._segments[at]
            if low <= uid <= high:
                return UID(new + uid - low)
        raise KeyError(uid)

    def __iter__(self) -> Iterator[UID]:
        for low, high, _ in self._segments:
            yield from map(UID, range(low, high + 1))

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return bool(self._count or self.untold)

    def __repr__(self) -> str:
        return (
            f"<aimap.CopyResult {self.old_uids}->{self.new_uids}, "
            f"untold {self.untold}, missing {self.missing}>"
        )

    @property
    def old_uids(self) -> UIDSet:
        """The UIDs that they had, as far as new ones are known."""
        return UIDSet.from_ranges((low, high) for low, high, _ in self._segments)

    @property
    def new_uids(self) -> UIDSet:
        """The UIDs that they have now, as far as those are known."""
        return UIDSet.from_ranges((new, new + high - low) for low, high, new in self._segments)


def _low(segment: _Segment) -> int:
    return segment[0]


def is_credible(code: CopyUIDCode, asked: UIDSet | None) -> bool:
    """Tell whether COPYUID can be true: as many new UIDs as old ones, which were asked for.

    Args:
        code: what the server said.
        asked: the messages that the command was about; ``None`` if they are not known by UID.
    """
    sources, targets = UIDSet.from_ranges(code.source), UIDSet.from_ranges(code.destination)
    if not len(sources) == len(targets) == _count(code.source) == _count(code.destination):
        return False
    return asked is None or not sources - asked


def _count(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(abs(high - low) + 1 for low, high in ranges)


def _paired(
    source: Iterable[tuple[int, int]], destination: Iterable[tuple[int, int]]
) -> Iterator[_Segment]:
    """Pair ranges of old UIDs with ranges of new ones (:rfc:`4315#section-3`).

    ``2:4`` and ``4:2`` are the same.
    """
    targets = iter([tuple(sorted(each)) for each in destination])
    new, last = 1, 0
    for low, high in (tuple(sorted(each)) for each in source):
        at = low
        while at <= high:
            if new > last:
                new, last = next(targets)
            length = min(high - at, last - new) + 1
            yield at, at + length - 1, new
            at += length
            new += length
