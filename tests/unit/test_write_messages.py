"""What commands about messages write reads back to the same values."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aimap import InvalidArgumentError, SeqSet, UIDSet
from aimap._wire.encoder import Dialect
from aimap.commands import (
    SAVED,
    Append,
    AppendMessage,
    Conversions,
    Convert,
    ConvertItem,
    Copy,
    Expunge,
    Fetch,
    Move,
    MultiAppend,
    Replace,
    Store,
    StoreAnnotations,
    StoreLabels,
    UrlPart,
)

from .reader import (
    Bare,
    Text,
    Token,
    astring,
    atom,
    date_time,
    flag,
    listed,
    mailbox,
    message,
    number,
    numbers,
    string,
    value,
)
from .strategies import (
    ANNOTATIONS,
    ANY,
    APPENDED,
    DIALECTS,
    FLAGS,
    ITEMS,
    MESSAGES,
    PARTIALS,
    UIDS,
    as_sent,
    is_mailbox_name,
    octets,
    tokens,
)
from .test_write_search import set_as_read


def start(found: list[Token], verb: str, messages: Any) -> list[Token]:
    """Check the name and the set of a command, and return the rest."""
    if not isinstance(messages, SeqSet):
        assert found.pop(0) == Bare("UID")
    assert found.pop(0) == Bare(verb)
    expected = "$" if messages is SAVED else set_as_read(messages)
    assert numbers(found.pop(0)) == expected
    return found


@given(
    MESSAGES,
    ITEMS,
    st.none() | st.integers(1, 2**63 - 1),
    st.booleans(),
    st.none() | PARTIALS,
    DIALECTS,
)
def test_fetch(
    messages: Any, items: list[Any], since: Any, vanished: bool, partial: Any, dialect: Dialect
) -> None:
    by_uid = not isinstance(messages, SeqSet)
    vanished = vanished and by_uid and since is not None
    partial = partial if by_uid else None
    try:
        command = Fetch(
            messages, items, print, changed_since=since, partial=partial,
            on_vanished=print if vanished else None,
        )  # fmt: skip
        found = start(tokens(command, dialect), "FETCH", messages)
    except InvalidArgumentError:
        assert vanished
        assert not dialect.qresync
        return
    wanted = found.pop(0)
    requests = list(dict.fromkeys(item.request for item in items))
    bare = len(requests) == 1 and not requests[0].endswith(")")
    assert flat(wanted) == (requests[0] if bare else f"({' '.join(requests)})")
    modifiers = [f"PARTIAL {partial}"] * (partial is not None)
    modifiers += [f"CHANGEDSINCE {since}"] * (since is not None) + ["VANISHED"] * vanished
    if modifiers:
        assert flat(found.pop()) == f"({' '.join(modifiers)})"
    assert not found


def flat(token: Token) -> str:
    """Write a token again, by the simplest means."""
    if isinstance(token, list):
        return f"({' '.join(map(flat, token))})"
    if isinstance(token, Text):
        text = token.value.decode().replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
    return token.text


@given(MESSAGES, st.sampled_from(["+", "-", ""]), st.lists(FLAGS, max_size=3), st.booleans(),
       st.none() | st.integers(0, 2**63 - 1), DIALECTS)  # fmt: skip
def test_store(
    messages: Any, change: Any, flags: list[str], silent: bool, since: Any, dialect: Dialect
) -> None:
    system = r"\\(?i:seen|answered|flagged|deleted|draft)"
    good = all(re.fullmatch(system + r"|[!#-$&'+-\[^-z|}~]+", each) for each in flags) and (
        flags or not change
    )
    try:
        command = Store(messages, change, flags, silent=silent, unchanged_since=since)
    except InvalidArgumentError:
        assert not good
        return
    assert good
    found = start(tokens(command, dialect), "STORE", messages)
    if since is not None:
        name, modseq = listed(found.pop(0))
        assert (atom(name), number(modseq)) == ("UNCHANGEDSINCE", since)
    assert found.pop(0) == Bare(f"{change}FLAGS{'.SILENT' if silent else ''}")
    (written,) = found
    assert [flag(token) for token in listed(written)] == flags


@given(MESSAGES, st.lists(ANY, max_size=3), DIALECTS)
def test_store_labels(messages: Any, labels: list[str], dialect: Dialect) -> None:
    try:
        found = start(
            tokens(StoreLabels(messages, "", ["\\Inbox", *labels]), dialect), "STORE", messages
        )
    except InvalidArgumentError:
        assert not all(is_mailbox_name(label, dialect) and label != "\\" for label in labels)
        return
    assert found.pop(0) == Bare("X-GM-LABELS.SILENT")
    own, *others = listed(found.pop(0))
    assert own == Bare("\\Inbox")
    from .reader import name

    for token, label in zip(others, labels, strict=True):
        if isinstance(token, Bare):
            assert token == Bare(label)
            assert label.startswith("\\")
        else:
            assert name(string(token), dialect) == label


def check_annotations(token: Token, annotations: dict[str, dict[str, Any]]) -> None:
    inside = listed(token)
    assert [astring(entry).decode() for entry in inside[::2]] == list(annotations)
    for attributes, expected in zip(inside[1::2], annotations.values(), strict=True):
        assert [astring(each).decode() for each in listed(attributes)[::2]] == list(expected)
        assert [value(each) for each in listed(attributes)[1::2]] == [
            octets(v) for v in expected.values()
        ]


@given(MESSAGES, ANNOTATIONS, DIALECTS)
def test_store_annotations(messages: Any, annotations: dict[str, Any], dialect: Dialect) -> None:
    found = start(tokens(StoreAnnotations(messages, annotations), dialect), "STORE", messages)
    assert found.pop(0) == Bare("ANNOTATION")
    check_annotations(found.pop(0), annotations)
    assert not found


@given(st.sampled_from([Copy, Move]), MESSAGES, ANY, DIALECTS)
def test_copy_and_move(kind: Any, messages: Any, box: str, dialect: Dialect) -> None:
    try:
        found = start(tokens(kind(messages, box), dialect), kind.verb, messages)
    except InvalidArgumentError:
        assert not is_mailbox_name(box, dialect)
        return
    assert [mailbox(token, dialect) for token in found] == [as_sent(box)]


@given(UIDS | st.just(SAVED), DIALECTS)
def test_expunge(messages: Any, dialect: Dialect) -> None:
    assert start(tokens(Expunge(messages), dialect), "EXPUNGE", messages) == []
    assert tokens(Expunge(), dialect) == [Bare("EXPUNGE")]


def appendable(wish: AppendMessage, dialect: Dialect) -> bool:
    parts = (wish.message,) if isinstance(wish.message, bytes) else wish.message
    return (
        wish.utf8
        or dialect.binary
        or not any(b"\0" in each for each in parts if isinstance(each, bytes))
    )


def check_append(found: list[Token], wish: AppendMessage, dialect: Dialect) -> None:
    """Take one message of APPEND off the tokens, and compare it."""
    if wish.flags or wish.utf8:
        assert {flag(token) for token in listed(found.pop(0))} == {str(each) for each in wish.flags}
    if wish.date is not None:
        read = date_time(found.pop(0))
        assert read == wish.date.replace(microsecond=0)
        zone = wish.date.utcoffset()
        assert zone is not None
        assert zone % timedelta(minutes=1) or read.utcoffset() == zone
    if wish.annotations:
        assert found.pop(0) == Bare("ANNOTATION")
        check_annotations(found.pop(0), wish.annotations)  # type: ignore[arg-type]
    if isinstance(wish.message, bytes):
        assert take_data(found, dialect, utf8=wish.utf8, text=False) == wish.message
        return
    assert found.pop(0) == Bare("CATENATE")
    parts = listed(found.pop(0))
    for part in wish.message:
        if isinstance(part, UrlPart):
            assert parts.pop(0) == Bare("URL")
            assert astring(parts.pop(0)).decode() == part.url
        else:
            assert take_data(parts, dialect, utf8=wish.utf8, text=True) == part
    assert not parts


def take_data(found: list[Token], dialect: Dialect, *, utf8: bool, text: bool) -> bytes:
    if utf8:
        assert found.pop(0) == Bare("UTF8")
        (literal,) = listed(found.pop(0))
        assert isinstance(literal, Text)
        assert literal.form == "literal8"
        return literal.value
    if text:
        assert found.pop(0) == Bare("TEXT")
    return message(found.pop(0), dialect)


@given(st.lists(APPENDED, min_size=1, max_size=3), ANY, DIALECTS)
def test_append(wishes: list[AppendMessage], box: str, dialect: Dialect) -> None:
    good = is_mailbox_name(box, dialect)
    try:
        found = tokens(Append(box, wishes[0]), dialect)
    except InvalidArgumentError:
        assert not (good and appendable(wishes[0], dialect))
    else:
        assert [found.pop(0), mailbox(found.pop(0), dialect)] == [Bare("APPEND"), as_sent(box)]
        check_append(found, wishes[0], dialect)
        assert not found
    try:
        found = tokens(MultiAppend(box, wishes), dialect)
    except InvalidArgumentError:
        assert not (good and all(appendable(wish, dialect) for wish in wishes))
        return
    assert [found.pop(0), mailbox(found.pop(0), dialect)] == [Bare("APPEND"), as_sent(box)]
    for wish in wishes:
        check_append(found, wish, dialect)
    assert not found


@given(st.sampled_from([UIDSet(7), SeqSet(7)]), APPENDED, ANY, DIALECTS)
def test_replace(old: Any, wish: AppendMessage, box: str, dialect: Dialect) -> None:
    try:
        found = start(tokens(Replace(old, box, wish), dialect), "REPLACE", old)
    except InvalidArgumentError:
        assert not (is_mailbox_name(box, dialect) and appendable(wish, dialect))
        return
    assert mailbox(found.pop(0), dialect) == as_sent(box)
    check_append(found, wish, dialect)
    assert not found


CONVERTED = st.sampled_from(
    [ConvertItem.UID, ConvertItem.binary(), ConvertItem.binary("3", partial=(0, 9)), ConvertItem.mime("1.2"),
     ConvertItem.binary_size("4"), ConvertItem.structure("2.1"), ConvertItem.header(), ConvertItem.header("2"),
     ConvertItem.available("1")]
)  # fmt: skip


@given(MESSAGES, st.none() | st.just("text/plain"), st.lists(CONVERTED, min_size=1, max_size=3),
       st.dictionaries(st.sampled_from(["charset", "pix-x"]), ANY), DIALECTS)  # fmt: skip
def test_convert(
    messages: Any, target: Any, items: list[Any], parameters: dict[str, str], dialect: Dialect
) -> None:
    try:
        found = start(
            tokens(Convert(messages, target, items, parameters=parameters), dialect),
            "CONVERT",
            messages,
        )
    except InvalidArgumentError:
        assert any("\0" in each or "\udc80" in each for each in parameters.values())
        return
    what = listed(found.pop(0))
    assert what.pop(0) == (Bare("NIL") if target is None else Text(b"text/plain", "quoted"))
    if parameters:
        inside = [string(token).decode() for token in listed(what.pop(0))]
        assert dict(zip(inside[::2], inside[1::2], strict=True)) == parameters
    assert not what
    (wanted,) = found
    several = wanted if isinstance(wanted, list) else [wanted]
    assert several == [Bare(item.request) for item in items]


def test_conversions() -> None:
    found = tokens(Conversions("image/*", "*"), Dialect())
    assert [string(token) for token in found[1:]] == [b"image/*", b"*"]
