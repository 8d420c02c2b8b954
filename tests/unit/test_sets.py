"""Sets and searches that are too long for one line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import InvalidArgumentError, SeqSet, UIDSet
from aimap._commands.criteria import search_pieces
from aimap._commands.sets import set_octets
from aimap._model.search import And, SearchCriteria, SearchKey
from aimap._wire.encoder import Dialect
from aimap.commands import Copy, Search, Store, pieces

from .strategies import one

LONG = UIDSet(range(1, 9000, 2))


@given(st.sets(st.integers(1, 0xFFFFFFFF), max_size=200), st.sampled_from([64, 200, 8192]))
def test_pieces(numbers: set[int], max_line: int) -> None:
    whole = UIDSet(numbers)
    found = list(pieces(whole, max_line))
    assert all(found)
    assert UIDSet.from_ranges(pair for piece in found for pair in piece.ranges) == whole
    assert sum(map(len, found)) == len(whole)
    assert all(len(str(piece)) <= set_octets(max_line) for piece in found)


def test_pieces_keep_their_kind() -> None:
    assert all(isinstance(piece, SeqSet) for piece in pieces(SeqSet(range(1, 900, 2)), 1000))
    assert list(pieces(UIDSet(), 1000)) == []
    assert list(pieces(UIDSet("1:*"), 1000)) == [UIDSet("1:*")]


@pytest.mark.parametrize("max_line", [1000, 8192])
def test_each_piece_fits_a_command(max_line: int) -> None:
    for piece in pieces(LONG, max_line):
        assert len(one(Copy(piece, "x"), Dialect(max_line=max_line))) <= max_line


def matches(uid: int, criteria: SearchCriteria) -> bool:
    """Search one message, whose UID is all that it has."""
    match criteria:
        case And(parts):
            return all(matches(uid, part) for part in parts)
        case SearchKey("UID", (UIDSet() as uids,)):
            return uid in uids
        case SearchKey("UNSEEN"):
            return uid % 3 == 0
    raise AssertionError(criteria)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "criteria",
    [aimap.IN(LONG), aimap.UNSEEN & aimap.IN(LONG), aimap.IN(LONG) & aimap.UNSEEN & aimap.IN("1:500")],
)  # fmt: skip
def test_a_long_search_is_the_union_of_its_pieces(criteria: SearchCriteria) -> None:
    found = search_pieces(criteria, 1000)
    assert len(found) > 1
    for piece in found:
        assert len(one(Search(piece, extended=True), Dialect(max_line=1000))) <= 1000
    for uid in range(1, 9100):
        assert matches(uid, criteria) == any(matches(uid, piece) for piece in found)


@pytest.mark.parametrize(
    "criteria",
    [aimap.UNSEEN, aimap.IN("1:500"), aimap.IN(SeqSet("1:*")) & aimap.FLAGGED, aimap.LARGER(5)],
)
def test_a_short_search_is_left_alone(criteria: SearchCriteria) -> None:
    assert search_pieces(criteria, 1000) == [criteria]


@pytest.mark.parametrize(
    "criteria", [~aimap.IN(LONG), aimap.IN(LONG) | aimap.SEEN, aimap.FUZZY(aimap.IN(LONG))]
)
def test_what_is_no_union_is_refused(criteria: Any) -> None:
    (same,) = search_pieces(criteria, 8192)
    with pytest.raises(InvalidArgumentError, match="8192 octets"):
        one(Search(same, extended=True))


def test_a_long_set_is_named_by_its_beginning() -> None:
    command = Store(UIDSet(range(1, 1000, 2)), "+", ["\\Seen"])
    assert command.described.startswith("UID STORE 1,3,5,")
    assert command.described.endswith(",...")
    assert len(command.described) < 120
