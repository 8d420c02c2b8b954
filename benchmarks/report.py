"""What a benchmark has to show: Markdown, and plots that go with it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bars:
    """A plot with one bar for each client.

    Attributes:
        name: of the file, without suffix.
        title: what is measured, and in which unit.
        values: a label and a number for each bar.
    """

    name: str
    title: str
    values: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Line:
    """A plot of cost against size, both on logarithmic axes.

    Attributes:
        name: of the file, without suffix.
        title: what is measured, and in which unit.
        size: what the horizontal axis counts.
        lines: the points of each client, by its label.
    """

    name: str
    title: str
    size: str
    lines: dict[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        text: Markdown.
        plots: what goes behind it.
    """

    text: str
    plots: Sequence[Bars | Line] = field(default=())


def draw(plot: Bars | Line, folder: Path) -> Path:
    """Write a plot into *folder* as SVG, readable on light and on dark paper."""
    # Here, since only who writes the report has it installed.
    import matplotlib as mpl  # noqa: PLC0415
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.use("svg")
    grey = "#808080"
    settings: dict[Any, Any] = {
        "svg.hashsalt": plot.name,
        "svg.fonttype": "none",
        "text.color": grey,
        "axes.labelcolor": grey,
        "axes.edgecolor": grey,
        "xtick.color": grey,
        "ytick.color": grey,
    }
    with mpl.rc_context(settings):
        if isinstance(plot, Bars):
            figure, axes = plt.subplots(figsize=(8, 0.6 + 0.35 * len(plot.values)))
            labels = [label for label, _ in plot.values]
            colours = ["#3b7dd8" if label.startswith("aimap") else grey for label in labels]
            bars = axes.barh(labels, [value for _, value in plot.values], color=colours)
            axes.bar_label(bars, fmt=" {:.3g}", color=grey)
            axes.invert_yaxis()
            axes.margins(x=0.12)
        else:
            figure, axes = plt.subplots(figsize=(8, 4))
            for label, points in plot.lines.items():
                axes.loglog(*zip(*points, strict=True), marker="o", label=label)
            axes.set_xlabel(plot.size)
            axes.legend(labelcolor=grey, framealpha=0)
            axes.grid(visible=True, which="major", alpha=0.3)
        axes.set_title(plot.title)
        path = folder / f"{plot.name}.svg"
        figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    return path


def write(page: Path, introduction: str, sections: Iterable[Section]) -> None:
    """Write the report to *page*, and its plots beside it into the folder ``benchmarks``."""
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    parts = [introduction, _machine()]
    for section in sections:
        parts.append(_with_heading(section.text))
        for plot in section.plots:
            drawn = draw(plot, folder)
            parts.append(f"![{plot.title}]({folder.name}/{drawn.name})")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _with_heading(text: str) -> str:
    """Make a heading of the bold name that a part begins with."""
    return re.sub(r"\*\*([\w ]+)\*\*: ", lambda name: f"## {name[1].capitalize()}\n\n", text)


def _machine() -> str:
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} in one run: Python {platform.python_version()}, "
        f"{platform.system()}, {os.cpu_count()} cores for clients and server together. Times "
        "differ from machine to machine; what counts are the ratios."
    )
