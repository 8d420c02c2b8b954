"""The gate against a slow model: what conflicts with nothing earlier may go."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimap._commands.base import Claim, Mode
from aimap._protocol.gate import Gate

MODES = list(Mode)


class Waiting:
    def __init__(self, claims: tuple[Claim, ...]) -> None:
        self.claims = claims


def conflict(a: Waiting, b: Waiting) -> bool:
    modes = dict(a.claims)
    return any(
        key in modes and (modes[key] is not mode or mode is Mode.EXCLUSIVE)
        for key, mode in b.claims
    )


CLAIMS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(MODES), max_size=3).map(
    lambda claims: tuple(Claim(key, mode) for key, mode in claims.items())
)
LEAVE, LEAVE_LANE = st.integers(0, 30), st.floats(0, 30, allow_nan=False)
STEPS = st.lists(st.one_of(CLAIMS, LEAVE, LEAVE_LANE), max_size=60)


@pytest.mark.exhaustive
@settings(max_examples=300)
@given(STEPS)
def test_what_may_go(steps: list[tuple[Claim, ...] | float]) -> None:
    gate: Gate[Waiting] = Gate()
    present: list[Waiting] = []
    free: set[Waiting] = set()
    for step in steps:
        if isinstance(step, int):
            if not present:
                continue
            gone = present.pop(step % len(present))
            free.discard(gone)
            freed = gate.leave(gone)
            assert not free & set(freed)
            free |= set(freed)
        elif isinstance(step, float):
            some = [each for each in present if each in free and each.claims]
            if not some:
                continue
            leaves = some[int(step) % len(some)]
            (key, _), *rest = leaves.claims
            leaves.claims = tuple(rest)
            free |= set(gate.leave_lane(key))
        else:
            new = Waiting(step)
            present.append(new)
            if gate.enter(new):
                free.add(new)
        expected = {
            each
            for at, each in enumerate(present)
            if not any(conflict(earlier, each) for earlier in present[:at])
        }
        assert free == expected


def test_entering_and_leaving_cost_nothing_much() -> None:
    gate: Gate[Waiting] = Gate()
    many = [Waiting((Claim("x", Mode.EXCLUSIVE),)) for _ in range(20_000)]
    assert [gate.enter(each) for each in many] == [True] + [False] * 19_999
    for at, each in enumerate(many[:-1]):
        assert gate.leave(each) == [many[at + 1]]
