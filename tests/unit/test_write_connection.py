"""What commands about the connection write reads back to the same values."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import InvalidArgumentError
from aimap._commands.base import Command
from aimap._wire.encoder import Dialect
from aimap.commands import (
    Authenticate,
    Capability,
    Check,
    Close,
    Comparator,
    Compress,
    Enable,
    GenUrlAuth,
    Id,
    Idle,
    JmapAccess,
    Language,
    Login,
    Logout,
    Namespace,
    Noop,
    ResetKey,
    StartTLS,
    Unauthenticate,
    Unselect,
    UrlFetch,
)

from .reader import Bare, astring, atom, listed, mailbox, nstring, string, words
from .strategies import ANY, BYTES, DIALECTS, as_sent, is_mailbox_name, tokens


@pytest.mark.parametrize(
    "kind",
    [
        Capability,
        Noop,
        Logout,
        StartTLS,
        Unauthenticate,
        Idle,
        Close,
        Unselect,
        Check,
        Namespace,
        JmapAccess,
    ],
)
def test_without_arguments(kind: Any) -> None:
    command: Command[Any] = kind()
    assert tokens(command, Dialect()) == [Bare(command.name)]


@given(ANY, ANY, DIALECTS)
def test_login(user: str, password: str, dialect: Dialect) -> None:
    try:
        found = tokens(Login(user, password), dialect)
    except InvalidArgumentError:
        assert not (user + password).isascii() or "\0" in user + password
        return
    assert atom(found[0]) == "LOGIN"
    assert [astring(token).decode() for token in found[1:]] == [user, password]


@given(st.none() | st.just(b"") | BYTES, DIALECTS)
def test_authenticate(initial: bytes | None, dialect: Dialect) -> None:
    command = Authenticate("PLAIN", lambda challenge: challenge, initial=initial, in_command=True)
    found = tokens(command, dialect)
    assert found[:2] == [Bare("AUTHENTICATE"), Bare("PLAIN")]
    # RFC 4959 section 3: an empty initial response is "="
    expected = [] if initial is None else [b64encode(initial).decode() or "="]
    assert [token.text for token in found[2:] if isinstance(token, Bare)] == expected


@given(st.dictionaries(ANY, st.none() | ANY, max_size=4), DIALECTS)
def test_id(fields: dict[str, str | None], dialect: Dialect) -> None:
    try:
        found = tokens(Id(fields), dialect)
    except InvalidArgumentError:
        texts = [text for pair in fields.items() for text in pair if text]
        assert (
            any(len(key.encode("utf-8", "replace")) > 30 for key in fields)
            or any(len(text.encode("utf-8", "replace")) > 1024 for text in texts)
            or len({key.lower() for key in fields}) < len(fields)
            or any(
                "\0" in text or "\ud800" <= max(text) <= "\udfff" or "\udc80" in text
                for text in texts
            )
        )
        return
    if not fields:
        assert found[1:] == [Bare("NIL")]
        return
    inside = listed(found[1])
    assert [string(token).decode() for token in inside[::2]] == list(fields)
    expected = [value if value is None else value.encode() for value in fields.values()]
    assert [nstring(token) for token in inside[1::2]] == expected


@given(st.lists(st.sampled_from(["CONDSTORE", "UTF8=ACCEPT", "IMAP4rev2"]), min_size=1), DIALECTS)
def test_enable(names: list[str], dialect: Dialect) -> None:
    assert tokens(Enable(*names), dialect) == [Bare("ENABLE"), *map(Bare, names)]


def test_compress() -> None:
    assert tokens(Compress(), Dialect()) == [Bare("COMPRESS"), Bare("DEFLATE")]


@given(st.lists(st.sampled_from(["de-CH", "default", "*", "MUL", "i-default"])), DIALECTS)
def test_language(ranges: list[str], dialect: Dialect) -> None:
    found = tokens(Language(*ranges), dialect)
    assert [astring(token).decode() for token in found[1:]] == ranges


@given(st.lists(st.sampled_from(["i;basic", "cz;*", 'a"b', "i;unicode-casemap"])), DIALECTS)
def test_comparator(orders: list[str], dialect: Dialect) -> None:
    found = tokens(Comparator(*orders), dialect)
    assert [astring(token).decode() for token in found[1:]] == orders


RUMPS = st.lists(
    st.sampled_from(
        ["imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred",
         "imap://example.com/Shared/%22x%22/;uid=20;URLAUTH=anonymous",
         "imap://e.org/;expire=2006-12-31T23:59:59Z;urlauth=user+" + "x" * 90]
    ),
    min_size=1,
)  # fmt: skip


@given(RUMPS, st.sampled_from(["INTERNAL", "XSAMPLE"]), DIALECTS)
def test_genurlauth(urls: list[str], mechanism: str, dialect: Dialect) -> None:
    found = tokens(GenUrlAuth(urls, mechanism), dialect)
    assert [astring(token).decode() for token in found[1::2]] == urls
    assert words(found[2::2]) == [mechanism] * len(urls)


@given(ANY, st.lists(st.sampled_from(["INTERNAL", "XSAMPLE"])), DIALECTS)
def test_resetkey(box: str, mechanisms: list[str], dialect: Dialect) -> None:
    assert tokens(ResetKey(), dialect) == [Bare("RESETKEY")]
    if not is_mailbox_name(box, dialect):
        return
    found = tokens(ResetKey(box, mechanisms), dialect)
    assert mailbox(found[1], dialect) == as_sent(box)
    assert words(found[2:]) == mechanisms


@given(
    RUMPS, st.lists(st.sampled_from(["BODY", "BINARY", "BODYPARTSTRUCTURE"]), unique=True), DIALECTS
)
def test_urlfetch(urls: list[str], items: list[Any], dialect: Dialect) -> None:
    found = tokens(UrlFetch(urls, items), dialect)
    for url, token in zip(urls, found[1:], strict=True):
        if not items:
            assert astring(token).decode() == url
            continue
        first, *rest = listed(token)
        assert astring(first).decode() == url
        assert words(rest) == items
