"""The page docs/reference/servers.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from .frame import KINDS, NOT_OFFERED, WORKS, Verdict
from .rows import AREAS, Row

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "servers.md"

_HEAD = """\
# What works with which server

This page is made by the tests in `tests/features`, each of which uses a feature by its public methods on Dovecot
2.3, Cyrus 3.6, Courier 5.0 and the embedded server of {mod}`aimap.testing` with all that it offers, and tells what it
has seen. `pytest tests/features --write-matrix` writes it anew.

*works*
: The server offers it, and it was seen to do what it should.

*falls back*
: The server does not offer it, and the same method came to the same result in another way.

–
: The server does not offer it, and the method said so by {exc}`aimap.CapabilityError`, naming what is missing,
  before anything was sent.

Where none of the three servers offers a feature, that is said, and it was seen on the embedded one only.
"""

_TITLES = {"dovecot": "Dovecot", "cyrus": "Cyrus", "courier": "Courier", "embedded": "embedded"}


def page(seen: Mapping[tuple[str, str], Verdict]) -> str:
    """Return the page as it should be."""
    return "\n".join([_HEAD, *_tables(seen)]) + "\n"


def _tables(seen: Mapping[tuple[str, str], Verdict]) -> Iterator[str]:
    for area, rows in AREAS.items():
        shown = [row for row in rows if (row.name, KINDS[0]) in seen]
        if not shown:
            continue
        yield f"## {area}\n"
        yield "| feature | RFC | what | " + " | ".join(_TITLES[kind] for kind in KINDS) + " |"
        yield "| --- " * (3 + len(KINDS)) + "|"
        for row in shown:
            verdicts = [seen[row.name, kind] for kind in KINDS]
            yield f"| {row.name} | {_rfcs(row)} | {_what(row, verdicts)} | {_cells(verdicts)} |"
        yield ""


def _rfcs(row: Row) -> str:
    return ", ".join(f"{{rfc}}`{number}`" for number in row.rfc.split(",") if number)


def _what(row: Row, verdicts: list[Verdict]) -> str:
    if any(verdict == WORKS for verdict in verdicts[:-1]):
        return row.what
    return f"{row.what}; no real server here has it"


def _cells(verdicts: list[Verdict]) -> str:
    return " | ".join("–" if verdict == NOT_OFFERED else verdict for verdict in verdicts)
