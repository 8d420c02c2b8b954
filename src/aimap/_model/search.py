"""Search criteria as expressions (:rfc:`9051#section-6.4.4`, :rfc:`3501#section-6.4.4`).

``UNSEEN & SINCE(date(2026, 1, 1)) & ~FROM("noreply@")`` reads as it is sent. ``&`` is
the RFC's juxtaposition, ``|`` its ``OR``, ``~`` its ``NOT``.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal, TypeAlias, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.entry import entry_name, filter_name
from aimap._model.flag import Flag
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, NumberSet, SeqSet, UIDSet, as_set
from aimap._model.saved import SavedResult

_OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)
_MAX_64 = 0xFFFFFFFFFFFFFFFF


@final
class Word(str):
    """An argument of a search key that goes out bare: an atom of the key's own grammar."""

    __slots__ = ()


@final
class Label(str):
    """An argument of a search key that is one of Gmail's labels, written like a mailbox name."""

    __slots__ = ()


Argument: TypeAlias = (
    str | bytes | int | date | Flag | Word | Label | NumberSet[int] | SavedResult | None
)


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
    """One search key (:rfc:`9051#section-6.4.4`).

    Attributes:
        name: the RFC's name of it.
        arguments: what stands behind that.
    """

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


@final
@attrs.frozen
class Fuzzy(SearchCriteria):
    """Something like it (:rfc:`6203#section-3`)."""

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
SAVEDATESUPPORTED = SearchKey("SAVEDATESUPPORTED")
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


def SAVEDBEFORE(day: date) -> SearchKey:
    """Match messages saved in this mailbox before that day (:rfc:`8514#section-4.3`)."""
    return _day("SAVEDBEFORE", day)


def SAVEDON(day: date) -> SearchKey:
    """Match messages saved in this mailbox on that day (:rfc:`8514#section-4.3`)."""
    return _day("SAVEDON", day)


def SAVEDSINCE(day: date) -> SearchKey:
    """Match messages saved in this mailbox on that day or later (:rfc:`8514#section-4.3`)."""
    return _day("SAVEDSINCE", day)


def UIDAFTER(uid: int) -> SearchKey:
    """Match messages with a higher UID (:rfc:`9738#section-3.2`; needs MESSAGELIMIT)."""
    return _number("UIDAFTER", uid, 1, MAX_NUMBER)


def UIDBEFORE(uid: int) -> SearchKey:
    """Match messages with a lower UID (:rfc:`9738#section-3.2`; needs MESSAGELIMIT)."""
    return _number("UIDBEFORE", uid, 1, MAX_NUMBER)


def MODSEQ_SINCE(
    modseq: int, *, flag: str | None = None, kind: Literal["priv", "shared", "all"] = "all"
) -> SearchKey:
    r"""Match messages changed at or after *modseq*: the key ``MODSEQ`` (:rfc:`7162`).

    Args:
        modseq: a mod-sequence; 0 matches every message.
        flag: only where this flag changed (:rfc:`7162#section-3.1.5`).
        kind: with *flag*, whether the user's own, the one shared with others, or either.
    """
    # A mod-sequence has 63 bits, where other numbers have 32 before IMAP4rev2.
    number = Word(_number("MODSEQ", modseq, 0, MAX_MODSEQ).arguments[0])
    if flag is None:
        return SearchKey("MODSEQ", (number,))
    checked = Flag(flag).check()
    if checked == Flag.RECENT:
        raise InvalidArgumentError(r"\Recent has no mod-sequence")
    if kind not in ("priv", "shared", "all"):
        raise InvalidArgumentError(f"MODSEQ looks at 'priv', 'shared' or 'all', not at {kind!r}")
    return SearchKey("MODSEQ", (f"/flags/{checked.lower()}", Word(kind), number))


def FUZZY(criteria: SearchCriteria) -> Fuzzy:
    """Match what comes near *criteria* too (:rfc:`6203#section-3`; needs SEARCH=FUZZY)."""
    if not isinstance(criteria, SearchCriteria):
        raise InvalidArgumentError(f"FUZZY takes search criteria, not {criteria!r}")
    return Fuzzy(criteria)


def FILTER(name: str) -> SearchKey:
    """Match what a named filter on the server matches (:rfc:`5466#section-3.1`).

    Raises:
        InvalidArgumentError: if *name* is not an atom, or has a slash.
    """
    return SearchKey("FILTER", (Word(filter_name(name)),))


def ANNOTATION(
    entry: str,
    attribute: Literal["value", "value.priv", "value.shared"],
    value: str | bytes | None,
) -> SearchKey:
    """Match messages by an annotation (:rfc:`5257#section-4.4.2`).

    Args:
        entry: its name; ``*`` and ``%`` are wildcards as in LIST.
        attribute: the user's own value, the one shared with others, or either.
        value: what it contains; ``None`` for no value.
    """
    entry_name(entry, wildcards=True)
    if attribute not in ("value", "value.priv", "value.shared"):
        raise InvalidArgumentError(
            "annotations are searched by 'value', 'value.priv' or 'value.shared', "
            f"not by {attribute!r}"
        )
    return SearchKey("ANNOTATION", (entry, Word(attribute), value))


def EMAILID(email_id: str) -> SearchKey:
    """Match messages of that content, wherever they are (:rfc:`8474#section-6`)."""
    return SearchKey("EMAILID", (_object_id(email_id),))


def THREADID(thread_id: str) -> SearchKey:
    """Match messages of that thread (:rfc:`8474#section-6`)."""
    return SearchKey("THREADID", (_object_id(thread_id),))


def _object_id(value: str) -> Word:
    if not _OBJECT_ID.fullmatch(value):
        raise InvalidArgumentError(
            f"an object identifier is 1 to 255 letters, digits, '_' or '-', not {value!r}"
        )
    return Word(value)


def X_GM_RAW(text: str) -> SearchKey:
    """Match what Gmail's own search language says (needs X-GM-EXT-1)."""
    return _text("X-GM-RAW", text)


def X_GM_MSGID(message_id: int) -> SearchKey:
    """Match the message of that Gmail id, a number of 64 bits (needs X-GM-EXT-1)."""
    return _gmail_id("X-GM-MSGID", message_id)


def X_GM_THRID(thread_id: int) -> SearchKey:
    """Match the messages of that Gmail thread, a number of 64 bits (needs X-GM-EXT-1)."""
    return _gmail_id("X-GM-THRID", thread_id)


def _gmail_id(name: str, value: object) -> SearchKey:
    return SearchKey(name, (Word(_number(name, value, 0, _MAX_64).arguments[0]),))


def X_GM_LABELS(label: str) -> SearchKey:
    r"""Match messages with that label of Gmail's, such as ``"\\Inbox"`` (needs X-GM-EXT-1)."""
    if not label:
        raise InvalidArgumentError("a label is not empty")
    return SearchKey("X-GM-LABELS", (Label(label),))


def IN(messages: UIDSet | SeqSet | SavedResult | str | int) -> SearchKey:
    """Match the messages of a set: the key ``UID``, or for a ``SeqSet`` the bare set.

    Args:
        messages: the set; :data:`aimap.commands.SAVED` is the key ``$`` (:rfc:`5182`).

    Raises:
        InvalidArgumentError: if the set is empty.
    """
    if isinstance(messages, SavedResult):
        return SearchKey("", (messages,))
    numbers = as_set(messages)
    if not numbers:
        raise InvalidArgumentError("an empty set of messages cannot be searched")
    return SearchKey("" if isinstance(numbers, SeqSet) else "UID", (numbers,))
