"""What fuzzing begins with: what the servers say in the RFCs."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from tests.rfc.examples import readable

FOUND = Path(__file__).parent.parent / "data" / "fuzz"

# Of the switches, those under which most happens; whole, and in small chunks.
_HEADS = {"reader": (b"\0\0\0", b"\x05\x03\0"), "session": (b"\0\0\x04", b"\x07\x02\x0c")}


def seeds(target: str) -> Iterator[bytes]:
    """Iterate over inputs: each response, and all of a section as one stream."""
    whole, cut = _HEADS[target]
    for _, section in groupby(readable("S"), key=lambda each: (each.rfc, each.section)):
        lines = [each.raw + b"\r\n" for each in section]
        yield whole + b"".join(lines)
        for line in lines:
            # Twice, since the fast path reads what it has seen before.
            yield cut + 2 * line
    yield from found(target)


def found(target: str) -> list[bytes]:
    """Return what fuzzing found before."""
    return [path.read_bytes() for path in sorted(FOUND.glob(f"{target}-*"))]


def write(target: str, folder: Path) -> None:
    """Write the seeds of a target, a file each, as the fuzzer wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        (folder / sha256(seed).hexdigest()[:20]).write_bytes(seed)
