"""The strategies, and the writer, as others use them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import aimap
from aimap.testing import strategies, write_response

WITHOUT_HYPOTHESIS = """
import sys
sys.modules["hypothesis"] = None
import aimap.testing
print(aimap.testing.write_response(aimap.ExistsResponse(23)))
try:
    import aimap.testing.strategies
except ImportError as error:
    print(error)
"""


def test_only_the_strategies_need_hypothesis() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HYPOTHESIS], capture_output=True, text=True, check=True
    )
    wrote, missing = done.stdout.splitlines()
    assert wrote == r"b'* 23 EXISTS\r\n'"
    assert "needs Hypothesis" in missing


def test_every_strategy_has_a_docstring() -> None:
    for name in strategies.__all__:
        assert getattr(strategies, name).__doc__, name


def test_what_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        write_response(aimap.LanguageResponse(("a\0b",)))
    with pytest.raises(ValueError, match="cannot be quoted"):
        write_response(aimap.JmapAccessResponse("a\r\nb"))
    with pytest.raises(TypeError, match="not a response"):
        write_response("a")  # type: ignore[arg-type]
    broken = aimap.Unparsed(b"what?", "no response")
    assert write_response(broken) == b"what?\r\n"
