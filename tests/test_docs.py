"""What the documentation shows works as it is shown, and nothing public is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import aimap
import aimap.sync
import aimap.testing

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*/*.md"))]
BLOCKS = [
    pytest.param(code, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(
            r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
    )
]
PROGRAMS = [block for block in BLOCKS if "trio.run(" in str(block.values[0])]
TESTS = [block for block in BLOCKS if "aimap_server" in str(block.values[0])]


@pytest.mark.parametrize("code", PROGRAMS)
def test_programs_run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("code", TESTS)
def test_tests_pass(code: str, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(code, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest]\ntrio_mode = true\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


def test_the_first_example_compiles() -> None:
    (code,) = re.findall(
        r"^```python\n(.*?)^```", PAGES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    compile(code, "README.md", "exec")


def test_every_public_name_is_in_the_reference() -> None:
    reference = "".join(
        page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")
    )
    elsewhere = {*aimap.items.__all__, *aimap.criteria.__all__, *aimap.commands.__all__}
    modules = {"items", "criteria", "commands", "extending", "sync", "__version__"}
    missing = [
        name
        for name in aimap.__all__
        if name not in elsewhere | modules and f"aimap.{name}\n" not in reference
    ]
    missing += [
        name for name in aimap.commands.__all__ if f"aimap.commands.{name}\n" not in reference
    ]
    missing += [
        name
        for name in (*aimap.items.__all__, *aimap.criteria.__all__)
        if not re.search(rf"(`|\.){name}(`|\n)", reference)
    ]
    assert missing == []


def test_every_public_name_has_a_docstring() -> None:
    for module in (aimap, aimap.sync, aimap.testing, aimap.commands, aimap.items):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) or callable(value):
                assert value.__doc__, name
