"""Text for a terminal: nothing that a server sends can steer it (CWE-150)."""

from __future__ import annotations

import codecs
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, final

import click
from rich.console import Console
from rich.table import Table

from aimap import AccountWatchEvent, Arrived, Expunged, FlagsChanged, MailboxReset

_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def plain(text: str) -> str:
    """Return *text* with control and direction characters escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _UNSAFE else c
        for c in text
    )


@final
class PlainTerminal:
    """A terminal that takes octets, of which only what is text, tab or line end goes through."""

    def __init__(self, terminal: BinaryIO) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, octets: bytes) -> int:
        """Write what is harmless, and the rest escaped."""
        text = self._decoder.decode(octets).replace("\r\n", "\n").replace("\r", "")
        safe = "".join(c if c in "\n\t" else plain(c) for c in text)
        self._terminal.write(safe.encode("utf-8"))
        return len(octets)

    def flush(self) -> None:
        """Write what waits."""
        self._terminal.flush()


def octets(count: float) -> str:
    """Return a number of octets for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def rows(
    columns: Sequence[str],
    found: Iterable[Mapping[str, object]],
    *,
    as_json: bool,
    right: Sequence[str] = (),
) -> None:
    """Print rows: a table on a terminal, lines with tabs elsewhere, or JSON lines.

    Args:
        columns: the names of what to show, in order; JSON has all that a row has.
        found: the rows.
        as_json: whether as JSON.
        right: columns that are numbers.
    """
    if as_json:
        for row in found:
            click.echo(json.dumps(row))
    elif sys.stdout.isatty():
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(
                column.capitalize(),
                justify="right" if column in right else "left",
                no_wrap=column != columns[-1],
                overflow="ellipsis",
            )
        for row in found:
            table.add_row(*(_cell(row.get(column)) for column in columns))
        Console(markup=False, highlight=False, emoji=False).print(table)
    else:
        for row in found:
            click.echo("\t".join(_cell(row.get(column)) for column in columns))


def _cell(value: object) -> str:
    return "-" if value is None else plain(str(value))


def event_line(
    mailbox: str,
    event: AccountWatchEvent,
    *,
    as_json: bool,
    more: Mapping[str, object] | None = None,
) -> str:
    """Return one event in one line.

    Args:
        mailbox: where it happened.
        event: what happened.
        as_json: whether as a JSON object.
        more: what else is known of the message.
    """
    fields: dict[str, object] = {"mailbox": mailbox}
    flags: list[str] = []
    match event:
        case Arrived(uid, flags_) | FlagsChanged(uid, flags_):
            flags = sorted(map(str, flags_))
            name = "arrived" if isinstance(event, Arrived) else "flags"
            fields |= {"event": name, "uid": uid, "flags": flags}
        case Expunged(uid):
            fields |= {"event": "expunged", "uid": uid}
        case MailboxReset():
            fields |= {"event": "reset", "uid_validity": event.uid_validity}
    if as_json:
        return json.dumps(fields | dict(more or {}))
    words = [f"{mailbox}: {fields['event']}", str(fields.get("uid", "")), *flags]
    words += [f"{name} {value}" for name, value in (more or {}).items()]
    return plain(" ".join(filter(None, words)))
