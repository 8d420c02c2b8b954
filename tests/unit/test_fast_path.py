"""The fast path reads exactly as the general reader does, and is taken where it should be."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable
from itertools import permutations
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimap import Limits, Message
from aimap._wire import fast_fetch
from aimap._wire import reader as reader_module
from aimap._wire.parse_response import parse_frame
from aimap._wire.reader import ResponseReader
from aimap._wire.reading import Reading
from aimap.testing import strategies, write_response
from tests.reading import assert_alike, read, read_generally

from .growth import is_linear

Edit: TypeAlias = tuple[str, float, bytes]

ITEMS = {
    "UID": b"UID 4827313",
    "FLAGS": rb"FLAGS (\Seen $Forwarded)",
    "INTERNALDATE": b'INTERNALDATE "17-Jul-1996 02:44:25 -0700"',
    "RFC822.SIZE": b"RFC822.SIZE 4286",
    "MODSEQ": b"MODSEQ (624140003)",
    "ENVELOPE": b'ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "a \\"b\\"" (("Terry Gray" NIL '
    b'"gray" "cac.washington.edu")) NIL NIL ((NIL NIL "imap" "cac.washington.edu")) NIL NIL NIL '
    b'"<B27397-0100000@cac.washington.edu>")',
    "BODYSTRUCTURE": b'BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "7BIT" 30 2 NIL '
    b'NIL NIL NIL)("IMAGE" "PNG" ("NAME" "a.png") NIL NIL "BASE64" 300 NIL ("ATTACHMENT" '
    b'("FILENAME" "a.png")) NIL NIL) "MIXED" ("BOUNDARY" "x=") NIL NIL NIL)',
    "BODY[]": b"BODY[] {12}\r\nhi\r\n\r\n) {3}\xff",
}
COMMON = [
    *permutations(("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE")),
    *permutations(("UID", "FLAGS", "MODSEQ")),
    ("FLAGS",),
    ("UID", "FLAGS"),
    ("UID", "FLAGS", "ENVELOPE"),
    ("UID", "BODYSTRUCTURE"),
    ("UID", "BODY[]"),
    ("BODY[]", "UID"),
    ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY[]"),
]
SHAPES = st.sampled_from(COMMON) | st.lists(
    st.sampled_from((*ITEMS, "EMAILID", "THREADID", "X-GM-MSGID", "BODY[1.2]", "PREVIEW")),
    min_size=1,
    unique=True,
).map(tuple)
SIZES = st.just([0]) | st.lists(st.integers(1, 200), min_size=1, max_size=3)


@pytest.mark.parametrize("keys", COMMON, ids=" ".join)
@pytest.mark.parametrize("word", [b"FETCH", b"Fetch"])
def test_common_shapes_are_read_fast(
    keys: tuple[str, ...], word: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    generally = list[bytes]()

    def counting(frame: bytes, reading: Reading) -> object:
        generally.append(frame)
        return parse_frame(frame, reading)

    monkeypatch.setattr(reader_module, "parse_frame", counting)
    items = b" ".join(ITEMS[key] for key in keys)
    raw = b"".join(b"* %d %b (%b)\r\n" % (seq, word, items) for seq in range(1, 9))
    reader = ResponseReader(Limits())
    reader.receive_data(raw)
    found = [each for run in reader.responses() if isinstance(run, list) for each in run]
    assert [message.seq for message in found] == list(range(1, 9))
    assert len(generally) == (1 if word == b"FETCH" else 8)
    assert all(message.items == found[0].items for message in found)
    assert_alike(read(raw), read_generally(raw))


def test_what_is_odd_is_told_once_and_with_what_it_is_about() -> None:
    start = b"* 1 FETCH (UID 7 ENVELOPE (NIL NIL (%b) NIL NIL NIL NIL NIL NIL NIL)"
    plain = start % b'("a" NIL "b" "c")' + b" FLAGS ())\r\n"
    # A group without an end; and it ends before its response does.
    odd = start % b'(NIL NIL "list" NIL)("a" NIL "b" "c")' + b" FLAGS ())\r\n"
    for size in (1, 7, len(plain), len(plain) + len(odd) - 5):
        raw = 2 * plain + odd
        got = read(raw, [len(plain), size])
        assert_alike(got, read_generally(raw))
        assert [len(defects) for _, defects in got.runs][-1] == 1
        assert sum(len(defects) for _, defects in got.runs) == 1


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Draw responses of one shape, as one server writes them, with another here and there."""
    keys = draw(SHAPES)
    found: list[Message] = draw(st.lists(strategies.messages(keys), min_size=2, max_size=5))
    freedom = draw(st.none() | st.none() | st.randoms(use_true_random=False))
    raw = [write_response(message, freedom=freedom) for message in found]
    if draw(st.booleans()):
        raw.insert(draw(st.integers(0, len(raw))), b"* 23 EXISTS\r\n")
    return b"".join(raw)


@pytest.mark.exhaustive
@given(streams(), SIZES, st.booleans())
def test_legal_responses(raw: bytes, sizes: list[int], utf8: bool) -> None:
    got = read(raw, sizes, utf8=utf8)
    assert_alike(got, read_generally(raw, utf8=utf8))
    assert got.end is None


TOKENS = (
    b" ", b"(", b")", b'"', b"\\", b"[", b"]", b"{", b"}", b"{3}\r\n", b"\r\n", b"\n", b"\r", b"\0",
    b"\xff", b"\xc3\xa9", b"NIL", b'""', b"0", b"-", b"()", b" NIL)", b"*", b"\\*", b"=?", b"<a@b>",
)  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.sampled_from(("insert", "replace", "delete")),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=1),
    ),
    min_size=1,
    max_size=4,
)


def edited(raw: bytes, edits: list[Edit]) -> bytes:
    for kind, where, octets in edits:
        at = int(where * len(raw))
        kept = raw[at if kind == "insert" else at + 1 :]
        raw = raw[:at] + (b"" if kind == "delete" else octets) + kept
    return raw


@pytest.mark.exhaustive
@given(streams(), EDITS, SIZES, st.booleans())
def test_broken_responses(raw: bytes, edits: list[Edit], sizes: list[int], utf8: bool) -> None:
    broken = edited(raw, edits)
    assert_alike(read(broken, sizes, utf8=utf8), read_generally(broken, utf8=utf8))


@settings(max_examples=200)
@given(st.sampled_from(COMMON), EDITS, SIZES)
def test_broken_responses_of_common_shapes(
    keys: tuple[str, ...], edits: list[Edit], sizes: list[int]
) -> None:
    whole = b"* 1 FETCH (" + b" ".join(ITEMS[key] for key in keys) + b")\r\n"
    stream = whole + edited(whole, edits) + whole
    assert_alike(read(stream, sizes), read_generally(stream))


ENDS = b") NIL NIL NIL NIL NIL NIL NIL)"
LONG: dict[str, Callable[[int], bytes]] = {
    "addresses": lambda n: b"UID 1 ENVELOPE (NIL NIL (" + n * b'("a" NIL "b" "c")' + ENDS,
    # Each literal ends a line, behind which the response might be whole.
    "literals": lambda n: (
        b"UID 1 ENVELOPE (NIL NIL ("
        + n * b'("a" NIL "b" "c")'
        + n * b"({1}\r\na NIL NIL NIL)"
        + ENDS
    ),
    "parts": lambda n: (
        b"BODYSTRUCTURE (" + n * b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)' + b' "MIXED")'
    ),
    "flags": lambda n: b"UID 1 FLAGS (\\Seen" + n * b" a" + b")",
    "sections": lambda n: b"UID 1" + n * b" BODY[1] {1}\r\nx",
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", LONG)
def test_a_response_that_comes_in_drops_costs_as_much_as_it_is_long(name: str) -> None:
    def coming_in_drops(count: int) -> Callable[[], None]:
        def run() -> None:
            reader = ResponseReader(Limits())
            # One that is short, to learn the shape from.
            reader.receive_data(b"* 1 FETCH (%b)\r\n" % LONG[name](1).replace(b"{1}\r\na", b"NIL"))
            assert list(reader.responses())
            raw = b"* 1 FETCH (%b)\r\n" % LONG[name](count)
            for at in range(0, len(raw), 8):
                reader.receive_data(raw[at : at + 8])
                got = list(reader.responses())
            assert got

        return run

    assert is_linear(coming_in_drops, 400)


def test_the_days_that_there_are() -> None:
    """29 February is read fast in leap years, and is no date in others."""
    pattern = re.compile(fast_fetch._DATE_TIME)
    for year in range(1000, 10_000):
        date = b'"29-Feb-%d 10:00:00 +0000"' % year
        assert bool(pattern.fullmatch(date)) is isleap(year), year
