"""Clients in other languages: where they are, or why they are not there."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.corpus import folder

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """Another client.

    Attributes:
        version: of what was found.
        command: how it is run, without the arguments that tell what to do.
    """

    version: str
    command: tuple[str, ...]


class MissingError(Exception):
    """It cannot be had here."""


def imapflow(program: Path = _HERE / "imapflow.mjs") -> Peer:
    """Install imapflow in the temporary folder, unless that was done before.

    Args:
        program: what uses it.

    Raises:
        MissingError: if that cannot be done.
    """
    node = shutil.which("node")
    if node is None:
        raise MissingError("there is no Node here")
    at = folder() / "node"
    package = at / "node_modules" / "imapflow" / "package.json"
    if not package.exists() and (reason := _why_not_installed(at)):
        raise MissingError(reason)
    version = json.loads(package.read_text())["version"]
    return Peer(version, (node, str(program), str(at)))


@cache
def _why_not_installed(at: Path) -> str:
    """Try to install imapflow, once; return why that failed, or nothing."""
    at.mkdir(exist_ok=True)
    try:
        _run(["npm", "install", "--prefix", str(at), "--no-audit", "--no-fund", "imapflow"])
    except MissingError as missing:
        return str(missing)
    return ""


def libetpan() -> Peer:
    """Compile the driver of libetpan.

    Raises:
        MissingError: if that cannot be done.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise MissingError("there is no C compiler here")
    program = folder() / "libetpan"
    _run([compiler, "-O2", "-o", str(program), str(_HERE / "libetpan.c"), "-letpan"])
    return Peer(_run([str(program), "--version"]), (str(program),))


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    except subprocess.TimeoutExpired:
        raise MissingError(f"{Path(command[0]).name} took too long") from None
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line]
        raise MissingError(lines[0].strip() if lines else f"{command[0]} failed") from None
    except FileNotFoundError:
        raise MissingError(f"there is no {command[0]} here") from None
    return done.stdout.strip()
