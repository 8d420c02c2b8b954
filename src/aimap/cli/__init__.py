"""The program ``aimap`` (extra ``cli``)."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program."""
    try:
        from aimap.cli._main import program  # noqa: PLC0415 (its libraries are an extra)
    except ModuleNotFoundError as error:
        sys.exit(f"aimap: the program needs {error.name}: install it with 'trio-aimap[cli]'")
    program(prog_name="aimap")
