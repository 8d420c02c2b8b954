"""The matrix in docs/reference/servers.md is what the tests of this folder have seen."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from .frame import RECORDER, SHOWN
from .matrix import PAGE, page
from .rows import ROWS


def _import_all() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        import_module(f"{__package__}.{path.stem}")


def test_every_feature_is_shown() -> None:
    _import_all()
    assert set(ROWS) == {name for shown in SHOWN for name in shown.features}


def test_the_page_tells_what_was_seen(request: pytest.FixtureRequest) -> None:
    _import_all()
    if not RECORDER.is_whole():
        pytest.skip("what was seen is told when all tests of features have passed on all servers")
    text = page(RECORDER.seen)
    if request.config.getoption("--write-matrix"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, (
        "docs/reference/servers.md is not what was seen: pytest tests/features --write-matrix"
    )
