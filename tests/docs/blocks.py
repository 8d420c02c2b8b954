"""The blocks of code that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import final

import attrs

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("[!_]*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@final
@attrs.frozen
class Block:
    """One block, and where it stands."""

    path: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.parent.name}-{self.path.stem}-{self.line}"

    @property
    def place(self) -> str:
        """How it is named in a traceback."""
        return f"{self.path.relative_to(ROOT)}, from line {self.line}"

    @property
    def is_program(self) -> bool:
        """Whether it runs as it stands."""
        return "trio.run(" in self.text or "asyncio.run(" in self.text

    @property
    def is_test(self) -> bool:
        """Whether pytest runs it."""
        return "def test_" in self.text and not self.is_program

    @property
    def file_name(self) -> str:
        """How it is to be saved, where its first line says so."""
        match = re.match(r"# (\w+\.py)\n", self.text)
        return match[1] if match else ""


def blocks(*languages: str) -> list[Block]:
    """Return all blocks in one of these languages."""
    found: list[Block] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            found.append(Block(page, line, match[1], match[2]))
    return [block for block in found if block.language in languages]
