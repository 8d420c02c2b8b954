"""Sets of message numbers behave as Python's sets do, and cost as their ranges do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import InvalidArgumentError, SeqSet, UIDSet

numbers = st.sets(st.integers(1, 40))


@given(numbers, numbers)
def test_algebra(a: set[int], b: set[int]) -> None:
    x, y = UIDSet(a), UIDSet(b)
    assert set(x | y) == a | b
    assert set(x & y) == a & b
    assert set(x - y) == a - b
    assert set(x ^ y) == a ^ b
    assert (x <= y, x == y, x.isdisjoint(y)) == (a <= b, a == b, a.isdisjoint(b))
    assert set(x | b) == set(a | y) == a | b
    assert set(x - b) == set(a - y) == a - b


@given(numbers)
def test_as_a_sequence(a: set[int]) -> None:
    x = UIDSet(a)
    assert list(x) == sorted(a)
    assert len(x) == len(a)
    assert bool(x) is bool(a)
    assert [n in x for n in range(42)] == [n in a for n in range(42)]
    assert UIDSet(str(x)) == x == UIDSet.from_ranges(x.ranges)
    assert hash(x) == hash(UIDSet(sorted(a)))


@given(numbers, st.integers(1, 12))
def test_chunks(a: set[int], size: int) -> None:
    chunks = list(UIDSet(a).chunks(size))
    assert [n for chunk in chunks for n in chunk] == sorted(a)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(1 <= len(chunk) <= size for chunk in chunks)


@given(numbers, st.integers(1, 12), st.integers(3, 20))
def test_cut(a: set[int], count: int, octets: int) -> None:
    head, rest = UIDSet(a).cut(count, octets)
    assert [*head, *rest] == sorted(a)
    assert len(head) <= count
    assert len(head.ranges) <= 1 or len(str(head)) <= octets
    assert bool(head) or not a


def test_all_uids_cost_as_little_as_one() -> None:
    everything = UIDSet("1:*")
    assert len(everything) == 4294967295
    assert everything.ranges == ((1, 4294967295),)
    assert everything - UIDSet("1:4294967294") == UIDSet(4294967295)
    assert str(UIDSet("5:3,1,2")) == "1:5"
    assert next(everything.chunks(1000)).ranges == ((1, 1000),)


@pytest.mark.parametrize(
    "text", ["0", "1,2,", "5:", "1:2:3", "4294967296", "a", "1 2", "-1", "1:0", "*:0", "\u0661"]
)
def test_what_is_not_a_set_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        UIDSet(text)


@pytest.mark.parametrize("number", [0, -1, 4294967296, True, 1.5, "x"])
def test_what_is_not_a_number_is_refused(number: object) -> None:
    with pytest.raises(InvalidArgumentError, match="message number"):
        UIDSet([number])  # type: ignore[list-item]


def test_kinds_do_not_mix() -> None:
    assert UIDSet([1]) != SeqSet([1])
    with pytest.raises(TypeError):
        UIDSet([1]) | SeqSet([1])


def test_ends() -> None:
    assert (UIDSet("3:9,20").first, UIDSet("3:9,20").last) == (3, 20)
    with pytest.raises(InvalidArgumentError, match="empty"):
        _ = UIDSet().first
