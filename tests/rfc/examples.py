"""The examples of the RFCs, as data: what servers and clients say in them.

A file of ``tests/data/rfc`` holds those of one RFC, in the order of its text::

    == 3.1.12 C
    a103 UID STORE 6,4,8 (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Deleted)␍␊
    == 3.1.12 S
    * 1 FETCH (UID 4 MODSEQ (12121231000))␍␊

The head names the section and who speaks, C for the client and S for the server. Below
stand the octets as they go over the wire, in UTF-8, with each CRLF shown at the end of its
line; a line without the sign would go on with a bare line feed, which no RFC's does.

``exceptions.toml`` says which of them the RFC itself has wrong.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import attrs

FOLDER = Path(__file__).parent.parent / "data" / "rfc"
CRLF_SIGN = "␍␊"
Sender: TypeAlias = Literal["C", "S"]

_HEAD = re.compile(r"== (?P<section>\S+) (?P<sender>[CS])")


@attrs.frozen
class Example:
    """What one side says in an RFC: a whole response, or a whole command.

    Attributes:
        rfc: the RFC's number.
        section: the section, or appendix, that it stands in.
        number: counts the examples of that section, from 1.
        sender: "C" for the client, "S" for the server.
        raw: the octets, without the last CRLF. Literals stand behind their headers, the
            continuation requests between them left out.
    """

    rfc: int
    section: str
    number: int
    sender: Sender
    raw: bytes

    @property
    def id(self) -> str:
        """The name that tests and ``exceptions.toml`` know it by."""
        return f"rfc{self.rfc}-{self.section}-{self.number}"


@attrs.frozen
class Correction:
    """An example that its RFC has wrong, or abbreviated.

    Attributes:
        id: which.
        reason: what is wrong with it.
        corrected: as it should be, or ``None`` where that cannot be told.
    """

    id: str
    reason: str
    corrected: bytes | None


def dump(examples: list[Example], title: str) -> str:
    """Write the examples of one RFC."""
    lines = [f"# {title}"]
    for example in examples:
        lines.append(f"== {example.section} {example.sender}")
        lines += [line + CRLF_SIGN for line in example.raw.decode("utf-8").split("\r\n")]
    return "\n".join(lines) + "\n"


def load(path: Path) -> list[Example]:
    """Read the examples of one RFC."""
    rfc = int(path.stem.removeprefix("rfc"))
    found: list[Example] = []
    numbers: dict[str, int] = {}
    # Not splitlines(): a line of an example may hold other signs that end lines.
    _, *blocks = ("\n" + path.read_text(encoding="utf-8")).split("\n== ")
    for block in blocks:
        head, _, body = block.removesuffix("\n").partition("\n")
        match = _HEAD.fullmatch("== " + head)
        if match is None or not body.endswith(CRLF_SIGN):
            raise ValueError(f"{path.name}: not an example: {block!r}")
        section = match["section"]
        numbers[section] = numbers.get(section, 0) + 1
        sender: Sender = "C" if match["sender"] == "C" else "S"
        text = body.removesuffix(CRLF_SIGN).replace(CRLF_SIGN + "\n", "\r\n")
        found.append(Example(rfc, section, numbers[section], sender, text.encode()))
    return found


@cache
def examples() -> tuple[Example, ...]:
    """All examples, by RFC."""
    paths = sorted(FOLDER.glob("rfc*.txt"), key=lambda path: int(path.stem[3:]))
    return tuple(example for path in paths for example in load(path))


@cache
def exceptions() -> dict[str, Correction]:
    """What ``exceptions.toml`` says, by the id of the example."""
    tables = tomllib.loads((FOLDER / "exceptions.toml").read_text(encoding="utf-8"))
    found: dict[str, Correction] = {}
    for name, table in tables.items():
        if not {"reason"} <= table.keys() <= {"reason", "corrected"}:
            raise ValueError(f"exceptions.toml: {name}: {sorted(table)}")
        corrected: str | None = table.get("corrected")
        found[name] = Correction(
            name,
            table["reason"],
            # Lines in TOML end in a line feed; those on the wire in CRLF.
            None if corrected is None else corrected.replace("\n", "\r\n").encode(),
        )
    return found


def readable(sender: Sender) -> list[Example]:
    """Return what one side says, corrected where it has to be.

    Left out is only what the RFC abbreviates beyond repair.
    """
    found: list[Example] = []
    for example in examples():
        if example.sender != sender:
            continue
        exception = exceptions().get(example.id)
        if exception is None:
            found.append(example)
        elif exception.corrected is not None:
            found.append(attrs.evolve(example, raw=exception.corrected))
    return found
