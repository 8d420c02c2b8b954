"""Run the benchmarks, and print or write what was measured; ``--help`` tells how."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.servers import dovecot

from benchmarks import mirror, parse, responses, scaling
from benchmarks.engine.rows import ROWS
from benchmarks.engine.task import Lab
from benchmarks.report import Page, Section
from benchmarks.turns import FailedError

_ROUNDS = 5
_INTRODUCTION = """# Benchmarks

aimap side by side with other clients: the same work against the same server, in one run,
each client in a process of its own. `make bench` runs all of this on your machine and writes
this page; `make bench QUICK=1` takes two minutes, and prints what is rough.

Clients take turns. After a round that warms up, and is not counted, there are five; shown are the
median and, in brackets, the least and the most. Who takes long has fewer rounds, and then their
number is shown.

Behind each table stands who was ahead of aimap in it, by how much, and why. In short: a bare
stream, and clients that hand out lines that nobody has parsed, as imaplib does, take less processor
time for a small command. libetpan, in C, takes less to parse, and leaves what it parsed encoded.
mbsync, in C, has no interpreter to start, which is most of what a mirror with nothing new takes.
Over a link with 50 ms what counts is the number of round trips."""

Part = tuple[str, Callable[[], Section]]
"""What is measured, by a name that is shown if that fails."""


def _arguments() -> argparse.Namespace:
    defaults = parse.Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"{', '.join(_GROUPS)}; all by default"
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
    if unknown := set(arguments.names).difference(_GROUPS):
        parser.error(f"no benchmark is called {unknown.pop()!r}; there are {', '.join(_GROUPS)}")
    arguments.rounds = arguments.rounds or (1 if arguments.quick else _ROUNDS)
    return arguments


@contextmanager
def _lab(rounds: int, *, quick: bool) -> Iterator[Lab]:
    """Run a Dovecot to measure with."""
    reason = dovecot.missing()
    if reason is not None:
        raise FailedError(reason)
    with tempfile.TemporaryDirectory() as folder, dovecot.running(Path(folder)) as server:
        yield Lab(server, rounds, quick)


def _engine(arguments: argparse.Namespace) -> Iterator[Part]:
    with _lab(arguments.rounds, quick=arguments.quick) as lab:
        for name in arguments.rows:
            yield name, partial(ROWS[name], lab)


def _scaling(arguments: argparse.Namespace) -> Iterator[Part]:
    yield "scaling", partial(scaling.run, arguments.rounds, quick=arguments.quick)


def _parse(arguments: argparse.Namespace) -> Iterator[Part]:
    options = parse.Options(
        scale=arguments.scale or (parse.QUICK if arguments.quick else 1.0),
        rounds=arguments.rounds,
        order=arguments.order,
        clients=arguments.clients,
    )
    for name in arguments.sets:
        yield f"parse {name}", partial(parse.run, name, options)


def _mirror(arguments: argparse.Namespace) -> Iterator[Part]:
    names = arguments.mirrors or (("several",) if arguments.quick else tuple(mirror.ROWS))
    with _lab(arguments.rounds, quick=arguments.quick) as lab:
        for name in names:
            yield f"mirror {name}", partial(mirror.ROWS[name], lab)


_GROUPS: dict[str, Callable[[argparse.Namespace], Iterator[Part]]] = {
    "parse": _parse,
    "scaling": _scaling,
    "engine": _engine,
    "mirror": _mirror,
}


def sections(name: str, parts: Iterator[Part]) -> Iterator[Section]:
    """Measure one part after the other; what fails is told in its section, and is not the end."""
    try:
        for part, run in parts:
            begin = time.perf_counter()
            try:
                section = run()
            except Exception as error:  # noqa: BLE001 (whatever it is, the rest can be measured)
                traceback.print_exc()
                section = _failed(part, error)
            print(f"{part}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
            yield section
    except (FailedError, RuntimeError, OSError) as error:
        yield _failed(name, error)


def _failed(name: str, error: Exception) -> Section:
    return Section(name.capitalize(), [f"Not measured: {str(error) or type(error).__name__}"])


def main() -> None:
    """Run those that are named."""
    arguments = _arguments()
    page = Page(arguments.write, _INTRODUCTION) if arguments.write else None
    begin = time.perf_counter()
    for name in arguments.names or _GROUPS:
        for section in sections(name, _GROUPS[name](arguments)):
            print(section.text, end="\n\n", flush=True)
            if page is not None:
                page.add(section)
    seconds = time.perf_counter() - begin
    print(f"all: {seconds:.0f} s", file=sys.stderr)
    if page is not None:
        page.finish(seconds)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted") from None
