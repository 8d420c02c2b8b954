"""Runs clients in processes of their own, in turns, and keeps what they measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers
from benchmarks.engine.task import Task
from benchmarks.turns import ENOUGH, Entrant, FailedError, Figures, take_turns

_IMAPFLOW = Path(__file__).with_name("imapflow.mjs")
_STARTING = 5.0
_NAMES = {"stream": "bare Trio stream"}


@dataclass(kw_only=True)
class Contender(Entrant):
    """A client used in one way.

    Attributes:
        way: how it is used, of those that the row knows.
    """

    way: str = ""


def contender(client: str, way: str = "") -> Contender:
    name = _NAMES.get(client, client)
    return Contender(client=client, way=way, title=f"{name}, {way}" if way else name)


def measure(
    row: str,
    contenders: Sequence[Contender],
    task: Task,
    *,
    rounds: int,
    patience: float,
    prepare: Callable[[], None] | None = None,
    enough: float = ENOUGH,
) -> None:
    """Let all of them do *task*, in turns.

    Args:
        row: one of :data:`benchmarks.engine.contend.ROWS`.
        contenders: who; what they measured is added to them.
        task: what to do.
        rounds: how often.
        patience: seconds that one may take, besides those to start in.
        prepare: what to do before each turn.
        enough: seconds that the rounds of one may take together.
    """

    def run(contender: Contender) -> Figures:
        if prepare is not None:
            prepare()
        return _run(row, contender, task, patience)

    take_turns(contenders, run, rounds, enough=enough)


def _run(row: str, contender: Contender, task: Task, patience: float) -> Figures:
    try:
        command = [*_command(contender.client), row, contender.client, contender.way, task.dump()]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience + _STARTING, check=True
        )
    except peers.MissingError as missing:
        raise FailedError(f"not installed: {missing}") from None
    except subprocess.TimeoutExpired:
        raise FailedError(f"stalls (not ready within {patience:.0f} s)") from None
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason"])[-1]
        raise FailedError(f"fails: {reason}") from None
    figures: Figures = json.loads(done.stdout)
    return figures


def _command(client: str) -> list[str]:
    if client == "imapflow":
        return list(peers.imapflow(_IMAPFLOW).command)
    return [sys.executable, "-m", "benchmarks.engine.contend"]
