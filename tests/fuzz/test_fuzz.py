"""Each fuzz target holds for what it begins with, and for all that it ever found."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import found, seeds
from tests.fuzz.targets import TARGETS, check

pytestmark = pytest.mark.exhaustive


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for seed in seeds(name):
        check(TARGETS[name], seed)


@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name in TARGETS for data in found(name)]
)
def test_what_was_found(name: str, data: bytes) -> None:
    check(TARGETS[name], data)
