"""How values are written: by the encoder itself, whatever the command."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import InvalidArgumentError, SeqSet, UIDSet
from aimap._model.search import SearchCriteria
from aimap._wire.encoder import Dialect, Encoder
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name
from aimap.commands import SAVED, Append, Copy, Create, Login, Search, Sort, SortKey

from .reader import Bare, Text, WrongError, date_time, day, mailbox, name, read, string
from .strategies import ANY, BYTES, DAYS, DIALECTS, MOMENTS, PLAIN, PLUS, one, tokens, written

MINUS = Dialect(literal_minus=True)
UTF8 = Dialect(literal_plus=True, utf8=True)
REV2 = Dialect(literal_plus=True, utf8=True, rev2=True)


def write(dialect: Dialect, *calls: tuple[str, Any]) -> list[bytes]:
    wire = Encoder(dialect)
    wire.atom("X")
    for method, argument in calls:
        getattr(wire, method)(argument)
    return [part for part in wire.parts() if isinstance(part, bytes)]


@given(
    st.lists(st.tuples(st.sampled_from(["string", "astring", "nstring"]), ANY | BYTES)), DIALECTS
)
def test_strings(calls: list[Any], dialect: Dialect) -> None:
    """Whatever is in a string, it stays in its place, and nothing else comes of it."""
    try:
        found = read(write(dialect, *calls), dialect)
    except InvalidArgumentError:
        texts = [each for _, each in calls]
        assert any("\0" in t or "\udc80" in t if isinstance(t, str) else b"\0" in t for t in texts)
        return
    for (_, sent), token in zip(calls, found[1:], strict=True):
        octets = sent.encode() if isinstance(sent, str) else sent
        assert token == Bare(octets.decode()) if isinstance(token, Bare) else token.value == octets  # type: ignore[union-attr]


@given(BYTES, DIALECTS)
def test_values(octets: bytes, dialect: Dialect) -> None:
    (_, token) = read(write(dialect, ("value", octets)), dialect)
    assert isinstance(token, Text)
    assert token.value == octets
    assert (token.form == "literal8") == (b"\0" in octets)


@given(DAYS, DIALECTS)
def test_dates(when: date, dialect: Dialect) -> None:
    assert day(read(write(dialect, ("date", when)), dialect)[1]) == when


@given(MOMENTS, DIALECTS)
def test_moments(when: datetime, dialect: Dialect) -> None:
    moment = date_time(read(write(dialect, ("date_time", when)), dialect)[1])
    assert moment == when.replace(microsecond=0)


def test_date_time_as_the_grammar_has_it() -> None:
    zone = timezone(timedelta(hours=-8))
    assert write(PLAIN, ("date_time", datetime(1994, 2, 7, 21, 52, 25, tzinfo=zone))) == [
        b'X " 7-Feb-1994 21:52:25 -0800"\r\n'
    ]
    assert write(PLAIN, ("date_time", datetime(1, 1, 10, tzinfo=UTC))) == [
        b'X "10-Jan-0001 00:00:00 +0000"\r\n'
    ]
    # Amsterdam's local mean time had seconds, which zone has not.
    zone = timezone(timedelta(minutes=19, seconds=32))
    assert write(PLAIN, ("date_time", datetime(1900, 1, 1, 0, 19, 32, tzinfo=zone))) == [
        b'X " 1-Jan-1900 00:00:00 +0000"\r\n'
    ]


@given(ANY, DIALECTS)
def test_labels_and_patterns(text: str, dialect: Dialect) -> None:
    try:
        _, pattern, own = read(write(dialect, ("list_mailbox", text), ("label", text)), dialect)
    except InvalidArgumentError:
        return
    assert name(string(pattern), dialect) == ("INBOX" if text.upper() == "INBOX" else text)
    assert own == Bare(text) if text.startswith("\\") else name(string(own), dialect) == text


def test_literals_of_each_dialect() -> None:
    command = Login("a\r\nb", "c\nd")
    assert written(command, PLAIN) == [b"LOGIN {4}\r\n", b"a\r\nb {3}\r\n", b"c\nd\r\n"]
    assert written(command, PLUS) == [b"LOGIN {4+}\r\na\r\nb {3+}\r\nc\nd\r\n"]
    # RFC 7888 section 5: up to 4,096 octets
    assert written(Append("x", b"y" * 4096), MINUS) == [
        b"APPEND x {4096+}\r\n" + b"y" * 4096 + b"\r\n"
    ]
    assert written(Append("x", b"y" * 4097), MINUS) == [
        b"APPEND x {4097}\r\n",
        b"y" * 4097 + b"\r\n",
    ]


def test_nul_needs_binary() -> None:
    for dialect in (PLAIN, PLUS, UTF8):
        with pytest.raises(InvalidArgumentError, match="octet 1"):
            written(Append("x", b"a\0b"), dialect)
    binary = Dialect(literal_plus=True, binary=True)
    assert one(Append("x", b"a\0b"), binary) == b"APPEND x ~{3+}\r\na\0b\r\n"
    assert one(Append("x", b"ab"), binary) == b"APPEND x {2+}\r\nab\r\n"


def test_8_bit_is_quoted_only_where_it_may() -> None:
    assert write(PLUS, ("string", "ü")) == [b"X {2+}\r\n\xc3\xbc\r\n"]
    assert write(UTF8, ("string", "ü")) == ['X "ü"\r\n'.encode()]
    assert write(UTF8, ("string", b"\xff")) == [b"X {1+}\r\n\xff\r\n"]


@pytest.mark.parametrize(
    ("box", "dialect", "sent"),
    [
        ("inbox", PLUS, b"INBOX"),
        ("NIL", PLUS, b'"NIL"'),
        ("~peter/mail/台北/日本語", PLUS, b'"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),
        ("a&b", PLUS, b'"a&-b"'),
        ("Entwürfe", UTF8, '"Entwürfe"'.encode()),
        ("a&b", UTF8, b'"a&b"'),
        (UndecodedName(b"broken&"), PLUS, b'"broken&"'),
        (UndecodedName(b"\xff"), UTF8, b"{1+}\r\n\xff"),
    ],
)
def test_mailbox_names(box: str, dialect: Dialect, sent: bytes) -> None:
    assert one(Create(box), dialect) == b"CREATE " + sent + b"\r\n"


@pytest.mark.parametrize("dialect", [PLUS, UTF8])
@pytest.mark.parametrize("box", ["", "a\rb", "a\nb", "\0", "\x1f", "\x7f", "\x85", "\udc80"])
def test_names_without_meaning(box: str, dialect: Dialect) -> None:
    with pytest.raises(InvalidArgumentError, match=r"mailbox name|Unicode"):
        one(Create(box), dialect)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ("u\u0308", "NFC"),
        ("a\u2028b", r"U\+2028"),
        ("a\u2029", r"U\+2029"),
        ("\ufeffa", r"U\+FEFF"),
    ],
)
def test_names_that_are_not_net_unicode(box: str, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=reason):
        one(Create(box), UTF8)
    # In modified UTF-7 such names may exist already.
    assert mailbox(tokens(Create(box), PLUS)[1], PLUS) == box
    assert decode_mailbox_name(one(Create(box))[len('CREATE "') : -3]) == box


def test_sets() -> None:
    assert write(PLAIN, ("numbers", UIDSet("1:3,9,20:*"))) == [b"X 1:3,9,20:4294967295\r\n"]
    # A sequence number past the last message is an error, and "*" never is.
    assert write(PLAIN, ("numbers", SeqSet("2:*"))) == [b"X 2:*\r\n"]
    assert write(PLAIN, ("numbers", SeqSet("*"))) == [b"X *\r\n"]
    assert write(PLAIN, ("numbers", SAVED)) == [b"X $\r\n"]
    with pytest.raises(InvalidArgumentError, match="empty set"):
        write(PLAIN, ("numbers", UIDSet()))


@pytest.mark.parametrize(
    ("method", "number", "dialect"),
    [("number", -1, PLAIN), ("number", 2**32, PLAIN), ("number", 2**63, REV2), ("number64", 2**63, PLAIN),
     ("number", True, PLAIN)],
)  # fmt: skip
def test_numbers_out_of_range(method: str, number: int, dialect: Dialect) -> None:
    with pytest.raises(InvalidArgumentError, match="0 to"):
        write(dialect, (method, number))


def test_numbers_in_range() -> None:
    assert write(PLAIN, ("number", 2**32 - 1)) == [b"X 4294967295\r\n"]
    assert write(REV2, ("number", 2**63 - 1)) == [b"X 9223372036854775807\r\n"]


@pytest.mark.parametrize("text", ["", "a b", 'a"', "a\r\n", "(", "ü", "a]", "\\Seen", "{3}", "%"])
def test_atoms(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="atom"):
        write(PLAIN, ("atom", text))


@pytest.mark.parametrize("text", ["", "a\r\nb", "\0", "\t", "ü"])
def test_items(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="printable"):
        write(PLAIN, ("item", text))


@pytest.mark.parametrize("text", ["", "a\r\nb", "ü", "x" * 1001])
def test_quoted(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="printable"):
        write(PLAIN, ("quoted", text))


@pytest.mark.parametrize("flag", ["", "\\", "a b", "a(", "ü", "\\*", "a]", "x\r\n"])
def test_flags(flag: str) -> None:
    with pytest.raises(InvalidArgumentError, match="a flag is an atom"):
        write(PLAIN, ("flags", [flag]))


def test_flags_and_moments_that_mean_nothing() -> None:
    with pytest.raises(InvalidArgumentError, match="only the server"):
        write(PLAIN, ("flags", ["\\recent"]))
    with pytest.raises(InvalidArgumentError, match="time zone"):
        write(PLAIN, ("date_time", datetime(2026, 1, 1)))  # noqa: DTZ001


def test_flags_are_several() -> None:
    with pytest.raises(InvalidArgumentError, match="several strings"):
        write(PLAIN, ("flags", "\\Seen"))


def test_a_line_is_not_too_long() -> None:
    with pytest.raises(InvalidArgumentError, match="8192 octets"):
        one(Copy(UIDSet(range(1, 9000, 2)), "x"))
    with pytest.raises(InvalidArgumentError, match="1000 octets"):
        one(Copy(UIDSet(range(1, 900, 2)), "x"), Dialect(max_line=1000))


@pytest.mark.parametrize(
    ("criteria", "text"),
    [
        (aimap.ALL, b"ALL"),
        (aimap.UNSEEN & aimap.SINCE(date(2026, 1, 1)) & ~aimap.FROM("noreply@"),
         b'UNSEEN SINCE 1-Jan-2026 NOT FROM "noreply@"'),
        (aimap.SEEN | aimap.DRAFT | aimap.OLD, b"OR SEEN OR DRAFT OLD"),
        (aimap.ALL & (aimap.SEEN | (aimap.DRAFT & aimap.OLD)), b"ALL OR SEEN (DRAFT OLD)"),
        (~(aimap.SEEN & aimap.DRAFT), b"NOT (SEEN DRAFT)"),
        (~~aimap.SEEN, b"NOT NOT SEEN"),
        (aimap.IN("1:3,9"), b"UID 1:3,9"),
        (aimap.IN(aimap.SeqSet("2")), b"2"),
        (aimap.KEYWORD("$Junk"), b"KEYWORD $Junk"),
        (aimap.LARGER(10), b"LARGER 10"),
        (aimap.MODSEQ_SINCE(7), b"MODSEQ 7"),
        (aimap.ON(datetime(2026, 2, 3, 23, tzinfo=UTC)), b"ON 3-Feb-2026"),
        (aimap.HEADER("X-Spam"), b'HEADER "X-Spam" ""'),
    ],
)  # fmt: skip
def test_search_expressions(criteria: SearchCriteria, text: bytes) -> None:
    assert one(Search(criteria, extended=False)) == b"UID SEARCH " + text + b"\r\n"


def test_a_deep_expression_needs_no_deep_stack() -> None:
    criteria: SearchCriteria = aimap.SEEN
    for _ in range(700):
        criteria = ~criteria
    assert one(Search(criteria, extended=False)).count(b"NOT") == 700


def test_criteria_of_somebody_else() -> None:
    class Mine(SearchCriteria):
        pass

    for command in (Search(~Mine(), extended=False), Sort([SortKey.DATE], Mine())):
        with pytest.raises(InvalidArgumentError, match="not search criteria of ours"):
            one(command)


@pytest.mark.parametrize(
    ("parts", "dialect"),
    [
        ([b"X {3+}\r\nabc\r\n"], PLAIN),
        ([b"X {3}\r\nabc\r\n"], PLAIN),
        ([b"X {5000+}\r\n" + b"a" * 5000 + b"\r\n"], MINUS),
        ([b'X "\xc3\xbc"\r\n'], PLAIN),
        ([b"X {1+}\r\n\0\r\n"], PLUS),
        ([b"X y\r\nX2 NOOP\r\n"], PLAIN),
        ([b"X y\n"], PLAIN),
        ([b"X  y\r\n"], PLAIN),
        ([b"X y \r\n"], PLAIN),
        ([b"X (y \r\n"], PLAIN),
        ([b"X y", b"z\r\n"], PLAIN),
        ([b"X " + b"y" * 9000 + b"\r\n"], PLAIN),
        ([b"(X)\r\n"], PLAIN),
    ],
)
def test_the_reader_is_strict(parts: list[bytes], dialect: Dialect) -> None:
    with pytest.raises(WrongError):
        read(parts, dialect)


def test_no_value_makes_a_second_line() -> None:
    for nasty in ("a\r\nX2 LOGOUT", "a\nb", "a\rb"):
        (sent,) = write(PLUS, ("string", nasty))
        assert re.fullmatch(rb"X \{\d+\+\}\r\n.*\r\n", sent, re.DOTALL)
