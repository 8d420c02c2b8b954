"""Run the benchmarks, and print or write what was measured; ``--help`` tells how."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers import dovecot

from benchmarks import mirror, parse, report, responses, scaling
from benchmarks.engine.rows import ROWS
from benchmarks.engine.task import Lab
from benchmarks.report import Section

_NAMES = ("engine", "scaling", "parse", "mirror")
_ROUNDS = 5
_INTRODUCTION = """# Benchmarks

aimap side by side with other clients: the same work against the same server, in one run,
each client in a process of its own. `make bench` runs all of this on your machine and writes
this page; `make bench QUICK=1` takes two minutes and is rough. Numbers are medians. A row in
which another client wins is shown like any other.

Where others win, and why: imaplib takes less processor time for a small command, since it hands
out lines that nobody has parsed, to one task at a time; a bare stream takes less still. libetpan,
in C, is ahead where large bodies are only copied. mbsync, in C too, is quicker where everything is
near; over a link with 50 ms what counts is the number of round trips."""


def _arguments() -> argparse.Namespace:
    defaults = parse.Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"{', '.join(_NAMES)}; all by default"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        default=os.environ.get("QUICK", "0") not in {"", "0"},
        help="small sets, one round, only the first mirror; so does QUICK=1 in the environment",
    )
    parser.add_argument("--rounds", type=int, help="more make the medians steadier")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="write Markdown, and plots beside it"
    )
    only = parser.add_argument_group("for engine")
    only.add_argument("--rows", nargs="+", choices=tuple(ROWS), default=tuple(ROWS))
    only = parser.add_argument_group("for mirror")
    only.add_argument("--mirrors", nargs="+", choices=tuple(mirror.ROWS))
    only = parser.add_argument_group("for parse")
    only.add_argument("--scale", type=float, help="the part of each set to take")
    only.add_argument("--order", choices=responses.ORDERS, default=defaults.order)
    only.add_argument("--sets", nargs="+", choices=defaults.sets, default=defaults.sets)
    only.add_argument("--clients", nargs="+", choices=defaults.clients, default=defaults.clients)
    arguments = parser.parse_args()
    if unknown := set(arguments.names).difference(_NAMES):
        parser.error(f"no benchmark is called {unknown.pop()!r}; there are {', '.join(_NAMES)}")
    return arguments


def _engine(names: Sequence[str], rounds: int, *, quick: bool) -> Iterator[Section]:
    reason = dovecot.missing()
    if reason is not None:
        yield Section(f"engine: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder, dovecot.running(Path(folder)) as server:
        for name in names:
            yield ROWS[name](Lab(server, rounds, quick))


def _mirror(names: Sequence[str], *, quick: bool) -> Iterator[Section]:
    reason = dovecot.missing()
    if reason is not None:
        yield Section(f"mirror: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder, dovecot.running(Path(folder)) as server:
        for name in names:
            yield Section(mirror.ROWS[name](server, quick=quick))


def _sections(arguments: argparse.Namespace) -> Iterator[Section]:
    names = arguments.names or _NAMES
    quick: bool = arguments.quick
    rounds = arguments.rounds or (1 if quick else _ROUNDS)
    if "engine" in names:
        yield from _engine(arguments.rows, rounds, quick=quick)
    if "scaling" in names:
        yield scaling.run(rounds, quick=quick)
    if "parse" in names:
        options = parse.Options(
            scale=arguments.scale or (parse.QUICK if quick else 1.0),
            rounds=rounds,
            order=arguments.order,
            sets=arguments.sets,
            clients=arguments.clients,
        )
        yield from parse.run(options)
    if "mirror" in names:
        mirrors = arguments.mirrors or (["several"] if quick else tuple(mirror.ROWS))
        yield from _mirror(mirrors, quick=quick)


def _printed(sections: Iterator[Section]) -> Iterator[Section]:
    for section in sections:
        print(section.text, end="\n\n", flush=True)
        yield section


def main() -> None:
    """Run those that are named."""
    arguments = _arguments()
    sections = list(_printed(_sections(arguments)))
    if arguments.write is not None:
        report.write(arguments.write, _INTRODUCTION, sections)


if __name__ == "__main__":
    main()
