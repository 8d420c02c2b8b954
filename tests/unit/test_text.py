"""Mailbox names, encoded words, parameters, dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap._model.dates import parse_date_time
from aimap._model.text import decode_parameters, decode_words, python_codec
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name, encode_mailbox_name


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        # RFC 3501 section 5.1.3
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("Hi&Lo", b"Hi&-Lo"),
        ("☺!", b"&Jjo-!"),
        ("台北日本語", b"&U,BTF2XlZyyKng-"),
        ("😀", b"&2D3eAA-"),
        ("Entwürfe", b"Entw&APw-rfe"),
    ],
)
def test_modified_utf7(name: str, raw: bytes) -> None:
    assert encode_mailbox_name(name) == raw
    assert decode_mailbox_name(raw) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_modified_utf7_round_trip(name: str) -> None:
    raw = encode_mailbox_name(name)
    assert raw.isascii()
    assert decode_mailbox_name(raw) == name


@given(st.binary())
def test_whatever_name_a_server_sends_goes_back_as_it_came(raw: bytes) -> None:
    assert encode_mailbox_name(decode_mailbox_name(raw)) == raw


@pytest.mark.parametrize(
    # The first two are RFC 3501's own wrong ones; then no base64, a lone surrogate,
    # a shift that does not end, and what need not have been shifted.
    "raw",
    [b"&Jjo!", b"&U,BTFw-&ZeVnLIqe-", b"&AAAA", b"&2AA-", b"&-&", b"&AGE-", b"caf\xe9", b"&A-"],
)
def test_names_that_are_not_modified_utf7_stay_raw(raw: bytes) -> None:
    name = decode_mailbox_name(raw)
    assert isinstance(name, UndecodedName)
    assert encode_mailbox_name(name) == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # RFC 2047 section 8
        (b"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
        (
            b"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
            b"=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        ),
        (b"=?ISO-8859-1?Q?a?=", "a"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=  \r\n =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a_b?=", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        # RFC 2231 section 5: a language tag
        (b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
        # a character split between two words
        (b"=?utf-8?B?w7w=?= =?utf-8?B?w5zD?= =?utf-8?B?nA==?=", "üÜÜ"),
        (b"plain", "plain"),
        (b"raw \xc3\xbc", "raw ü"),
        (b"raw \xfc", "raw ü"),
        (b"x =?nonsense?Q?a?= y", "x =?nonsense?Q?a?= y"),
        (b"=?utf-8?B?!?=", ""),
        (b"=?idna?Q?x?=", "=?idna?Q?x?="),
        (b"=?unicode_escape?Q?=5Cu0041?=", "=?unicode_escape?Q?=5Cu0041?="),
        (b"=?utf-8?Q?broken", "=?utf-8?Q?broken"),
        (b"a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d"),
    ],
)
def test_encoded_words(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


@given(st.binary())
def test_any_header_can_be_shown(raw: bytes) -> None:
    assert isinstance(decode_words(raw), str)


@pytest.mark.parametrize(
    "name", ["idna", "punycode", "rot13", "base64", "zlib", "undefined", "x" * 50]
)
def test_what_is_no_charset(name: str) -> None:
    assert python_codec(name) is None


def test_parameters_of_rfc_2231() -> None:
    # sections 3, 4 and 4.1
    assert decode_parameters(
        [
            (b"URL*0", b"ftp://"),
            (b"URL*1", b"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"),
            (b"title*", b"us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"),
        ]
    ) == {
        "url": "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar",
        "title": "This is ***fun***",
    }
    assert decode_parameters(
        [
            (b"title*0*", b"us-ascii'en'This%20is%20even%20more%20"),
            (b"title*1*", b"%2A%2A%2Afun%2A%2A%2A%20"),
            (b"title*2", b"isn't it!"),
        ]
    ) == {"title": "This is even more ***fun*** isn't it!"}
    assert decode_parameters([(b"NAME", b"=?utf-8?Q?=C3=BC?=")]) == {"name": "ü"}


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (
            b"17-Jul-1996 02:44:25 -0700",
            datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7))),
        ),
        (b" 8-Jan-2015 12:00:00 +0000", datetime(2015, 1, 8, 12, tzinfo=UTC)),
        (b"8-Jan-2015 12:00:60 +0000", datetime(2015, 1, 8, 12, 0, 59, tzinfo=UTC)),
        (b"00-Jan-0000 00:00:00 +0000", None),
        (b"1-Foo-2015 12:00:00 +0000", None),
        (b"9" * 1000, None),
    ],
)
def test_internal_dates(raw: bytes, moment: datetime | None) -> None:
    assert parse_date_time(raw) == moment
