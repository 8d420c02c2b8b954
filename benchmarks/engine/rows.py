"""All rows of the engine, by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.engine import rows_commands, rows_idle, rows_messages
from benchmarks.engine.task import Lab
from benchmarks.report import Section

ROWS: dict[str, Callable[[Lab], Section]] = {
    "status": rows_commands.status,
    "fetch": rows_commands.fetch,
    "store": rows_commands.store,
    "cpu": rows_commands.cpu,
    "large-fetch": rows_messages.large_fetch,
    "bodies": rows_messages.bodies,
    "large": rows_messages.large,
    "cancel": rows_messages.cancel,
    "append": rows_messages.append,
    "crowd": rows_idle.crowd,
}
