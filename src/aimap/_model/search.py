"""Search criteria as expressions (:rfc:`9051#section-6.4.4`, :rfc:`3501#section-6.4.4`).

``UNSEEN & SINCE(date(2026, 1, 1)) & ~FROM("noreply@")`` reads as it is sent. ``&`` is
the RFC's juxtaposition, ``|`` its ``OR``, ``~`` its ``NOT``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, NumberSet, SeqSet, UIDSet, as_set

Argument: TypeAlias = str | int | date | Flag | NumberSet[int]


class SearchCriteria:
    """A condition on messages. Combine with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, other: SearchCriteria) -> SearchCriteria:
        return And(_flat(And, self) + _flat(And, other))

    def __or__(self, other: SearchCriteria) -> SearchCriteria:
        return Or(_flat(Or, self) + _flat(Or, other))

    def __invert__(self) -> SearchCriteria:
        return Not(self)

    def __bool__(self) -> bool:
        raise InvalidArgumentError(
            "search criteria have no truth value: combine them with &, | and ~, "
            "not with and, or, not"
        )


@final
@attrs.frozen
class SearchKey(SearchCriteria):
    """One search key and its arguments."""

    name: str
    arguments: tuple[Argument, ...] = ()


@final
@attrs.frozen
class And(SearchCriteria):
    """All of several."""

    criteria: tuple[SearchCriteria, ...]


@final
@attrs.frozen
class Or(SearchCriteria):
    """At least one of several."""

    criteria: tuple[SearchCriteria, ...]


@final
@attrs.frozen
class Not(SearchCriteria):
    """Everything but."""

    criteria: SearchCriteria


def _flat(kind: type[And | Or], criteria: object) -> tuple[SearchCriteria, ...]:
    if isinstance(criteria, (And, Or)) and isinstance(criteria, kind):
        return criteria.criteria
    if isinstance(criteria, SearchCriteria):
        return (criteria,)
    raise InvalidArgumentError(
        f"search criteria combine with search criteria such as UNSEEN, not with {criteria!r}"
    )


ALL = SearchKey("ALL")
ANSWERED = SearchKey("ANSWERED")
DELETED = SearchKey("DELETED")
DRAFT = SearchKey("DRAFT")
FLAGGED = SearchKey("FLAGGED")
NEW = SearchKey("NEW")
OLD = SearchKey("OLD")
RECENT = SearchKey("RECENT")
SEEN = SearchKey("SEEN")
UNANSWERED = SearchKey("UNANSWERED")
UNDELETED = SearchKey("UNDELETED")
UNDRAFT = SearchKey("UNDRAFT")
UNFLAGGED = SearchKey("UNFLAGGED")
UNSEEN = SearchKey("UNSEEN")


def _text(name: str, value: object) -> SearchKey:
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{name} searches for a str, not {value!r}")
    if "\0" in value:
        raise InvalidArgumentError(f"{name} cannot search for NUL: {value!r}")
    return SearchKey(name, (value,))


def _day(name: str, value: object) -> SearchKey:
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        raise InvalidArgumentError(f"{name} compares with a datetime.date, not {value!r}")
    return SearchKey(name, (value,))


def _number(name: str, value: object, lowest: int, highest: int) -> SearchKey:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise InvalidArgumentError(
            f"{name} takes a number from {lowest} to {highest}, not {value!r}"
        )
    return SearchKey(name, (value,))


def BCC(text: str) -> SearchKey:
    """Match *text* in the Bcc field."""
    return _text("BCC", text)


def BODY_TEXT(text: str) -> SearchKey:
    """Match *text* in the body: the search key ``BODY``."""
    return _text("BODY", text)


def CC(text: str) -> SearchKey:
    """Match *text* in the Cc field."""
    return _text("CC", text)


def FROM(text: str) -> SearchKey:
    """Match *text* in the From field."""
    return _text("FROM", text)


def SUBJECT(text: str) -> SearchKey:
    """Match *text* in the Subject field."""
    return _text("SUBJECT", text)


def TEXT(text: str) -> SearchKey:
    """Match *text* in the header or the body."""
    return _text("TEXT", text)


def TO(text: str) -> SearchKey:
    """Match *text* in the To field."""
    return _text("TO", text)


def HEADER(field: str, text: str = "") -> SearchKey:
    """Match *text* in the header field of that name; with no *text*, that it is there."""
    if not field or not all("!" <= c <= "~" and c != ":" for c in field):
        raise InvalidArgumentError(f"not a header field's name: {field!r}")
    return SearchKey("HEADER", (field, *_text("HEADER", text).arguments))


def KEYWORD(flag: str) -> SearchKey:
    """Match messages with that keyword."""
    return SearchKey("KEYWORD", (_keyword(flag),))


def UNKEYWORD(flag: str) -> SearchKey:
    """Match messages without that keyword."""
    return SearchKey("UNKEYWORD", (_keyword(flag),))


def _keyword(flag: str) -> Flag:
    keyword = Flag(flag).check()
    if keyword.is_system:
        raise InvalidArgumentError(
            f"{flag!r} is a system flag: search for it by its own key, such as SEEN"
        )
    return keyword


def BEFORE(day: date) -> SearchKey:
    """Match messages that arrived before that day."""
    return _day("BEFORE", day)


def ON(day: date) -> SearchKey:
    """Match messages that arrived on that day."""
    return _day("ON", day)


def SINCE(day: date) -> SearchKey:
    """Match messages that arrived on that day or later."""
    return _day("SINCE", day)


def SENTBEFORE(day: date) -> SearchKey:
    """Match messages whose Date field is before that day."""
    return _day("SENTBEFORE", day)


def SENTON(day: date) -> SearchKey:
    """Match messages whose Date field is on that day."""
    return _day("SENTON", day)


def SENTSINCE(day: date) -> SearchKey:
    """Match messages whose Date field is on that day or later."""
    return _day("SENTSINCE", day)


def LARGER(octets: int) -> SearchKey:
    """Match messages of more than that many octets."""
    return _number("LARGER", octets, 0, MAX_MODSEQ)


def SMALLER(octets: int) -> SearchKey:
    """Match messages of fewer than that many octets."""
    return _number("SMALLER", octets, 0, MAX_MODSEQ)


def OLDER(seconds: int) -> SearchKey:
    """Match messages that arrived longer ago (:rfc:`5032`; needs WITHIN)."""
    return _number("OLDER", seconds, 1, MAX_NUMBER)


def YOUNGER(seconds: int) -> SearchKey:
    """Match messages that arrived since (:rfc:`5032`; needs WITHIN)."""
    return _number("YOUNGER", seconds, 1, MAX_NUMBER)


def MODSEQ_SINCE(modseq: int) -> SearchKey:
    """Match messages changed at or after *modseq*: the key ``MODSEQ`` (:rfc:`7162`)."""
    return _number("MODSEQ", modseq, 0, MAX_MODSEQ)


def IN(messages: UIDSet | SeqSet | str | int) -> SearchKey:
    """Match the messages of a set: the key ``UID``, or for a ``SeqSet`` the bare set.

    Raises:
        InvalidArgumentError: if the set is empty.
    """
    numbers = as_set(messages)
    if not numbers:
        raise InvalidArgumentError("an empty set of messages cannot be searched")
    return SearchKey("" if isinstance(numbers, SeqSet) else "UID", (numbers,))
