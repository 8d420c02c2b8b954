"""Runs clients in processes of their own, in turns, and keeps what they measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.engine.task import Figures, Task

_IMAPFLOW = Path(__file__).with_name("imapflow.mjs")
_STARTING = 5.0


@dataclass
class Contender:
    """A client used in one way, and what was measured.

    Attributes:
        client: such as ``"aimap"``.
        way: how it is used, of those that the row knows.
        failure: why there is nothing to show, or empty.
        measured: one for each round.
    """

    client: str
    way: str = ""
    failure: str = ""
    measured: list[Figures] = field(default_factory=list)

    @property
    def title(self) -> str:
        name = "bare Trio stream" if self.client == "stream" else self.client
        return f"{name}, {self.way}" if self.way else name

    def middle(self, figure: str) -> float | None:
        """Return the median of a figure, if it was measured."""
        found = [each[figure] for each in self.measured if figure in each]
        return median(found) if found and not self.failure else None


def measure(
    row: str,
    contenders: Sequence[Contender],
    task: Task,
    *,
    rounds: int,
    patience: float,
    prepare: Callable[[], None] | None = None,
) -> None:
    """Let all of them do *task*, in turns.

    Args:
        row: one of :data:`benchmarks.engine.contend.ROWS`.
        contenders: who; what they measured is added to them.
        task: what to do.
        rounds: how often.
        patience: seconds that one may take, besides those to start in.
        prepare: what to do before each turn.
    """
    for _ in range(rounds):
        for contender in contenders:
            if not contender.failure:
                if prepare is not None:
                    prepare()
                _run(row, contender, task, patience)


def _run(row: str, contender: Contender, task: Task, patience: float) -> None:
    try:
        command = [*_command(contender.client), row, contender.client, contender.way, task.dump()]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience + _STARTING, check=True
        )
    except peers.MissingError as missing:
        contender.failure = f"not installed: {missing}"
    except subprocess.TimeoutExpired:
        contender.failure = f"stalls (not ready within {patience:.0f} s)"
    except subprocess.CalledProcessError as error:
        contender.failure = f"fails: {(error.stderr.strip().splitlines() or ['no reason'])[-1]}"
    else:
        contender.measured.append(json.loads(done.stdout))


def _command(client: str) -> list[str]:
    if client == "imapflow":
        return list(peers.imapflow(_IMAPFLOW).command)
    return [sys.executable, "-m", "benchmarks.engine.contend"]
