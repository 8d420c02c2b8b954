"""Tables, and what is drawn and said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.report import Bars
from benchmarks.turns import Entrant

_REASONS = {
    "socket": "it knows no IMAP, and is here as the least that anybody needs",
    "stream": "it knows only these lines of IMAP, and is here as the least that anybody needs",
    "imaplib": "it hands out lines that nobody has parsed, and serves one caller at a time",
    "imapclient": "it serves one caller at a time, without an event loop",
    "imap-tools": "it serves one caller at a time, without an event loop",
    "imapflow": "its JavaScript is compiled while it runs, as Python is not",
    "aioimaplib": "it hands out lines that nobody has parsed",
    "libetpan": "it is written in C, and leaves what it parsed encoded",
    "mbsync": "it is written in C",
}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; all columns but the first hold numbers."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def bars(
    name: str, title: str, entrants: Sequence[Entrant], figure: str, *, over: float = 1.0
) -> Bars:
    """Make a plot of the medians of a figure, of those for whom there is one."""
    medians = [(each.title, each.middle(figure)) for each in entrants]
    return Bars(name, title, [(label, value / over) for label, value in medians if value])


def aim(what: str, measured: float | None, most: float) -> str:
    """Say whether what was aimed at was reached."""
    if measured is None:
        return f"{what}: not measured"
    verdict = "reached" if measured <= most else "MISSED"
    return f"{what}: at most {most:g} was aimed at, {measured:.2f} measured, {verdict}"


def ratio(one: float | None, other: float | None) -> float | None:
    """Divide, if both were measured."""
    return one / other if one is not None and other else None


def ahead(
    what: str,
    ours: Entrant,
    others: Sequence[Entrant],
    figure: str,
    reasons: Mapping[str, str] | None = None,
) -> str:
    """Say who has less of a figure than we have, and why.

    Args:
        what: the figure, as the text has it.
        ours: with whom the others are compared.
        others: who; ours among them are passed over.
        figure: its name.
        reasons: why, by client, where that is particular to this table.
    """
    known = {**_REASONS, **(reasons or {})}
    found: dict[str, list[str]] = {}
    for other in others:
        least, middle = other.middle(figure), ours.middle(figure)
        if least is None or middle is None or least >= middle or other.client == ours.client:
            continue
        times = least / middle
        # A round of one was like the median of the other.
        near = max(other.values(figure)) >= middle or min(ours.values(figure)) <= least
        reason = "within what rounds differ by" if near else known.get(other.client, "")
        found.setdefault(reason, []).append(f"{other.title} ({times:.2f} times)")
    groups = [" and ".join(titles) + (reason and f": {reason}") for reason, titles in found.items()]
    return f"{what}, less than {ours.title}: {'; '.join(groups) or 'nobody'}."
