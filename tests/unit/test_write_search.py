"""What searches write reads back to the same criteria."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aimap
from aimap import InvalidArgumentError, SeqSet, UIDSet, criteria
from aimap._model.numbers import NumberSet
from aimap._model.search import And, Fuzzy, Label, Not, Or, SearchCriteria, SearchKey
from aimap._wire.encoder import Dialect
from aimap.commands import (
    SAVED,
    CancelUpdate,
    ESearch,
    ESort,
    MailboxFilter,
    MultiSearch,
    Partial,
    Search,
    SeqSearch,
    Sort,
    ThreadSearch,
    Update,
)

from . import reader
from .reader import Bare, Token, listed, mailbox, search_program, words
from .strategies import (
    ANY,
    CRITERIA,
    DIALECTS,
    FILTERS,
    ITEMS,
    PARTIALS,
    PLAIN,
    PLUS,
    SORT_KEYS,
    as_sent,
    is_mailbox_name,
    octets,
    one,
    tokens,
)

UTF8 = Dialect(literal_plus=True, utf8=True)


def set_as_read(numbers: NumberSet[int]) -> list[tuple[str, str]]:
    star = isinstance(numbers, SeqSet)
    return [
        (str(low), "*" if star and high == 0xFFFFFFFF else str(high))
        if (low, high) != (0xFFFFFFFF,) * 2 or not star
        else ("*", "*")
        for low, high in numbers.ranges
    ]


def as_read(what: SearchCriteria) -> object:
    """Return what a reader makes of criteria."""
    match what:
        case And(parts):
            return [as_read(part) for part in parts]
        case Or(parts):
            first, *rest = parts
            return ("OR", as_read(first), as_read(Or(tuple(rest)) if rest[1:] else rest[0]))
        case Not(part):
            return ("NOT", as_read(part))
        case Fuzzy(part):
            return ("FUZZY", as_read(part))
        case SearchKey(name, arguments):
            return (name, *(argument_as_read(name, argument) for argument in arguments))
    raise AssertionError(what)


def argument_as_read(name: str, argument: object) -> object:
    if isinstance(argument, NumberSet):
        return set_as_read(argument)
    if argument is SAVED:
        return "$"
    if isinstance(argument, Label):
        return str(argument)
    if isinstance(argument, str):
        if name.startswith("X-GM-") and argument.isdigit() and name != "X-GM-RAW":
            return int(argument)
        if name == "MODSEQ":
            if argument.isdigit():
                return int(argument)
            return argument.upper() if argument in ("priv", "shared", "all") else str(argument)
        if name in ("FILTER", "EMAILID", "THREADID", "KEYWORD", "UNKEYWORD"):
            return str(argument)
        if name == "ANNOTATION" and argument in ("value", "value.priv", "value.shared"):
            return str(argument)
        return octets(argument)
    return argument


def sendable(what: SearchCriteria, dialect: Dialect) -> bool:
    """Tell whether criteria may be refused for a text or a label of theirs."""
    match what:
        case And(parts) | Or(parts):
            return all(sendable(part, dialect) for part in parts)
        case Not(part) | Fuzzy(part):
            return sendable(part, dialect)
        case SearchKey(_, arguments):
            for argument in arguments:
                if isinstance(argument, Label):
                    if not argument.startswith("\\") and not is_mailbox_name(argument, dialect):
                        return False
                    if argument == "\\":
                        return False
                elif isinstance(argument, str) and any("\ud800" <= c <= "\udfff" for c in argument):
                    return False
    return True


def program(found: list[Token], dialect: Dialect, *, ascii_only: bool) -> list[object]:
    if found[0] == Bare("CHARSET"):
        assert found[1] == Bare("UTF-8")
        assert not dialect.utf8
        assert not ascii_only
        found = found[2:]
    return search_program(found, dialect)


def normal(what: SearchCriteria) -> list[object]:
    read = as_read(what)
    return read if isinstance(read, list) else [read]


@settings(max_examples=250)
@given(CRITERIA, DIALECTS, st.booleans())
def test_criteria(what: SearchCriteria, dialect: Dialect, extended: bool) -> None:
    try:
        found = tokens(Search(what, extended=extended), dialect)
    except InvalidArgumentError:
        assert not sendable(what, dialect)
        return
    assert words(found[:2]) == ["UID", "SEARCH"]
    if extended:
        assert found[2:4] == [Bare("RETURN"), [Bare("ALL")]]
    assert program(found[4 if extended else 2 :], dialect, ascii_only=False) == normal(what)


@given(CRITERIA, DIALECTS)
def test_search_by_number(what: SearchCriteria, dialect: Dialect) -> None:
    try:
        found = tokens(SeqSearch(what, extended=False), dialect)
    except InvalidArgumentError:
        assert not sendable(what, dialect)
        return
    assert program(found[1:], dialect, ascii_only=False) == normal(what)


RETURNING = st.lists(
    st.sampled_from(["MIN", "MAX", "COUNT", "SAVE", "RELEVANCY", "CONTEXT"]), unique=True
).flatmap(
    lambda options: st.sampled_from([[], ["ALL"], ["UPDATE"]]).flatmap(
        lambda more: (
            st.just([*options, *more])
            if "ALL" in more
            else st.just([*options, *more]) | PARTIALS.map(lambda window: [*options, *more, window])
        )
    )
)


def check_returning(token: Token, returning: list[Any]) -> None:
    found = listed(token)
    for option in returning:
        if isinstance(option, Partial):
            assert found.pop(0) == Bare("PARTIAL")
            assert found.pop(0) == Bare(f"{option.first}:{option.last}")
        else:
            assert found.pop(0) == Bare(option)
    assert not found


@given(RETURNING, CRITERIA, DIALECTS, st.sampled_from([UIDSet, SeqSet]))
def test_return_options(
    returning: list[Any], what: SearchCriteria, dialect: Dialect, kind: Any
) -> None:
    if not sendable(what, dialect):
        return
    found = tokens(ESearch(what, returning, numbers=kind), dialect)
    if kind is UIDSet:
        assert found.pop(0) == Bare("UID")
    assert words(found[:2]) == ["SEARCH", "RETURN"]
    check_returning(found[2], returning)
    assert program(found[3:], dialect, ascii_only=False) == normal(what)


@given(ITEMS, DIALECTS)
def test_update_with_items(items: list[Any], dialect: Dialect) -> None:
    found = tokens(ESearch(aimap.SEEN, ["COUNT", Update(items)]), dialect)
    count, update, wanted = listed(found[3])
    assert (count, update) == (Bare("COUNT"), Bare("UPDATE"))
    assert listed(wanted)


@given(st.lists(SORT_KEYS, min_size=1, max_size=4), CRITERIA, DIALECTS, RETURNING)
def test_sort(
    keys: list[Any], what: SearchCriteria, dialect: Dialect, returning: list[Any]
) -> None:
    if not sendable(what, dialect):
        return
    expected: list[Token] = []
    for key in keys:
        expected += [Bare("REVERSE")] * key.reverse
        expected += [Bare(key.name), *(Bare(argument) for argument in key.arguments)]
    found = tokens(Sort(keys, what), dialect)
    assert words(found[:2]) == ["UID", "SORT"]
    assert found[2:4] == [expected, Bare("UTF-8")]
    assert search_program(found[4:], dialect) == normal(what)
    found = tokens(ESort(keys, what, returning, numbers=SeqSet), dialect)
    assert words(found[:2]) == ["SORT", "RETURN"]
    check_returning(found[2], returning)
    assert found[3:5] == [expected, Bare("UTF-8")]
    assert search_program(found[5:], dialect) == normal(what)


@given(CRITERIA, DIALECTS)
def test_thread(what: SearchCriteria, dialect: Dialect) -> None:
    if not sendable(what, dialect):
        return
    found = tokens(ThreadSearch("REFERENCES", what), dialect)
    assert words(found[:4]) == ["UID", "THREAD", "REFERENCES", "UTF-8"]
    assert search_program(found[4:], dialect) == normal(what)


@given(st.lists(FILTERS, max_size=3), RETURNING, DIALECTS)
def test_several_mailboxes(
    filters: list[MailboxFilter], returning: list[Any], dialect: Dialect
) -> None:
    names = [name for each in filters for name in each.mailboxes]
    try:
        found = tokens(MultiSearch(aimap.UNSEEN, filters, returning), dialect)
    except InvalidArgumentError:
        assert not all(is_mailbox_name(name, dialect) for name in names)
        return
    assert found.pop(0) == Bare("ESEARCH")
    if filters:
        assert found.pop(0) == Bare("IN")
        inside = listed(found.pop(0))
        for each in filters:
            assert inside.pop(0) == Bare(each.word)
            if each.mailboxes:
                token = inside.pop(0)
                several = token if isinstance(token, list) else [token]
                assert [mailbox(t, dialect) for t in several] == [
                    as_sent(n) for n in each.mailboxes
                ]
        assert not inside
    if returning:
        assert found.pop(0) == Bare("RETURN")
        check_returning(found.pop(0), returning)
    assert found == [Bare("UNSEEN")]


@given(st.lists(ANY, min_size=1, max_size=3), DIALECTS)
def test_cancel_update(tags: list[str], dialect: Dialect) -> None:
    try:
        found = tokens(CancelUpdate(*tags), dialect)
    except InvalidArgumentError:
        assert not all(tag.isascii() and tag.isprintable() and len(tag) <= 1000 for tag in tags)
        return
    assert [token.form for token in found[1:] if isinstance(token, reader.Text)] == [
        "quoted"
    ] * len(tags)
    assert [reader.string(token) for token in found[1:]] == [tag.encode() for tag in tags]


@given(ANY, st.sampled_from(["ISO-8859-1", "Shift_JIS", "us-ascii"]))
def test_text_in_another_charset(text: str, charset: str) -> None:
    try:
        found = tokens(Search(aimap.SUBJECT(text), extended=True, charset=charset), PLUS)
    except InvalidArgumentError:
        writable = text.replace("\0", "\udc80").encode(charset, "replace")
        assert writable.decode(charset) != text
        return
    assert found[4:6] == [Bare("CHARSET"), Bare(charset)]
    assert reader.string(found[7]).decode(charset) == text


def test_text_that_a_charset_cannot_tell_from_another() -> None:
    # Python writes a yen sign in Shift_JIS as 0x5C, and reads that as a backslash.
    with pytest.raises(InvalidArgumentError, match="cannot tell"):
        one(Search(aimap.SUBJECT("\u00a5"), extended=True, charset="Shift_JIS"))


def test_charset_only_where_it_is_needed() -> None:
    assert b"CHARSET" not in one(Search(aimap.SUBJECT("plain"), extended=False))
    assert one(Search(aimap.SUBJECT("ü"), extended=True)) == (
        b"UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {2+}\r\n\xc3\xbc\r\n"
    )
    # RFC 9755 section 3
    assert one(Search(aimap.SUBJECT("ü"), extended=True), UTF8) == (
        'UID SEARCH RETURN (ALL) SUBJECT "ü"\r\n'.encode()
    )
    with pytest.raises(InvalidArgumentError, match="RFC 9755"):
        tokens(Search(aimap.SUBJECT("ü"), extended=True, charset="UTF-8"), UTF8)
    # A label is written as a mailbox name is, in ASCII.
    assert one(Search(criteria.X_GM_LABELS("ü"), extended=False), PLAIN) == (
        b'UID SEARCH X-GM-LABELS "&APw-"\r\n'
    )
