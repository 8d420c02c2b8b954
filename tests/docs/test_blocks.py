"""What the documentation shows works as it is shown."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import trio

import aimap
import aimap.testing
from aimap.cli._config import read_config
from aimap.cli._main import program
from tests.cli.support import running
from tests.docs.blocks import ROOT, Block, blocks
from tests.docs.stage import letter, names, sends_to, serving

PYTHON = blocks("python")
# Those that have a file name are run by others, which import them.
PROGRAMS = [block for block in PYTHON if block.is_program and not block.file_name]
TESTS = [block for block in PYTHON if block.is_test]
FRAGMENTS = [block for block in PYTHON if not block.is_program and not block.is_test]
LINES = [
    pytest.param(line.removeprefix("$ "), id=f"{block}-{number}")
    for block in blocks("console")
    for number, line in enumerate(block.text.splitlines())
    if line.startswith("$ ")
]
# These do not end by themselves, or ask the world: that they are understood is all that is tried.
ENDLESS = {"--watch", "serve", "discover", "completion", "demo"}


def _run_python(block: Block, folder: Path, *words: str) -> str:
    """Run a block in a folder with what its neighbours say is to be saved."""
    for other in PYTHON:
        if other.file_name and other.path.parent == block.path.parent:
            (folder / other.file_name).write_text(other.text, encoding="utf-8")
    path = folder / (block.file_name or "test_block.py")
    path.write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", *words, str(path)],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            # What it makes of Unicode takes a second, and is kept there.
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_programs_run(block: Block, tmp_path: Path) -> None:
    words = ["-m", "tests.docs.stage"] if "imap.example.org" in block.text else []
    assert _run_python(block, tmp_path, *words)


@pytest.mark.parametrize("block", TESTS, ids=str)
def test_tests_pass(block: Block, tmp_path: Path) -> None:
    words = ["-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path)]
    assert "passed" in _run_python(block, tmp_path, *words, "-o", "trio_mode=true")


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
async def test_fragments_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = compile(block.text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    async with serving() as server:
        for name, stand_in in sends_to(server).items():
            monkeypatch.setattr(aimap, name, stand_in)
        async with names(server) as found:
            with trio.fail_after(60):
                done = eval(code, found)
                if inspect.isawaitable(done):
                    await done


def test_all_of_it_is_written_as_we_write_code(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    for block in PYTHON:
        (tmp_path / f"{block}.py").write_text(block.text, encoding="utf-8")
    options = ["--isolated", "--line-length", "100", "--target-version", "py311", str(tmp_path)]
    for words in (["format", "--diff"], ["check", "--select", "F401,F841,UP,B"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", LINES)
async def test_commands_do(line: str, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)
    if words[0] == "pip":
        _is_extra(words[2])
    elif words[0] == "make":
        rules = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[1]}:", rules, re.MULTILINE)
    elif words[0] == "aimap":
        await _run(words[1:], tmp_path)


def _is_extra(requirement: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, _, extras = requirement.rstrip("]").partition("[")
    assert name in {".", project["name"]}
    assert set(extras.split(",")) - {""} <= set(project["optional-dependencies"])


async def _run(words: list[str], folder: Path) -> None:
    async with running(folder) as aimap_program:
        server = aimap_program.server
        server.mailbox("joe").uid_next = 4711
        server.deliver("joe", letter())
        config = aimap_program.config({"work": {"user": "joe"}, "home": {"user": "joe"}})
        url = aimap_program.url
        faults = folder / "faults.toml"
        faults.touch()
        placed = [
            word.replace("imaps://joe@imap.example.org/", url)
            .replace("accounts.toml", config)
            .replace("faults.toml", str(faults))
            .replace("mail/", str(folder))
            .replace("~", str(folder))
            for word in words
        ]
        if ENDLESS & set(words):
            command = program.commands[placed[0]]
            command.make_context(placed[0], placed[1:])
            return
        if url in "".join(placed):
            options = ("--password-env", "PW", "--ca-file", aimap_program.ca_file)
            placed[1:1] = options
        async with trio.open_nursery() as nursery:
            if words[0] == "watch":
                placed += ["--count", "1"]
                nursery.start_soon(_deliver_when_watched, server)
            done = await aimap_program(*placed, AIMAP_CONFIG=config, HOME=str(folder))
        assert done.exit_code == 0, done.output


async def _deliver_when_watched(server: aimap.testing.Server) -> None:
    while "IDLE" not in server.commands:  # noqa: ASYNC110 (a thread's)
        await trio.sleep(0.01)
    server.deliver("joe", letter())


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
async def test_configurations_are_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text(block.text, encoding="utf-8")
    if "\nhost = " in block.text:
        assert read_config(path)
    elif block.text.startswith("[accounts."):
        (tmp_path / "mail" / "joe").mkdir(parents=True)
        for mail in ("order.eml", "mail/joe/1.eml"):
            (tmp_path / mail).write_bytes(letter())
        async with aimap.testing.serve({}, host=None, tls="insecure") as server:
            aimap.testing.load_accounts(server, path)
            assert len(server.mailbox("joe", "Archive/2025").messages) == 2
    else:
        assert aimap.testing.load_faults(path)
