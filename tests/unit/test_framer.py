"""Whole responses out of any chunks, within bounds."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import LimitExceededError, Limits, RemoteProtocolError
from aimap._wire.framer import Framer
from aimap._wire.reader import ResponseReader
from aimap._wire.reading import Reading

STREAM = (
    b"* OK hi\r\n"
    b'* LIST () "/" {5}\r\na\r\nb)\r\n'
    b"* 1 FETCH (BODY[] {3}\r\n{9} BODY[TEXT] ~{2+}\r\n\r\n X {0}\r\n)\r\n"
    b"* OK ends in {7}\r\n"
    b"A1 OK ends in {7}\r\n"
    b"+ {3}\r\n"
    b"* lone lf\n"
    b"\r\n"
)
FRAMES = [
    b"* OK hi",
    b'* LIST () "/" {5}\r\na\r\nb)',
    b"* 1 FETCH (BODY[] {3}\r\n{9} BODY[TEXT] ~{2+}\r\n\r\n X {0}\r\n)",
    b"* OK ends in {7}",
    b"A1 OK ends in {7}",
    b"+ {3}",
    b"* lone lf",
    b"",
]


def frames(framer: Framer) -> list[bytes]:
    found = []
    while (frame := framer.next_frame()) is not None:
        found.append(frame)
    return found


@given(st.lists(st.integers(1, 40), min_size=1))
def test_any_chunking(sizes: list[int]) -> None:
    framer = Framer(Reading(Limits()))
    found: list[bytes] = []
    rest, at = STREAM, 0
    while rest:
        size = sizes[at % len(sizes)]
        framer.receive_data(rest[:size])
        found += frames(framer)
        rest, at = rest[size:], at + 1
    assert found == FRAMES
    assert framer.pending == 0


def test_what_is_pending_can_be_taken() -> None:
    framer = Framer(Reading(Limits()))
    framer.receive_data(b"A1 OK begin\r\n\x16\x03rest")
    assert framer.next_frame() == b"A1 OK begin"
    assert framer.pending == 6
    assert framer.take_rest() == b"\x16\x03rest"
    assert framer.pending == 0


@pytest.mark.parametrize(
    ("limits", "data", "limit"),
    [
        (Limits(max_line=10), b"* OK 1234567", "max_line"),
        (Limits(max_line=10), b"* OK 1234567\r\n", "max_line"),
        (Limits(max_literal=10), b"* X {11}\r\n", "max_literal"),
        (Limits(max_literal=10), b"* X {99999999999999999999}\r\n", "max_literal"),
        (Limits(max_response=30), b"* X {10}\r\n0123456789 {10}\r\n", "max_response"),
    ],
)
def test_bounds(limits: Limits, data: bytes, limit: str) -> None:
    framer = Framer(Reading(limits))
    framer.receive_data(data)
    with pytest.raises(LimitExceededError) as caught:
        framer.next_frame()
    assert caught.value.limit == limit


def test_a_header_alone_allocates_nothing() -> None:
    framer = Framer(Reading(Limits()))
    framer.receive_data(b"* X {268435456}\r\n")
    assert framer.next_frame() is None
    assert framer.pending < 100


def test_what_stands_behind_a_line_does_not_say_what_it_is() -> None:
    line = b'{12}\r\n"ATA "" /shared/comment\r\n'
    for chunk in (1, 5, len(line)):
        framer = Framer(Reading(Limits()))
        with pytest.raises(RemoteProtocolError):
            for at in range(0, len(line), chunk):
                framer.receive_data(line[at : at + chunk])
                framer.next_frame()


@pytest.mark.parametrize("behind", [b"", b"a1 OK done\r\n", b"* 2 FETCH (UID 2 BODY[] {9}\r\n"])
def test_a_large_message_is_held_once(behind: bytes) -> None:
    """Neither its octets as they came are kept, nor copies made of them on the way."""
    octets = b"x" * 5_000_000
    reader = ResponseReader(Limits())
    tracemalloc.start()
    try:
        reader.receive_data(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(octets))
        for at in range(0, len(octets), 100_000):
            reader.receive_data(octets[at : at + 100_000])
        reader.receive_data(b")\r\n" + behind)
        tracemalloc.reset_peak()
        found = list(reader.responses())
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 1 + behind.startswith(b"a1")
    assert held < 1.1 * len(octets)
    assert most < 2.5 * len(octets)
