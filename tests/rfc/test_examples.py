"""Every response that an RFC shows is read, into a value of its own type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import attrs
import pytest

import aimap
from aimap import Invalid, Message, ResponseCode, UnknownResponse, Unparsed
from tests.rfc.examples import Example, dump, examples, exceptions, load, readable
from tests.rfc.tokens import Atom, Item, tokens


def params(found: Iterable[Example]) -> list[object]:
    return [pytest.param(example, id=example.id) for example in found]


def within(value: object) -> Iterator[object]:
    """Give a value, and all that is in it."""
    yield value
    inner: Iterable[object] = ()
    kind = type(value)
    if isinstance(value, Message):
        inner = value.items.values()
    elif attrs.has(kind):
        inner = (getattr(value, field.name) for field in attrs.fields(kind))
    elif isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, tuple | list):
        inner = value
    for each in inner:
        yield from within(each)


def complaint(raw: bytes) -> str | None:
    """Say what is amiss with how a response is read, if anything is."""
    try:
        value = aimap.parse_response(raw, strict=True)
    except aimap.RemoteProtocolError as error:
        return str(error)
    for each in within(value):
        if isinstance(each, Unparsed | UnknownResponse | Invalid):
            return repr(each)
        # Without arguments, a name is all there is to a code.
        if type(each) is ResponseCode and each.arguments:
            return repr(each)
    return None


@pytest.mark.parametrize("example", params(readable("S")))
def test_responses_have_types(example: Example) -> None:
    assert complaint(example.raw) is None


@pytest.mark.parametrize("example", params(readable("C")))
def test_commands_have_tokens(example: Example) -> None:
    assert tokens(example.raw) or not example.raw


def test_there_are_many() -> None:
    assert len(examples()) > 1000
    assert len(readable("S")) > 1000
    assert len(readable("C")) > 500


def test_ids_are_unique() -> None:
    assert len({example.id for example in examples()}) == len(examples())


@pytest.mark.parametrize("name", exceptions())
def test_exceptions_are_needed(name: str) -> None:
    [example] = [example for example in examples() if example.id == name]
    exception = exceptions()[name]
    assert exception.reason
    if exception.corrected is not None:
        assert exception.corrected != example.raw
    elif example.sender == "S":
        assert complaint(example.raw) is not None
    else:
        with pytest.raises(ValueError):
            tokens(example.raw)


def test_data_are_written_as_they_are_read(tmp_path: Path) -> None:
    found = [example for example in examples() if example.rfc == 9051]
    assert any("отпуск" in example.raw.decode() for example in found)
    path = tmp_path / "rfc9051.txt"
    path.write_text(dump(found, "RFC 9051"), encoding="utf-8")
    assert load(path) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", []),
        (b"a NOOP", [b"a", b"NOOP"]),
        (b'a LOGIN "x \\"y\\"" {3}\r\na"b', [b"a", b"LOGIN", b'x "y"', b'a"b']),
        (b"a LOGIN {0+}\r\n ~{2}\r\n\r\n", [b"a", b"LOGIN", b"", b"\r\n"]),
        (b'a ID ("n" NIL () "NIL")', [b"a", b"ID", [b"n", None, [], b"NIL"]]),
        (
            b'a FETCH 1:* (BODY[HEADER.FIELDS (a "b")]<0.9> binary.peek[1.2] BODY[])',
            [
                b"a",
                b"FETCH",
                b"1:*",
                [
                    Item(Atom(b"BODY"), [b"HEADER.FIELDS", [b"a", b"b"]], b"0.9"),
                    Item(Atom(b"binary.peek"), [b"1.2"], None),
                    Item(Atom(b"BODY"), [], None),
                ],
            ],
        ),
        (b"a SELECT [Gmail]/Sent", [b"a", b"SELECT", b"[Gmail]/Sent"]),
        (b"a STORE $ +FLAGS.SILENT (\\Seen $x)", [b"a", b"STORE", b"$", b"+FLAGS.SILENT", [b"\\Seen", b"$x"]]),
    ],
)  # fmt: skip
def test_tokens(raw: bytes, found: list[object]) -> None:
    assert tokens(raw) == found


@pytest.mark.parametrize(
    "raw",
    [b"a  b", b"a ", b" a", b"a (b", b"a b)", b'a "b', b"a {3}\r\nb", b"a {3}", b"a (b)(c)",
     b'a "b"c', b"a ( b)", b"a\r\nb", b"a BODY[1", b"a BODY[1]x"],
)  # fmt: skip
def test_tokens_are_strict(raw: bytes) -> None:
    with pytest.raises(ValueError):
        tokens(raw)


def test_bare_words_can_be_told() -> None:
    kinds = [type(token) for token in tokens(b'a "a" {1}\r\na')]
    assert kinds == [Atom, bytes, bytes]
