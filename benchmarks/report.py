"""What a benchmark has to show: Markdown, and plots that go with it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
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
        title: its heading.
        paragraphs: Markdown, tables among them.
        plots: what goes behind them.
    """

    title: str
    paragraphs: Sequence[str]
    plots: Sequence[Bars | Line] = field(default=())

    @property
    def text(self) -> str:
        return "\n\n".join([f"## {self.title}", *self.paragraphs])


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


class Page:
    """A page of Markdown that grows by sections, with their plots in a folder beside it.

    It is written anew with each of them, so that what was measured is there, whatever happens
    to the rest.
    """

    def __init__(self, path: Path, introduction: str) -> None:
        self._path = path
        self._introduction = introduction
        self._machine = _machine()
        self._parts: list[str] = []
        self._folder = path.with_suffix("")

    def add(self, section: Section) -> None:
        self._folder.mkdir(exist_ok=True)
        self._parts.append(section.text)
        for plot in section.plots:
            drawn = draw(plot, self._folder)
            self._parts.append(f"![{plot.title}]({self._folder.name}/{drawn.name})")
        self._write("The run did not come to its end: here is what was measured until then.")

    def finish(self, seconds: float) -> None:
        """Say how long all of it took."""
        self._write(f"All of it took {seconds / 60:.0f} minutes.")

    def _write(self, how_far: str) -> None:
        head = (self._introduction, f"{self._machine} {how_far}")
        self._path.write_text("\n\n".join((*head, *self._parts)) + "\n", encoding="utf-8")


def _machine() -> str:
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} in one run: Python {platform.python_version()}, "
        f"{platform.system()}, {os.cpu_count()} cores for clients and server together, with a load "
        f"of {os.getloadavg()[0]:.1f} when it began. Times differ from machine to machine; what "
        "counts are the ratios."
    )
