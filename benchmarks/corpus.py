"""The sets of FETCH responses, made from a seed: varied as mail is, the same on each run.

A set is a file of octets ready to be sent, an index of where each message begins, and
what any client must find in it: sums that its reading is checked against. Sets are kept
in a temporary folder, under a name that changes with this program.
"""

from __future__ import annotations

import json
import os
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from benchmarks import phrases, responses
from benchmarks.responses import ORDERS, Maker

SEED = 9051
COUNTS = {"flags": 100_000, "envelope": 50_000, "structure": 20_000, "bodies": 2_000}
_SOURCES = (phrases.__file__, responses.__file__)


@dataclass(frozen=True)
class Corpus:
    """A set of responses.

    Attributes:
        name: such as ``"flags"``; its mailbox is called so.
        path: the octets; the index stands beside it.
        checks: what is to be found in it, by name.
    """

    name: str
    path: Path
    checks: dict[str, int]

    def index(self) -> tuple[array[int], array[int]]:
        """Return the UIDs, and where the response to each begins, in ascending order."""
        numbers: array[int] = array("Q")
        numbers.frombytes(self.path.with_suffix(".index").read_bytes())
        return numbers[::2], numbers[1::2]

    @property
    def warm_up(self) -> int:
        """The last UID of the first hundredth, which is fetched before the clock starts."""
        uids, _ = self.index()
        return uids[min(len(uids), max(10, len(uids) // 100)) - 1]


def folder() -> Path:
    """Return where things are kept between runs, programs among them: ours alone.

    Raises:
        PermissionError: if somebody else made it.
    """
    path = Path(tempfile.gettempdir()) / f"aimap-benchmarks-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.lstat().st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to somebody else")
    return path


def prepare(name: str, scale: float = 1.0, order: str = "uid-first") -> Corpus:
    """Return a set, made now unless that was done before.

    Args:
        name: which of :data:`COUNTS`.
        scale: the part of the full number of messages to make.
        order: which of :data:`benchmarks.responses.ORDERS`; for ``"flags"`` only.
    """
    count = max(20, round(COUNTS[name] * scale))
    version = sha256(b"".join(Path(each).read_bytes() for each in (__file__, *_SOURCES)))
    words = [name, str(count), str(SEED), version.hexdigest()[:12]]
    if name == "flags":
        words.insert(1, order)
    path = folder() / ("-".join(words) + ".imap")
    facts = path.with_suffix(".json")
    if not facts.exists():
        facts.write_text(json.dumps(_write(path, name, count, order)))
    return Corpus(name, path, json.loads(facts.read_text()))


def _write(path: Path, name: str, count: int, order: str) -> dict[str, int]:
    maker = Maker(Random(f"{name} {SEED}"), {"messages": count}, ORDERS[order])
    make: Callable[[], bytes] = getattr(maker, name)
    index: array[int] = array("Q")
    with path.open("wb") as file:
        at = 0
        for seq, uid in enumerate(maker.uids(count), 1):
            maker.uid = uid
            response = b"* %d FETCH (%b)\r\n" % (seq, make())
            index.extend((uid, at))
            at += file.write(response)
    path.with_suffix(".index").write_bytes(index.tobytes())
    return maker.checks | {"wire": at}
