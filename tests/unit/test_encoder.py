"""What is written reads back to the same values, by a reader that is not ours to bend."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import BODY_PEEK, FLAGS, InvalidArgumentError, UIDSet
from aimap._commands.append import Append
from aimap._commands.base import Command
from aimap._commands.connection import Id
from aimap._commands.copy import Copy
from aimap._commands.fetch import Fetch
from aimap._commands.listing import List
from aimap._commands.login import Login
from aimap._commands.mailboxes import Create, Status
from aimap._commands.search import Search
from aimap._commands.store import Store
from aimap._model.search import SearchCriteria
from aimap._wire.encoder import Dialect, Encoder
from aimap.testing._grammar import Arguments

PLUS = Dialect(literal_plus=True)


def written(command: Command[Any], dialect: Dialect = PLUS) -> list[bytes]:
    wire = Encoder(dialect)
    command.write(wire)
    return wire.parts()


def one(command: Command[Any]) -> bytes:
    (only,) = written(command)
    return only


def outside_literals(data: bytes) -> bytes:
    """Return a command with its literals cut out: what a server reads as lines."""
    result = b""
    while (match := re.search(rb"\{(\d+)\+?\}\r\n", data)) is not None:
        result += data[: match.end() - 2]
        data = data[match.end() + int(match[1]) :]
    return result + data


def check_one_command(data: bytes) -> None:
    lines = outside_literals(data)
    assert lines.endswith(b"\r\n")
    assert b"\r" not in lines[:-2]
    assert b"\n" not in lines[:-2]
    assert b"\0" not in lines


TEXT = st.text(min_size=1, max_size=60)
NASTY = st.sampled_from(
    ['x"\r\nX1 DELETE INBOX', "a{9}", "a{9+}", "NIL", "nil", "INBOX\r", "\\", '"', "()", "a b", "*", "%",
     "&", "]", "[", "{3+}\r\nabc", "\x7f", "\x00", "\udc80", "ü", "日本語", "\u2028", "x" * 2000]
)  # fmt: skip
ANY = TEXT | NASTY


@given(ANY)
def test_mailbox_names(name: str) -> None:
    try:
        data = one(Create(name))
    except InvalidArgumentError:
        assert any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in name)
        return
    check_one_command(data)
    read = Arguments(data[len("CREATE ") : -2])
    assert read.mailbox() == ("INBOX" if name.upper() == "INBOX" else name)
    read.end()


@given(ANY)
def test_list_patterns(pattern: str) -> None:
    try:
        data = one(List(pattern))
    except InvalidArgumentError:
        assert any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in pattern)
        return
    check_one_command(data)
    read = Arguments(data[len("LIST ") : -2])
    assert read.list_mailbox() == ""
    read.space()
    assert read.list_mailbox() == ("INBOX" if pattern.upper() == "INBOX" else pattern)
    read.end()


@given(ANY, ANY)
def test_credentials(user: str, password: str) -> None:
    try:
        data = one(Login(user, password))
    except InvalidArgumentError:
        assert not (user + password).isascii() or "\0" in user + password
        return
    check_one_command(data)
    read = Arguments(data[len("LOGIN ") : -2])
    assert read.astring() == user.encode()
    read.space()
    assert read.astring() == password.encode()
    read.end()


@given(ANY, ANY)
def test_search_text(text: str, field: str) -> None:
    try:
        criteria = aimap.SUBJECT(text) | ~aimap.HEADER(field, text)
        data = one(Search(criteria, extended=False))
    except InvalidArgumentError:
        return
    check_one_command(data)
    read = Arguments(data[: -len("\r\n")])
    words = ["UID", "SEARCH"] if text.isascii() else ["UID", "SEARCH", "CHARSET", "UTF-8"]
    for word in [*words, "OR", "SUBJECT"]:
        assert read.atom() == word
        read.space()
    assert read.string() == text.encode()
    read.space()
    for word in ("NOT", "HEADER"):
        assert read.atom() == word
        read.space()
    assert read.astring().decode() == field
    read.space()
    assert read.string() == text.encode()
    read.end()


@given(st.lists(ANY, max_size=4))
def test_flags(flags: list[str]) -> None:
    try:
        data = one(Store(UIDSet("1:3"), "", flags))
    except InvalidArgumentError:
        return
    check_one_command(data)
    read = Arguments(data[len("UID STORE 1:3 FLAGS.SILENT ") : -2])
    assert [str(flag) for flag in read.flags()] == flags
    read.end()


@given(st.binary(min_size=1, max_size=200), st.lists(st.sampled_from(["\\Seen", "$Junk"])),
       st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
       st.integers(-14 * 60, 14 * 60))  # fmt: skip
def test_append(octets: bytes, flags: list[str], moment: datetime, minutes: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    try:
        data = one(Append("x", octets, flags=flags, date=moment))
    except InvalidArgumentError:
        assert b"\0" in octets
        return
    check_one_command(data)
    read = Arguments(data[len("APPEND x ") : -2])
    if flags:
        assert {str(flag) for flag in read.flags()} == set(flags)
        read.space()
    assert read.date_time() == moment
    read.space()
    assert read.literal() == (octets, False)
    read.end()


@given(st.dictionaries(ANY, st.none() | ANY, max_size=4))
def test_id(fields: dict[str, str | None]) -> None:
    try:
        data = one(Id(fields))
    except InvalidArgumentError:
        return
    check_one_command(data)
    read = Arguments(data[len("ID ") : -2])
    if not fields:
        assert read.step(b"NIL")
        return
    assert outside_literals(data).count(b"(") >= 1


def test_synchronising_literals_split_a_command() -> None:
    parts = written(Login("a\r\nb", "c\nd"), Dialect())
    assert parts == [b"LOGIN {4}\r\n", b"a\r\nb {3}\r\n", b"c\nd\r\n"]


def test_nul_needs_binary() -> None:
    with pytest.raises(InvalidArgumentError, match="octet 1"):
        one(Append("x", b"a\0b"))
    binary = Dialect(literal_plus=True, binary=True)
    assert written(Append("x", b"a\0b"), binary) == [b"APPEND x ~{3+}\r\na\0b\r\n"]


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


@pytest.mark.parametrize(
    "make",
    [
        lambda: aimap.SINCE("1-Jan-2026 ALL"),  # type: ignore[arg-type]
        lambda: aimap.KEYWORD("\\Seen"),
        lambda: aimap.KEYWORD("a) ALL"),
        lambda: aimap.LARGER(-1),
        lambda: aimap.LARGER("5 ALL"),  # type: ignore[arg-type]
        lambda: aimap.FROM(b"x"),  # type: ignore[arg-type]
        lambda: aimap.HEADER("a: b"),
        lambda: aimap.IN(""),
        lambda: aimap.SEEN & "ALL",  # type: ignore[operator]
        lambda: aimap.SEEN and aimap.DRAFT,
        lambda: Search("ALL", extended=False),  # type: ignore[arg-type]
        lambda: BODY_PEEK("1.2] ALL"),
        lambda: BODY_PEEK("HEADER", fields=["x"]),
        lambda: BODY_PEEK(fields=["a b"]),
        lambda: BODY_PEEK(fields="Subject"),
        lambda: BODY_PEEK(fields=["a"], fields_not=["b"]),
        lambda: BODY_PEEK(partial=(0, 0)),
        lambda: BODY_PEEK(partial=(-1, 5)),
        lambda: Status("x", []),
        lambda: Status("x", ["MESSAGES) X"]),
        lambda: Store(UIDSet(1), "+", []),
        lambda: Store(UIDSet(1), "+", ["\\Seen) X"]),
        lambda: Fetch(UIDSet(1), [], print),
        lambda: Append("x", b""),
        lambda: Id({"A": "1", "a": "2"}),
        lambda: Id({"a" * 31: None}),
        lambda: Id({"a": "b" * 1025}),
        lambda: one(Append("x", b"x", date=datetime(2026, 1, 1))),  # noqa: DTZ001
        lambda: one(Store(UIDSet(1), "", ["\\Recent"])),
        lambda: one(Create("")),
        lambda: one(Fetch(UIDSet(), [FLAGS], print)),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(make: object) -> None:
    with pytest.raises(InvalidArgumentError):
        make()  # type: ignore[operator]


def test_sections() -> None:
    assert BODY_PEEK().request == "BODY.PEEK[]"
    assert BODY_PEEK("1.2.mime").key == "BODY[1.2.MIME]"
    assert (
        BODY_PEEK("2", fields=["Subject", "X-a"]).request
        == "BODY.PEEK[2.HEADER.FIELDS (SUBJECT X-A)]"
    )
    assert BODY_PEEK(partial=(10, 20)).key == "BODY[]<10>"
    assert aimap.BODY("TEXT").request == "BODY[TEXT]"


def test_commands_of_the_rfc() -> None:
    # RFC 3501 sections 6.4.5 to 6.4.8, in our own tags and UIDs
    assert one(Fetch(UIDSet("2:4"), [FLAGS, BODY_PEEK(fields=["DATE", "FROM"])], print)) == (
        b"UID FETCH 2:4 (FLAGS BODY.PEEK[HEADER.FIELDS (DATE FROM)])\r\n"
    )
    assert one(Store(UIDSet("2:4"), "+", ["\\Deleted"])) == (
        b"UID STORE 2:4 +FLAGS.SILENT (\\Deleted)\r\n"
    )
    assert one(Copy(UIDSet("2:4"), "MEETING")) == b"UID COPY 2:4 MEETING\r\n"


def test_a_line_is_not_too_long() -> None:
    with pytest.raises(InvalidArgumentError, match="8192 octets"):
        one(Copy(UIDSet(range(1, 9000, 2)), "x"))
