"""What the package offers is imported when it is asked for, and not before."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import aimap

STUB = Path(aimap.__file__).with_suffix(".pyi")


def stubbed() -> tuple[dict[str, str], list[str]]:
    """Where the stub has each name from, and what it says is offered."""
    where: dict[str, str] = {}
    offered: list[str] = []
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            for alias in node.names:
                where[alias.name] = node.module.removeprefix("aimap").lstrip(".")
        elif isinstance(node, ast.Assign):
            offered = ast.literal_eval(node.value)
    return where, offered


def test_type_checkers_are_told_of_what_there_is() -> None:
    where, offered = stubbed()
    assert where == {**aimap._WHERE, **dict.fromkeys(aimap._MODULES, "")}  # type: ignore[attr-defined]
    assert sorted(offered) == sorted(aimap.__all__)
    assert len(set(aimap.__all__)) == len(aimap.__all__)


def test_each_is_there_and_shown_where_users_find_it() -> None:
    for name in aimap.__all__:
        value = getattr(aimap, name)
        if isinstance(value, (type, FunctionType)):
            assert not value.__module__.startswith("aimap._"), name
    assert set(aimap.__all__) == set(dir(aimap))


def test_what_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'aimap' has no attribute 'conect'"):
        aimap.conect  # type: ignore[attr-defined]  # noqa: B018


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_it_imports_little() -> None:
    told = run(
        "import aimap, sys; print([m for m in sys.modules if m.startswith(('aimap.', 'trio'))])"
    )
    assert told == "[]"


def test_mirrors_and_discovery_are_imported_by_who_uses_them() -> None:
    told = run(
        "import aimap, sys; aimap.connect, aimap.open_account; "
        "print([m for m in ('sqlite3', 'aimap.sync', 'aimap._discovery') if m in sys.modules])"
    )
    assert told == "[]"


def test_errors_are_called_what_users_call_them() -> None:
    program = """
import aimap
try:
    aimap.parse_response(b"* 1 FETCH (", strict=True)
except Exception as error:
    print(type(error).__module__)
"""
    assert run(program) == "aimap"
