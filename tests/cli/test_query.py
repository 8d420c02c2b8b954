"""The language of ``aimap search``."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aimap.cli._query import QueryError, parse_query
from aimap.criteria import (
    ALL,
    BEFORE,
    BODY_TEXT,
    FLAGGED,
    FROM,
    HEADER,
    IN,
    KEYWORD,
    LARGER,
    ON,
    SENTSINCE,
    SINCE,
    SMALLER,
    SUBJECT,
    TEXT,
    UNSEEN,
    X_GM_RAW,
    SearchCriteria,
)

TODAY = date(2026, 11, 25)


def read(*arguments: str) -> SearchCriteria:
    return parse_query(arguments, TODAY)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("", ALL),
        ("all", ALL),
        ("hello", TEXT("hello")),
        ("from:joe", FROM("joe")),
        ("FROM:Joe", FROM("Joe")),
        ("from:joe UNSEEN", FROM("joe") & UNSEEN),
        ("from:joe and is:unread", FROM("joe") & UNSEEN),
        ('subject:"two words"', SUBJECT("two words")),
        ('subject:"a \\"quoted\\" one"', SUBJECT('a "quoted" one')),
        ('"two words"', TEXT("two words")),
        ('"unseen"', TEXT("unseen")),
        ('"from:joe"', TEXT("from:joe")),
        ("re:joe", None),
        ("10:30", TEXT("10:30")),
        ("not from:joe", ~FROM("joe")),
        ("!from:joe flagged", ~FROM("joe") & FLAGGED),
        ("from:a or from:b unseen", FROM("a") | (FROM("b") & UNSEEN)),
        ("(from:a or from:b) unseen", (FROM("a") | FROM("b")) & UNSEEN),
        ("not (a b)", ~(TEXT("a") & TEXT("b"))),
        ("since:2026-01-31", SINCE(date(2026, 1, 31))),
        ("since:31-Jan-2026", SINCE(date(2026, 1, 31))),
        ("sent-since:today", SENTSINCE(TODAY)),
        ("on:yesterday", ON(date(2026, 11, 24))),
        ("newer:2w", SINCE(date(2026, 11, 11))),
        ("older:1y", BEFORE(date(2025, 11, 25))),
        ("larger:20k", LARGER(20_000)),
        ("smaller:3MB", SMALLER(3_000_000)),
        ("uid:1:100", IN("1:100")),
        ("header:List-Id=dev", HEADER("List-Id", "dev")),
        ("header:List-Id", HEADER("List-Id")),
        ("message-id:<a@b>", HEADER("Message-ID", "<a@b>")),
        ("keyword:$Important", KEYWORD("$Important")),
        ('gmail:"has:attachment"', X_GM_RAW("has:attachment")),
        ("body:x", BODY_TEXT("x")),
    ],
)
def test_what_is_understood(query: str, meant: SearchCriteria | None) -> None:
    if meant is None:
        with pytest.raises(QueryError, match="there is no 're:'"):
            read(query)
    else:
        assert read(query) == meant


def test_several_arguments_are_terms_with_their_spaces() -> None:
    assert read("subject:two words", "or", "unseen") == SUBJECT("two words") | UNSEEN
    assert read("(", "a", "b", ")") == TEXT("a") & TEXT("b")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("from:", "nothing behind 'from:'"),
        ('"open', "quotation mark is not closed"),
        ("(a", "parenthesis is not closed"),
        ("a)", "nothing is open"),
        ("a or", "missing at the end"),
        ("or a", "missing before 'or'"),
        ("()", "missing before"),
        ("not", "missing at the end"),
        ("is:blue", "is: takes one of"),
        ("since:soon", "a day is like"),
        ("since:31-Feb-2026", "a day is like"),
        ("since:9999y", "before all days"),
        ("larger:big", "a size is like"),
        ("uid:x", "x"),
        ("uid:0", "0"),
        ("keyword:a(b", "parenthesis"),
        ('header:"a b"', "not a header field's name"),
        ("not " * 60 + "a", "nested too deep"),
        ("(" * 60 + "a" + ")" * 60, "nested too deep"),
    ],
)
def test_what_is_not(query: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        read(query)


@given(st.text(alphabet='from:(un)seen "\\!or-7dkM', max_size=40) | st.text(max_size=30))
@example("since:99999999d")
@example("a:b")
def test_a_query_is_understood_or_told_wrong(query: str) -> None:
    try:
        assert isinstance(read(query), SearchCriteria)
    except QueryError as error:
        assert str(error)
