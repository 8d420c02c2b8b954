"""What a client is to do, and what was measured: what goes to its process and comes back."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.servers.real import PASSWORD, RealServer

from benchmarks.turns import Figures

HOST = "localhost"
FLAG = "\\Flagged"


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to do, and where.

    Attributes:
        port: of the server, or of the link before it, on this machine.
        user: who logs in.
        password: with what.
        count: how many commands, messages or connections.
        ca_file: whom to trust, for TLS; in clear if empty.
    """

    port: int
    user: str
    count: int
    password: str = PASSWORD
    ca_file: str = ""

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> Task:
        return Task(**json.loads(text))

    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


class Stopwatch:
    """Measures a ``with`` block: seconds on the wall, seconds of this process."""

    def __enter__(self) -> Self:
        self.figures: Figures = {}
        self._begin = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exc: object) -> None:
        wall, processor = self._begin
        self.figures["seconds"] = time.perf_counter() - wall
        self.figures["cpu"] = time.process_time() - processor


class GrowthWatch(Stopwatch):
    """Measures by how many octets the process grows at most, too."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._before = _memory("VmRSS")
        # From here on the most is counted anew: it is passed on from the parent process.
        Path("/proc/self/clear_refs").write_text("5")
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        self.figures["memory"] = _memory("VmHWM") - self._before


def _memory(which: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(which)


@dataclass(frozen=True)
class Lab:
    """The server, and how thoroughly to measure.

    Attributes:
        server: a running Dovecot.
        rounds: how often.
        quick: whether smaller numbers will do.
    """

    server: RealServer
    rounds: int
    quick: bool
