"""One client in one row, in a process of its own: do it, print what was measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from benchmarks.engine import asking, cancelling, crowding, large, reading, storing, uploading
from benchmarks.engine.task import Task
from benchmarks.turns import Figures

ROWS: dict[str, Callable[[str, str, str, Task], Figures]] = {
    "noop": asking.contend,
    "status": asking.contend,
    "fetch": asking.contend,
    "store": storing.contend,
    "cancel": cancelling.contend,
    "crowd": crowding.contend,
    "large-fetch": reading.contend,
    "bodies": reading.contend,
    "append": uploading.contend,
    "large": large.contend,
}


if __name__ == "__main__":
    row, client, way, task = sys.argv[1:]
    print(json.dumps(ROWS[row](row, client, way, Task.load(task))))
