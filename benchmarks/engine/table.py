"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; all columns but the first hold numbers."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def aim(what: str, measured: float | None, most: float) -> str:
    """Say whether what was aimed at was reached."""
    if measured is None:
        return f"{what}: not measured"
    verdict = "reached" if measured <= most else "MISSED"
    return f"{what}: at most {most:g} was aimed at, {measured:.2f} measured, {verdict}"


def number(value: float | None, form: str = ".3f", *, over: float | None = 1.0) -> str:
    """Write a number, divided by another one; nothing if there is none."""
    return "" if value is None or not over else f"{value / over:{form}}"
