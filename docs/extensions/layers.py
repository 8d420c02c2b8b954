"""The picture of the layers, drawn from what the modules import."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import grimp
import svg

import aimap

# Each imports only what stands left of it.
LAYERS = (
    "_errors", "_sasl", "_model", "_wire", "_commands", "_protocol", "_client", "_account",
    "_discovery", "sync", "testing", "cli",
)  # fmt: skip
WIDTH, STEP, BASE = 1000, 82, 210


def imports() -> Counter[tuple[str, str]]:
    """Count which layer imports how often from which."""
    graph = grimp.build_graph("aimap", exclude_type_checking_imports=True, cache_dir=None)
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = _layer(module), _layer(imported)
            if one != other and {one, other} <= set(LAYERS):
                found[one, other] += 1
    return found


def _layer(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def _lines(layer: str) -> int:
    root = Path(aimap.__file__).parent
    files = (root / layer).rglob("*.py") if (root / layer).is_dir() else [root / f"{layer}.py"]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def draw() -> str:
    """Draw it.

    Raises:
        ValueError: if a layer imports what stands right of it.
    """
    parts: list[str] = []
    at = {layer: 8 + STEP * number for number, layer in enumerate(LAYERS)}
    for (one, other), count in sorted(imports().items()):
        if at[one] < at[other]:
            raise ValueError(f"{one} imports {other}, which is above it")
        words = f"{one} imports from {other}: {count} times"
        centre = (STEP - 8) / 2
        width = 1 + math.log2(count)
        parts.append(
            svg.arc(at[one] + centre - 8, at[other] + centre + 8, BASE, width=width, words=words)
        )
    for layer, x in at.items():
        parts.append(svg.box(x, BASE, STEP - 8, 44, fill=svg.BOX, stroke=svg.LINE))
        middle = x + (STEP - 8) / 2
        parts.append(svg.text(middle, BASE + 19, layer, size=11, at="middle"))
        words = f"{_lines(layer):,} lines"
        parts.append(svg.text(middle, BASE + 35, words, size=9, fill=svg.QUIET, at="middle"))
    title = "The layers of aimap in a row. Every arc is an import, and goes from right to left."
    return svg.picture(WIDTH, BASE + 52, title, parts)
