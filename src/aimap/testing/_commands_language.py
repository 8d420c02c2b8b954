"""LANGUAGE and COMPARATOR (:rfc:`5255`).

Human-readable text stays English whatever is chosen; only that it is chosen is told.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError

LANGUAGES = ("de", "en", "i-default")
COMPARATORS = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
DEFAULT_COMPARATOR = "i;unicode-casemap"

# language-range of RFC 4647
_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(?:-(?:\*|[A-Za-z0-9]{1,8}))*")


def _strings(arguments: Arguments) -> list[str]:
    found: list[str] = []
    while arguments.step(b" ") if found else not arguments.at_end:
        found.append(arguments.astring().decode("ascii", "replace"))
    arguments.end()
    return found


async def language(client: Connection, arguments: Arguments) -> None:
    """LANGUAGE (:rfc:`5255#section-3.2`)."""
    client.answer_is_alike = True
    wanted = _strings(arguments)
    for each in wanted:
        if not _RANGE.fullmatch(each):
            raise ViolationError(
                f"{each!r} is no language range (RFC 5255 section 3.2)", Rule.LANGUAGE
            )
    if not wanted:
        client.untagged(f"LANGUAGE ({' '.join(map(_quoted, LANGUAGES))})")
        return
    for each in wanted:
        tag = "i-default" if each.lower() == "default" else each.lower().partition("-")[0]
        if each == "*" or each.lower() in LANGUAGES or tag in LANGUAGES:
            chosen = "en" if each == "*" else each.lower() if each.lower() in LANGUAGES else tag
            client.untagged(f"LANGUAGE ({_quoted(chosen)})")
            return
    raise RefusalError("none of these languages is spoken here", "CANNOT")


async def comparator(client: Connection, arguments: Arguments) -> None:
    """COMPARATOR (:rfc:`5255#section-4.7`)."""
    client.answer_is_alike = True
    wanted = _strings(arguments)
    if not wanted:
        client.untagged(f"COMPARATOR {_quoted(client.comparator)}")
        return
    matching = [
        name
        for each in wanted
        for name in COMPARATORS
        if fnmatchcase(name, DEFAULT_COMPARATOR if each == "default" else each)
    ]
    if not matching:
        raise RefusalError("there is no such comparator", "BADCOMPARATOR")
    client.comparator = matching[0]
    shown = " ".join(map(_quoted, dict.fromkeys(matching)))
    client.untagged(f"COMPARATOR {_quoted(client.comparator)} ({shown})")


def _quoted(text: str) -> str:
    return f'"{text}"'
