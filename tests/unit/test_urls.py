"""IMAP URLs (RFC 5092, RFC 5593), what mailboxes are called, and searches that are kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from string import printable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import FUZZY, IMAPURL, SpecialUse, criteria
from aimap._commands.criteria import criteria_text
from aimap._model.special_use import use_by_attribute, use_by_name
from aimap.commands import UrlPart

NAIVE = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
TOKEN = "91354a473744909de610943775f92038"

# The examples of RFC 5092 section 9 and 6.1, of RFC 4467 and of RFC 5593, and what they say.
EXAMPLES: list[tuple[str, dict[str, Any]]] = [
    (
        "imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024",
        {
            "host": "minbari.example.org",
            "mailbox": "gray-council",
            "uid_validity": 385759045,
            "uid": 20,
            "partial": (0, 1024),
        },
    ),
    (
        "imap://psicorp.example.org/~peter/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8F%B0%E5%8C%97",
        {"host": "psicorp.example.org", "mailbox": "~peter/日本語/台北"},
    ),
    (
        "imap://;AUTH=GSSAPI@minbari.example.org/gray-council/;UID=20/;SECTION=1.2",
        {
            "host": "minbari.example.org",
            "auth": "GSSAPI",
            "mailbox": "gray-council",
            "uid": 20,
            "section": "1.2",
        },
    ),
    (
        "imap://;AUTH=*@minbari.example.org/gray%20council?SUBJECT%20shadows",
        {
            "host": "minbari.example.org",
            "auth": "*",
            "mailbox": "gray council",
            "search": "SUBJECT shadows",
        },
    ),
    (
        "imap://john;AUTH=*@minbari.example.org/babylon5/personel?charset%20UTF-8%20SUBJECT"
        "%20%7B14+%7D%0D%0A%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%D0%B0",
        {
            "host": "minbari.example.org",
            "user": "john",
            "auth": "*",
            "mailbox": "babylon5/personel",
            "search": "charset UTF-8 SUBJECT {14+}\r\nИванова",
        },
    ),
    (
        f"imap://joe@example.com/INBOX/;UID=20/;SECTION=1.2;URLAUTH=submit+fred:internal:{TOKEN}",
        {
            "host": "example.com",
            "user": "joe",
            "mailbox": "INBOX",
            "uid": 20,
            "section": "1.2",
            "access": "submit+fred",
            "mechanism": "internal",
            "token": TOKEN,
        },
    ),
    (
        "imap://example.com:1143/Shared/;UID=20;EXPIRE=2026-11-28T20:00:00Z;URLAUTH=stream",
        {
            "host": "example.com",
            "port": 1143,
            "mailbox": "Shared",
            "uid": 20,
            "expire": datetime(2026, 11, 28, 20, tzinfo=UTC),
            "access": "stream",
        },
    ),
    (
        "imap://michael@example.org/INBOX",
        {"host": "example.org", "user": "michael", "mailbox": "INBOX"},
    ),
    ("imap://[::1]:143/a", {"host": "[::1]", "port": 143, "mailbox": "a"}),
    ("/foo/;UID=20/;PARTIAL=5", {"mailbox": "foo", "uid": 20, "partial": (5, None)}),
    ("imap://imap.example.com/", {"host": "imap.example.com"}),
]


@pytest.mark.parametrize(("text", "parts"), EXAMPLES)
def test_examples(text: str, parts: dict[str, Any]) -> None:
    assert IMAPURL.parse(text) == IMAPURL(**parts)
    assert str(IMAPURL(**parts)) == text


def test_what_is_written_otherwise() -> None:
    # Case means nothing, nor does a port that is not there.
    assert str(IMAPURL.parse("IMAP://h:/a/;uid=1")) == "imap://h/a/;UID=1"
    assert str(IMAPURL.parse("imap://h")) == "imap://h/"
    assert IMAPURL.parse("imap://h/a;uidvalidity=3").uid_validity == 3
    assert TOKEN not in repr(IMAPURL.parse(EXAMPLES[5][0]))


def test_references() -> None:
    """RFC 5092 section 7."""
    base = IMAPURL.parse("imap://joe@example.com:1143/foo/;UID=20")
    assert str(base.join("/bar/;UID=3")) == "imap://joe@example.com:1143/bar/;UID=3"
    assert str(base.join("//other.example.com/bar")) == "imap://other.example.com/bar"
    assert str(base.join("imap://other/bar")) == "imap://other/bar"
    for relative in (";UID=20", "bar", "../bar"):
        with pytest.raises(aimap.InvalidArgumentError):
            base.join(relative)
    assert base.path == "/foo/;UID=20"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://h/a",
        "INBOX",
        "imap:///a",
        "imap://h/a;UIDVALIDITY=0",
        "imap://h/a/;UID=4294967296",
        "imap://h/a/;UID=1/;UID=2",
        "imap://h/a/;SECTION=1",
        "imap://h/a/;UID=1/;PARTIAL=0.5/;SECTION=1",
        "imap://h/a/;UID=1/;PARTIAL=0.0",
        "imap://h/a/;UID=1?UNSEEN",
        "imap://h/a/;UID=1;URLAUTH=",
        "imap://h/a/;UID=1;URLAUTH=anonymous:INTERNAL:12",
        "imap://h/a/;UID=1;EXPIRE=tomorrow;URLAUTH=anonymous",
        "imap://h/a/;UID=1;EXPIRE=2026-11-28T20:00:00;URLAUTH=anonymous",
        "imap://h/a;URLAUTH=anonymous",
        "imap://h/a;X=1",
        "imap://h/a%zz",
        "imap://h/a%ff",
        "imap://h/a b",
        "imap://h/a#b",
        "imap://a@b@c/d",
        "imap://h//a",
        "/a\r\n",
    ],
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(aimap.InvalidArgumentError):
        IMAPURL.parse(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"user": "joe"},
        {"port": 143},
        {"mailbox": ""},
        {"mailbox": "a", "search": "x", "uid": 1},
        {"mailbox": "a", "uid": 1, "access": "user@joe"},
        {"mailbox": "a", "uid": 1, "access": "anonymous", "mechanism": "X"},
        {"mailbox": "a", "uid": 1, "access": "anonymous", "mechanism": "X Y", "token": TOKEN},
        {"mailbox": "a", "uid": 1, "access": "anonymous", "mechanism": "X", "token": "1"},
        {"mailbox": "a", "uid": 1, "access": "anonymous", "expire": NAIVE},
        {"mailbox": "a", "uid": 1, "partial": (-1, None)},
    ],
)
def test_what_does_not_go_together(parts: dict[str, Any]) -> None:
    with pytest.raises(aimap.InvalidArgumentError):
        IMAPURL(**parts)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.builds(
        IMAPURL,
        host=st.just("example.org"),
        user=st.none() | texts,
        auth=st.none() | texts,
        mailbox=texts.filter(lambda name: not name.startswith("/")),
        uid_validity=st.none() | st.integers(1, 2**32 - 1),
        uid=st.just(7),
        section=st.none() | texts,
        partial=st.none() | st.tuples(st.integers(0, 99), st.none() | st.integers(1, 99)),
        expire=st.none()
        | st.datetimes(timezones=st.just(UTC)).map(lambda d: d.replace(microsecond=0)),
        access=st.sampled_from(["anonymous", "authuser", "stream"]) | texts.map("user+{}".format),
    )
)
def test_what_is_written_is_read_again(url: IMAPURL) -> None:
    text = str(url)
    assert set(text) <= set(printable) - set(" \r\n\t")
    assert IMAPURL.parse(text) == url


@given(st.text(printable))
def test_anything_is_a_url_or_refused(text: str) -> None:
    with suppress(aimap.InvalidArgumentError):
        IMAPURL.parse(text)


def test_parts_of_messages() -> None:
    """RFC 4469 section 3 takes URLs from their path on."""
    assert UrlPart(IMAPURL(mailbox="a b", uid=1)).url == "/a%20b/;UID=1"
    with pytest.raises(aimap.InvalidArgumentError):
        UrlPart(IMAPURL(host="example.org", mailbox="a", uid=1))


def test_names_that_tell_a_use() -> None:
    assert use_by_name("GESENDETE ELEMENTE") is SpecialUse.SENT
    assert use_by_name("Entwu\u0308rfe") is SpecialUse.DRAFTS
    assert use_by_name("迷惑メール") is SpecialUse.JUNK
    assert use_by_name("Корзина") is SpecialUse.TRASH
    assert use_by_name("Archives") is SpecialUse.ARCHIVE
    assert use_by_name("Work") is None
    assert use_by_attribute("\\sent") is SpecialUse.SENT
    assert use_by_attribute("\\Starred") is SpecialUse.FLAGGED
    assert use_by_attribute("\\HasChildren") is None


def test_searches_for_others() -> None:
    """RFC 5466 section 3.2: what RFC 3501 does not define stands in parentheses."""
    wanted = criteria.FROM("ü") & ~criteria.YOUNGER(3) & FUZZY(criteria.TEXT("x"))
    assert criteria_text(wanted) == 'FROM "ü" NOT (YOUNGER 3) (FUZZY TEXT "x")'
    example = criteria.SMALLER(5000) | criteria.FROM("boss@example.com")
    assert criteria_text(example) == 'OR SMALLER 5000 FROM "boss@example.com"'
    for wrong in (criteria.IN(aimap.SeqSet("1")), criteria.TEXT("a\r\nb")):
        with pytest.raises(aimap.InvalidArgumentError):
            criteria_text(wrong)
