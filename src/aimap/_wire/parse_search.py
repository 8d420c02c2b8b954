"""Message numbers found: SEARCH, SORT, THREAD, ESEARCH, VANISHED."""

from __future__ import annotations

import re

from aimap._model.numbers import MAX_NUMBER, ModSeq, SeqSet, UIDSet, UIDValidity
from aimap._model.raw import RawValue
from aimap._model.response import (
    ContextChange,
    ESearchResponse,
    PartialResult,
    SearchResponse,
    SortResponse,
    VanishedResponse,
)
from aimap._model.thread import Thread, ThreadResponse
from aimap._wire import quirks
from aimap._wire.reading import Reading, ScanError
from aimap._wire.scanner import Atom, Scanner, Spaced
from aimap._wire.values import (
    mailbox,
    members,
    name,
    number,
    number64,
    pairs,
    ranges,
    string,
    text,
)

# Ten digits, and not more: int() refuses thousands of them, and takes their square in time.
_NUMBERS = re.compile(rb"(?: ++[0-9]{1,10}+(?![0-9]))*+ *+", re.ASCII)
_WINDOW = re.compile(rb"(-?[1-9][0-9]{0,9}):(-?[1-9][0-9]{0,9})", re.ASCII)


# search = "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]
def search(scanner: Scanner) -> SearchResponse:
    """Read what follows SEARCH (:rfc:`9051#section-7.3.4`, :rfc:`7162#section-3.1.5`)."""
    return SearchResponse(*_found(scanner))


# sort-data = "SORT" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]
def sort(scanner: Scanner) -> SortResponse:
    """Read what follows SORT (:rfc:`5256#section-4`, :rfc:`7162#section-3.1.6`)."""
    return SortResponse(*_found(scanner))


def _found(scanner: Scanner) -> tuple[tuple[int, ...], ModSeq | None]:
    match = _NUMBERS.match(scanner.data, scanner.pos)
    octets = match[0] if match is not None else b""
    scanner.pos += len(octets)
    # Millions of them: nothing is done number by number but the conversion.
    found = tuple(map(int, octets.split()))
    if found and not 1 <= min(found) <= max(found) <= MAX_NUMBER:
        raise ScanError(f"a message number is 1 to {MAX_NUMBER}")
    if b"  " in octets:
        scanner.reading.tolerate(quirks.DOUBLE_SPACE)
    if scanner.at_end:
        if octets.endswith(b" "):
            scanner.reading.tolerate(quirks.TRAILING_SPACE)
        return found, None
    fields = members(scanner.value(), "MODSEQ and its value")
    scanner.end()
    if len(fields) != 2 or name(fields[0]) != "MODSEQ":
        raise ScanError("only MODSEQ follows the numbers")
    return found, ModSeq(number64(fields[1]))


# thread-data = "THREAD" [SP 1*thread-list]
# thread-list = "(" (thread-members / thread-nested) ")"
# thread-members = nz-number *(SP nz-number) [SP thread-nested]
# thread-nested = 2*thread-list
def thread(scanner: Scanner) -> ThreadResponse:
    """Read what follows THREAD (:rfc:`5256#section-4`)."""
    if scanner.at_end:
        scanner.end()
        return ThreadResponse(())
    lists: list[RawValue] = []
    while not scanner.at_end:
        if lists and scanner.data.startswith(b" ", scanner.pos):
            scanner.reading.tolerate(quirks.SPACE_BETWEEN_GROUPS)
        lists.append(scanner.value())
        if len(lists) > scanner.reading.limits.max_items:
            raise ScanError(f"more than {scanner.reading.limits.max_items} threads")
    scanner.end()
    return ThreadResponse(_threads(lists, scanner.reading))


def _threads(lists: list[RawValue], reading: Reading) -> tuple[Thread, ...]:
    """Build the trees, children first, on a stack of our own."""
    done: list[Thread] = []
    waiting: list[tuple[RawValue, int | None]] = [(each, None) for each in reversed(lists)]
    while waiting:
        value, count = waiting.pop()
        fields = members(value, "the members of a thread")
        split = next((at for at, each in enumerate(fields) if isinstance(each, tuple)), len(fields))
        branches = fields[split:]
        if count is None and branches:
            if isinstance(fields, Spaced):
                reading.tolerate(quirks.SPACE_BETWEEN_GROUPS)
            waiting.append((value, len(branches)))
            waiting += [(branch, None) for branch in reversed(branches)]
            continue
        if not fields:
            raise ScanError("a thread is not empty")
        inner = tuple(done[len(done) - len(branches) :])
        del done[len(done) - len(branches) :]
        done.append(Thread(tuple(number(each, lowest=1) for each in fields[:split]), inner))
    return tuple(done)


# esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
# search-correlator = SP "(" one-correlator *(SP one-correlator) ")"
def esearch(scanner: Scanner) -> ESearchResponse:
    """Read what follows ESEARCH (:rfc:`9051#section-7.3.4`, :rfc:`7377#section-5`)."""
    reading = scanner.reading
    values = scanner.values()
    correlators: dict[str, RawValue] = {}
    if values and isinstance(first := values[0], tuple):
        correlators = {name(key): value for key, value in pairs(first, "correlators")}
        del values[0]
    by_uid = bool(values) and isinstance(values[0], Atom) and name(values[0]) == "UID"
    if by_uid:
        values.pop(0)
    if values and isinstance(values[-1], tuple) and len(values) % 2:
        reading.tolerate(quirks.ESEARCH_PAREN_MODSEQ)
        values += members(values.pop(), "MODSEQ and its value")
    data = _Data(values, reading)
    found = data.take("ALL")
    order = () if found is None else ranges(found, reading)
    modseq = data.number64("MODSEQ")
    validity = correlators.get("UIDVALIDITY")
    kind = UIDSet if by_uid else SeqSet
    return ESearchResponse(
        text(correlators["TAG"]) if "TAG" in correlators else None,
        by_uid,
        all=None if found is None else kind.from_ranges(order),
        min=data.number("MIN"),
        max=data.number("MAX"),
        count=data.number("COUNT"),
        modseq=None if modseq is None else ModSeq(modseq),
        order=order,
        partial=_partial(data.take("PARTIAL"), reading),
        added=_changes(data.take_all("ADDTO"), reading),
        removed=_changes(data.take_all("REMOVEFROM"), reading),
        relevancy=_scores(data.take("RELEVANCY")),
        mailbox=mailbox(string(correlators["MAILBOX"]), reading)
        if "MAILBOX" in correlators
        else None,
        uid_validity=None if validity is None else UIDValidity(number(validity, lowest=1)),
        extensions=data.rest(),
    )


class _Data:
    """``search-return-data``: names and values, each to be taken once."""

    def __init__(self, values: list[RawValue], reading: Reading) -> None:
        self._values: dict[str, list[RawValue]] = {}
        for key, value in pairs(tuple(values), "the data of ESEARCH"):
            self._values.setdefault(name(key), []).append(value)

    def take(self, key: str) -> RawValue:
        found = self._values.pop(key, [None])
        return found[-1]

    def take_all(self, key: str) -> list[RawValue]:
        return self._values.pop(key, [])

    def number(self, key: str) -> int | None:
        value = self.take(key)
        return None if value is None else number(value)

    def number64(self, key: str) -> int | None:
        value = self.take(key)
        return None if value is None else number64(value)

    def rest(self) -> dict[str, RawValue]:
        return {key: values[-1] for key, values in self._values.items()}


# ret-data-partial = "PARTIAL" SP "(" partial-range SP partial-results ")"
def _partial(value: RawValue, reading: Reading) -> PartialResult | None:
    if value is None:
        return None
    fields = members(value, "a window and what is in it")
    window = _WINDOW.fullmatch(string(fields[0])) if len(fields) == 2 else None
    if window is None:
        raise ScanError("PARTIAL gives a window and what is in it")
    order = () if fields[1] is None else ranges(fields[1], reading)
    return PartialResult(int(window[1]), int(window[2]), order)


# ret-data-addto = "ADDTO" SP "(" context-position SP sequence-set
#                  *(SP context-position SP sequence-set) ")"
def _changes(values: list[RawValue], reading: Reading) -> tuple[ContextChange, ...]:
    return tuple(
        ContextChange(number(position), ranges(found, reading))
        for value in values
        for position, found in pairs(members(value, "changes"), "changes")
    )


# score-list = "(" [score *(SP score)] ")"
def _scores(value: RawValue) -> tuple[int, ...]:
    return () if value is None else tuple(map(number, members(value, "scores")))


# expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids
def vanished(scanner: Scanner) -> VanishedResponse:
    """Read what follows VANISHED (:rfc:`7162#section-3.2.10`)."""
    values = scanner.values()
    earlier = False
    if values and isinstance(first := values[0], tuple):
        if [name(word) for word in first] != ["EARLIER"]:
            raise ScanError("only EARLIER qualifies VANISHED")
        del values[0]
        earlier = True
    if len(values) != 1:
        raise ScanError("VANISHED gives one set of UIDs")
    return VanishedResponse(UIDSet.from_ranges(ranges(values[0], scanner.reading)), earlier)
