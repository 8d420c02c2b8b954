"""Copied beside the tests that run against the wheel: nothing else is there to import."""

from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import aimap


def test_what_is_tested_is_the_wheel() -> None:
    assert Path(aimap.__file__).is_relative_to(sys.prefix)
    assert (distribution("trio-aimap").read_text("direct_url.json") or "").find(".whl") > 0
    places = {Path(place, "aimap").resolve() for place in sys.path}
    assert [place for place in places if place.exists()] == [Path(aimap.__file__).parent.resolve()]
