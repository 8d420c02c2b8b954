"""Positions, and how a Maildir calls things."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import UID, Flag, Flags, InvalidArgumentError, MailboxStatus, UIDSet, UIDValidity
from aimap.sync import Position, Window
from aimap.sync._names import Letters, base_name, parse_name
from aimap.sync._position import kept_position

NUMBERS = st.integers(1, 0xFFFFFFFF)
SETS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=5).map(UIDSet.from_ranges)
WINDOWS = st.builds(Window, st.none() | st.dates(), st.none() | NUMBERS)
KEYWORDS = st.from_regex(r"[A-Za-z$][A-Za-z0-9_-]{0,8}", fullmatch=True)


@given(NUMBERS, st.integers(0), st.integers(0), st.integers(0), SETS, SETS, WINDOWS)
def test_a_position_is_kept_as_text(
    validity: int,
    uid_next: int,
    messages: int,
    modseq: int,
    left_out: UIDSet,
    missing: UIDSet,
    window: Window,
) -> None:
    position = Position(
        uid_validity=UIDValidity(validity),
        uid_next=uid_next,
        messages=messages,
        modseq=modseq,
        left_out=left_out,
        missing=missing,
        window=window,
    )
    assert Position.from_text(position.to_text()) == position
    assert kept_position(position.to_text()) == position


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", "[1]", '[1,2,3,4,"0","",null,null]', "null"])
def test_what_is_no_position(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        Position.from_text(text)
    assert kept_position(text) is None
    assert kept_position(None) is None


def status(**items: int) -> MailboxStatus:
    return MailboxStatus("INBOX", {name.upper(): value for name, value in items.items()})


def test_what_tells_that_nothing_changed() -> None:
    told = {"uidvalidity": 7, "uidnext": 10, "messages": 3, "highestmodseq": 99}
    position = Position(uid_validity=UIDValidity(7), uid_next=10, messages=3, modseq=99)
    assert position.is_still_right(status(**told), Window())
    for name, value in told.items():
        assert not position.is_still_right(status(**{**told, name: value + 1}), Window())
        rest = {other: each for other, each in told.items() if other != name}
        assert not position.is_still_right(status(**rest), Window())
    no_modseq = Position(uid_validity=UIDValidity(7), uid_next=10, messages=3)
    assert not no_modseq.is_still_right(status(**{**told, "highestmodseq": 0}), Window())
    owing = Position(
        uid_validity=UIDValidity(7), uid_next=10, messages=3, modseq=99, missing=UIDSet(2)
    )
    assert not owing.is_still_right(status(**told), Window())


@given(WINDOWS, WINDOWS)
def test_a_window_reaches_beyond_another(one: Window, other: Window) -> None:
    def inside(window: Window, day: date, octets: int) -> bool:
        return (window.since is None or day >= window.since) and (
            window.largest is None or octets <= window.largest
        )

    days = [date.min, date.max, *(w.since for w in (one, other) if w.since is not None)]
    sizes = [0, 2**40, *(w.largest for w in (one, other) if w.largest is not None)]
    beyond = any(
        inside(one, day, size) and not inside(other, day, size) for day in days for size in sizes
    )
    # It may be said too often, never too seldom.
    assert one.reaches_beyond(other) or not beyond
    assert not one.reaches_beyond(one)


@given(st.lists(st.lists(KEYWORDS | st.sampled_from([Flag.SEEN, Flag.DRAFT, Flag.FORWARDED]))))
def test_letters_mean_the_same_flags(lists: list[list[str]]) -> None:
    letters = Letters()
    for words in lists:
        flags = Flags(words)
        letters.learn(flags)
        assert len(letters.keywords) <= 26
        if len(letters.keywords) < 26:
            name = f"{base_name(UID(5), 9, 1)}:2,{letters.of(flags)}"
            assert letters.flags(name) == flags
            assert Letters.parse(letters.to_text()).flags(name) == flags
            assert parse_name(name) == (9, 5)


@given(st.text(max_size=60))
def test_keywords_that_somebody_else_wrote(text: str) -> None:
    letters = Letters.parse(text)
    assert len(letters.keywords) <= 26
    letters.flags("1.V1U1.aimap:2,Sabcz")
