"""How long an account waits before it tries again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import Retry
from aimap._account.backoff import Backoff

retries = st.builds(
    Retry, st.floats(0.01, 100), st.floats(0.01, 10_000), attempts=st.none() | st.integers(1, 20)
)
draws = st.floats(0, 1, exclude_max=True)


@given(retries, st.lists(draws, max_size=80))
def test_waits_double_up_to_the_longest(retry: Retry, drawn: list[float]) -> None:
    backoff = Backoff(retry, iter(drawn).__next__)
    for number in range(len(drawn)):
        span = backoff.span
        assert span == min(retry.first * 2**number, retry.longest)
        wait = backoff.failed()
        if retry.attempts is not None and number + 1 >= retry.attempts:
            assert wait is None
            return
        assert wait is not None
        assert (0 if number == 0 else span / 2) <= wait <= span


@given(retries, st.lists(st.tuples(draws, st.none() | st.floats(0, 3600)), max_size=30))
def test_never_sooner_than_the_server_asks(
    retry: Retry, failures: list[tuple[float, float | None]]
) -> None:
    drawn = iter([draw for draw, _ in failures])
    backoff = Backoff(retry, drawn.__next__)
    for _, asked in failures:
        wait = backoff.failed(asked)
        if wait is None:
            return
        if asked is not None:
            assert asked <= wait <= asked + max(asked / 10, retry.first)


def test_a_thousand_accounts_do_not_come_back_together() -> None:
    """Whatever they have in common: none of ten equal spans gets more than twice its share."""
    random = Random(1)
    waits = []
    for _ in range(1000):
        backoff = Backoff(Retry(first=1, longest=64), random.random)
        for _ in range(7):
            wait = backoff.failed()
        waits.append(wait)
    for low in range(320, 640, 32):
        assert 50 < sum(low <= (wait or 0) * 10 < low + 32 for wait in waits) < 200


def test_what_lasted_begins_anew_and_what_did_not_goes_on() -> None:
    backoff = Backoff(Retry(first=1, longest=100), lambda: 0.5)
    for _ in range(5):
        backoff.failed()
    assert backoff.lost(1) == 24
    assert backoff.failures == 6
    assert backoff.lost(32) == 0.5
    assert backoff.failures == 1


def test_a_loss_is_never_the_end() -> None:
    backoff = Backoff(Retry(first=1, attempts=1), lambda: 0.5)
    assert backoff.lost(0) > 0
    assert backoff.failed() is None


@pytest.mark.parametrize("wrong", [{"first": 0}, {"longest": -1}, {"attempts": 0}])
def test_senseless_patience_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(aimap.InvalidArgumentError):
        Retry(**wrong)


def test_senseless_accounts_are_refused() -> None:
    joe = aimap.Password("joe", "secret")
    with pytest.raises(aimap.InvalidArgumentError, match="at least 1"):
        aimap.AccountConfig("host", joe, max_connections=0)
    with pytest.raises(aimap.InvalidArgumentError, match="auth is"):
        aimap.AccountConfig("host", ("joe", "secret"))  # type: ignore[arg-type]
    assert "secret" not in repr(aimap.AccountConfig("host", joe))
    assert aimap.AccountConfig("host", joe).label == "joe@host"
    assert aimap.AccountConfig("host", joe, name="work").label == "work"
