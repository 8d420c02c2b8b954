"""Run the benchmarks and print what was measured; ``--help`` tells how."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.servers import dovecot

from benchmarks import mirror, parse, responses
from benchmarks.engine.rows import ROWS
from benchmarks.engine.task import Lab

_NAMES = ("engine", "mirror", "parse")
_ROUNDS = 3


def _arguments() -> argparse.Namespace:
    defaults = parse.Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help="engine, mirror or parse; all by default"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        default=os.environ.get("QUICK", "0") not in {"", "0"},
        help="small sets, one round; so does QUICK=1 in the environment",
    )
    parser.add_argument("--rounds", type=int, help="more make the medians steadier")
    only = parser.add_argument_group("for engine")
    only.add_argument("--rows", nargs="+", choices=tuple(ROWS), default=tuple(ROWS))
    only = parser.add_argument_group("for mirror")
    only.add_argument(
        "--mirrors", nargs="+", choices=tuple(mirror.ROWS), default=tuple(mirror.ROWS)
    )
    only = parser.add_argument_group("for parse")
    only.add_argument("--scale", type=float, help="the part of each set to take")
    only.add_argument("--order", choices=responses.ORDERS, default=defaults.order)
    only.add_argument("--sets", nargs="+", choices=defaults.sets, default=defaults.sets)
    only.add_argument("--clients", nargs="+", choices=defaults.clients, default=defaults.clients)
    arguments = parser.parse_args()
    if unknown := set(arguments.names).difference(_NAMES):
        parser.error(f"no benchmark is called {unknown.pop()!r}; there are {', '.join(_NAMES)}")
    return arguments


def _engine(names: Sequence[str], rounds: int, *, quick: bool) -> None:
    reason = dovecot.missing()
    if reason is not None:
        print(f"engine: {reason}")
        return
    print(f"The engine, medians of {rounds} rounds, Python {platform.python_version()}:\n")
    with tempfile.TemporaryDirectory() as folder, dovecot.running(Path(folder)) as server:
        for name in names:
            print(ROWS[name](Lab(server, rounds, quick)), end="\n\n", flush=True)


def _mirror(names: Sequence[str], *, quick: bool) -> None:
    reason = dovecot.missing()
    if reason is not None:
        print(f"mirror: {reason}")
        return
    print(f"Mirrors, one round, Python {platform.python_version()}:\n")
    with tempfile.TemporaryDirectory() as folder, dovecot.running(Path(folder)) as server:
        for name in names:
            print(mirror.ROWS[name](server, quick=quick), end="\n\n", flush=True)


def main() -> None:
    """Run those that are named."""
    arguments = _arguments()
    names = arguments.names or _NAMES
    if "engine" in names:
        rounds = arguments.rounds or (1 if arguments.quick else _ROUNDS)
        _engine(arguments.rows, rounds, quick=arguments.quick)
    if "mirror" in names:
        _mirror(arguments.mirrors, quick=arguments.quick)
    if "parse" in names:
        options = parse.Options(
            scale=arguments.scale or (parse.QUICK if arguments.quick else 1.0),
            rounds=arguments.rounds or (1 if arguments.quick else parse.ROUNDS),
            order=arguments.order,
            sets=arguments.sets,
            clients=arguments.clients,
        )
        print(parse.run(options))


if __name__ == "__main__":
    main()
