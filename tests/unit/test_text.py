"""Mailbox names, encoded words, parameters, dates."""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import pkgutil
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap._commands.mailboxes import Status
from aimap._model.charsets import CODECS, SUPERSETS, exact_codec, python_codec
from aimap._model.dates import parse_date_time
from aimap._model.text import decode_parameters, decode_raw, decode_words
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name, encode_mailbox_name
from tests.session.support import Talk

from .growth import is_linear


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


@given(st.text("&-+,/aé\u0391☺😀\x7f\x00 ~A0"))
def test_modified_utf7_is_what_pythons_utf7_is_but_for_its_alphabet(name: str) -> None:
    shifted = "".join(
        "&-" if run == "&"
        else run if "\x20" <= run[0] <= "\x7e"
        else "&" + b64encode(run.encode("utf-16-be"), b"+,").decode().rstrip("=") + "-"
        for run in re.findall(r"&|[^\x20-\x7e]+|[ -%'-~]+", name)
    )  # fmt: skip
    assert encode_mailbox_name(name) == shifted.encode()


@given(st.binary())
def test_whatever_name_a_server_sends_goes_back_as_it_came(raw: bytes) -> None:
    assert encode_mailbox_name(decode_mailbox_name(raw)) == raw


@pytest.mark.parametrize(
    # The first two are RFC 3501's own wrong ones; then no base64, a lone surrogate,
    # a shift that does not end, and what need not have been shifted.
    "raw",
    [b"&Jjo!", b"&U,BTFw-&ZeVnLIqe-", b"&AAAA", b"&2AA-", b"&-&", b"&AGE-", b"caf\xe9", b"&A-",
     # Half a surrogate pair, either half, both the wrong way; bits left over; "=" and "/"
     b"&2D0-", b"&3gA-", b"&3gDYPQ-", b"&AOl-", b"&AOk=-", b"&//8-", b"&AOk", b"&", b"a&b", b"&A Ok-",
     # Two runs that should be one; what is 8-bit, or a control character, unshifted
     b"&AOk-&AOk-", "é".encode(), b"a\tb", b"\x7f", b"&AOk-\xff"],
)  # fmt: skip
def test_names_that_are_not_modified_utf7_stay_raw(raw: bytes) -> None:
    name = decode_mailbox_name(raw)
    assert isinstance(name, UndecodedName)
    assert name.raw == encode_mailbox_name(name) == raw
    talk = Talk()
    talk.submit(Status(name, ["MESSAGES"]))
    sent = talk.hears()
    if raw.isascii() and raw.decode().isprintable():
        assert raw in sent


def test_names_of_other_octets_are_shown_otherwise() -> None:
    assert decode_mailbox_name(b"\xff") != decode_mailbox_name(b"\xfe")


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


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # All the fields of RFC 2047 section 8
        (b"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
        (
            b"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
            "Keld Jørn Simonsen <keld@dkuug.dk>",
        ),
        (b"=?ISO-8859-1?Q?Olle_J=E4rnefors?=", "Olle Järnefors"),
        (b"=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?=", "Patrik Fältström"),
        (
            b"Nathaniel Borenstein <nsb@thumper.bellcore.com>\r\n"
            b"     (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)",
            "Nathaniel Borenstein <nsb@thumper.bellcore.com>\r\n     (םולש ןב ילטפנ)",
        ),
        (b"(=?ISO-8859-1?Q?a?=)", "(a)"),
        (b"(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a?=\r\n       =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        # A language tag (RFC 2231 section 5), with and without one, joined
        (b"=?utf-8*en?Q?=C3?= =?UTF-8*de-CH?Q?=BC?= =?utf-8?Q?=C3=BC?=", "üü"),
        # Characters that are split, by either encoding, and between the two
        (b"=?utf-8?Q?=E6=97?= =?utf-8?Q?=A5?=", "日"),
        (b"=?utf-8?B?5pc=?=\r\n =?utf-8?Q?=A5?=", "日"),
        (b"=?gb2312?B?1g==?= =?gb2312?B?0M4=?=", "中\ufffd"),
        (b"=?gb2312?B?1g==?= =?gb2312?B?0A==?=", "中"),
        (b"=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"),
        # No word in between: the space is text
        (b"=?utf-8?Q?a?= =?nonsense?Q?b?= =?utf-8?Q?c?=", "a =?nonsense?Q?b?= c"),
        (b"=?utf-8?Q?a?= =?utf-8?X?b?= c", "a =?utf-8?X?b?= c"),
        (b"=?utf-8?Q?a b?=", "=?utf-8?Q?a b?="),
        (b"=?utf-8?B?YQ?=", "a"),
        (b"=?utf-8?Q?=G1=C3=BC=?=", "=G1ü="),
        (b"=?utf-8?q??=", ""),
        # What the sender did not know
        (b"=?unknown-8bit?Q?=C3=BC?=", "ü"),
        (b"=?us-ascii?Q?=FC?=", "ü"),
        (b"=?x-unknown?Q?=FC?=", "ü"),
        (b"=?utf-8?Q?=FC?=", "\ufffd"),
        # Supersets of what is named
        (b"=?gb2312?B?qKY=?=", "é"),
        (b"=?gb2312?B?gTCEMg==?=", b"\x81\x30\x84\x32".decode("gb18030")),
        (b"=?iso-8859-1?Q?=93x=94_=80?=", "“x” €"),
        (b"=?shift_jis?B?h0A=?=", "①"),
        (b"=?ks_c_5601-1987?B?gUE=?=", "갂"),
        (b"=?unicode-1-1-utf-7?Q?+AOk-?=", "é"),
    ],
)
def test_words_of_many_kinds(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        (None, "ü Ð"), ("utf-8", "ü Ð"), ("iso-8859-1", "ü Ð"), ("koi8-r", "Э п"), ("windows-1251", "ь Р"),
        ("idna", "ü Ð"), ("nonsense", "ü Ð"), ("us-ascii", "ü Ð"), ("utf-16", "ü Ð"), ("utf-7", "ü Ð"), ("cp037", "ü Ð"), ("x" * 9999, "ü Ð"),
    ],
)  # fmt: skip
def test_raw_octets_are_guessed(charset: str | None, text: str) -> None:
    assert decode_raw(b"\xfc \xd0", charset) == text
    assert decode_words(b"\xfc =?utf-8?Q?=20?= \xd0", charset) == text.replace(" ", "   ")
    assert decode_raw("ü Ð".encode(), charset) == "ü Ð"


def test_every_text_codec_of_python_is_known_or_refused() -> None:
    found = {module.name for module in pkgutil.iter_modules(encodings.__path__)} - {"aliases"}
    text = set()
    for name in found:
        try:
            info = codecs.lookup(name)
        except LookupError:
            continue
        if getattr(info, "_is_text_encoding", True):
            text.add(name)
    refused = {
        "charmap", "idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "mbcs", "oem",
        "cp65001",
    }  # fmt: skip
    assert text - refused == CODECS
    for codec in CODECS:
        assert python_codec(codec) == SUPERSETS.get(codec, codec)
        assert b"".decode(codec) == ""
    for name, codec in encodings.aliases.aliases.items():
        assert python_codec(name) == (SUPERSETS.get(codec, codec) if codec in CODECS else None)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("unicode-1-1-utf-7", "utf_7"), ("x-sjis", "cp932"), ("cp-850", "cp850"), ("CP850", "cp850"),
        ("ks_c_5601-1987", "cp949"), ("iso-8859-8-i", "iso8859_8"), ("GB2312", "gb18030"),
        ("ansi_x3.110-1983", "cp1252"), ("ANSI_X3.4-1968", "ascii"), ("windows-874", "cp874"),
        ("windows-949", "cp949"), ("x-windows-949", "cp949"), ("ibm850", "cp850"), ("x-euc-jp", "euc_jp"),
        ("iso_8859-1:1987", "cp1252"), ("latin1", "cp1252"), ("Latin 9", "iso8859_15"), ("iso-8859-15", "iso8859_15"),
        ("utf8", "utf_8"), ("utf-8mb4", "utf_8"), ("x-mac-cyrillic", "mac_cyrillic"), ("x-x-sjis", None),
        ("", None), ("x", None), ("-", None), ("utf-8" + "-" * 40, None), ("ü", None),
    ],
)  # fmt: skip
def test_charset_names(name: str, codec: str | None) -> None:
    assert python_codec(name) == codec


def test_what_is_written_is_no_superset() -> None:
    assert (exact_codec("ISO-8859-1"), python_codec("ISO-8859-1")) == ("latin_1", "cp1252")
    assert exact_codec("idna") is None


def test_no_name_from_a_message_reaches_pythons_table() -> None:
    # It keeps each name that it does not know, and looks for a module of that name first.
    before = len(encodings._cache)
    for number in range(100):
        decode_words(b"=?x-%d?Q?a?=" % number)
    assert len(encodings._cache) == before


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_every_codec_takes_linear_time(codec: str) -> None:
    for pump in (
        b"a",
        b"\xff",
        b"\x1b$B",
        b"+",
        b"+AOk",
        b"~{",
        b"\x81",
        b"\x0e",
        b"\0\xd8",
        b"\x81\x30",
    ):

        def make(size: int, pump: bytes = pump) -> Callable[[], object]:
            data = pump * (size // len(pump))
            return lambda: data.decode(codec, "replace")

        assert is_linear(make, 5000), pump


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
    ("pairs", "value"),
    [
        # Both forms: the extended one is the better, wherever it stands
        ([("", "u.txt"), ("*", "utf-8''%C3%BC.txt")], "ü.txt"),
        ([("*", "utf-8''%C3%BC.txt"), ("", "u.txt")], "ü.txt"),
        ([("", "u"), ("*0", "a"), ("*1", "b")], "ab"),
        ([("*0", "a"), ("*", "utf-8''x"), ("*1", "b")], "x"),
        # Any order, gaps, two alike
        ([("*1", "b"), ("*0", "a"), ("*2", "c")], "abc"),
        ([("*10", "k"), ("*9", "j")], "jk"),
        ([("*0", "a"), ("*2", "c")], "ac"),
        ([("*1", "b")], "b"),
        ([("*0", "a"), ("*1", "b"), ("*1", "c"), ("*0", "d")], "ab"),
        ([("", "a"), ("", "b")], "a"),
        # Characters split between pieces
        ([("*0*", "utf-8''%E6%97"), ("*1*", "%A5")], "日"),
        ([("*0*", "utf-8'ja'%E6%97"), ("*1*", "%A5"), ("*2", "%41'b'c")], "日%41'b'c"),
        ([("*0*", "gb2312''%D6"), ("*1*", "%D0")], "中"),
        # The first names the charset, no other does
        ([("*1*", "it's bob's")], "it's bob's"),
        ([("*0", "it's "), ("*1*", "bob's'%C3%BC")], "it's bob's'ü"),
        # Charsets missing, unknown, refused
        ([("*", "''%C3%BC")], "ü"),
        ([("*", "''%FC")], "ü"),
        ([("*", "nonsense''%C3%BC")], "ü"),
        ([("*", "idna''xn--%C3%BC")], "xn--ü"),
        ([("*", "us-ascii''%FC")], "ü"),
        ([("*", "it's")], "it's"),
        ([("*", "%zz%4%")], "%zz%4%"),
        # Encoded words, which do not belong here
        ([("", "=?utf-8?Q?=C3=BC?=.txt")], "ü.txt"),
        ([("*0", "=?utf-8?Q?=C3"), ("*1", "=BC?=")], "ü"),
        ([("", "\xfc")], "ü"),
    ],
)
def test_parameters(pairs: list[tuple[str, str]], value: str) -> None:
    found = decode_parameters(
        [(b"FileName" + name.encode(), text.encode("latin-1")) for name, text in pairs]
    )
    assert found == {"filename": value}


@pytest.mark.parametrize("name", ["*", "**", "x*y", "x*0*0", "x*99999", "*0*", "x* ", ""])
def test_names_that_are_no_continuation_stay(name: str) -> None:
    assert decode_parameters([(name.encode(), b"v")]) == {name: "v"}


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
