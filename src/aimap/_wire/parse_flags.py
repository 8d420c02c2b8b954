"""Flag lists (:rfc:`9051#section-9`, ``flag-list``)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

from aimap._model.flag import Flag, Flags
from aimap._model.raw import RawValue
from aimap._wire import quirks
from aimap._wire.quirks import Quirk
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom
from aimap._wire.values import members

_MOST_KEPT = 100
_LONGEST_KEPT = 1000

_RUN_TOGETHER = re.compile(rb"(?<=[^\\])(?=\\[A-Za-z])")


def parse_flags(value: RawValue, reading: Reading) -> Flags:
    """Return a set of flags.

    Raises:
        ScanError: if *value* is not a list of flags.
    """
    listed = members(value, "flags")
    if all(type(word) is Atom for word in listed):
        words = cast("tuple[bytes, ...]", listed)
    else:
        words = _only_atoms(listed, reading)
    # What is kept is bounded in octets too.
    short = len(words) <= _MOST_KEPT and sum(map(len, words)) <= _LONGEST_KEPT
    flags, tolerated = _kept(words) if short else _flags_of(words)
    for quirk in tolerated:
        reading.tolerate(quirk)
    return flags


def _only_atoms(words: tuple[RawValue, ...], reading: Reading) -> tuple[bytes, ...]:
    kept: list[bytes] = []
    for word in words:
        if isinstance(word, tuple):
            raise ScanError("a flag is not a list")
        if word is None:
            reading.tolerate(quirks.NIL_IN_LIST)
            continue
        if not isinstance(word, Atom):
            reading.tolerate(quirks.FLAGS_QUOTED)
        kept.append(Atom(word))
    return tuple(kept)


def _flags_of(words: tuple[bytes, ...]) -> tuple[Flags, tuple[Quirk, ...]]:
    tolerated: dict[Quirk, None] = {}
    flags: list[Flag] = []
    for word in words:
        if word == b"\\*":
            tolerated[quirks.FLAGS_STAR] = None
            continue
        if b"]" in word:
            tolerated[quirks.FLAGS_BRACKETS] = None
        parts = _RUN_TOGETHER.split(word) if b"\\" in word[1:] else [word]
        if len(parts) > 1:
            tolerated[quirks.FLAGS_RUN_TOGETHER] = None
        flags += [Flag(part.decode("utf-8", "replace")) for part in parts if part]
    return Flags(flags), tuple(tolerated)


# The same few sets come again and again.
_kept = lru_cache(maxsize=4096)(_flags_of)
