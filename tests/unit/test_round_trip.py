"""What a server may send is read as what it meant, however it sends it."""

from __future__ import annotations

import typing
from random import Random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aimap
from aimap import Limits, Response, ResponseCode, StatusResponse, TaggedResponse
from aimap._wire.framer import Framer
from aimap._wire.parse_response import parse_frame
from aimap._wire.reading import Reading
from aimap.testing import strategies, write_response
from tests.reading import assert_alike, read, read_generally

PUBLIC = [getattr(aimap, name) for name in aimap.__all__]
CODES = [each for each in PUBLIC if isinstance(each, type) and issubclass(each, ResponseCode)]
FREEDOM = st.none() | st.randoms(use_true_random=False)


def bare(value: Response) -> Response:
    """Leave out the raw arguments of a code that has fields of its own."""
    if isinstance(value, (StatusResponse, TaggedResponse)) and type(value.code) is not ResponseCode:
        code = None if value.code is None else attrs.evolve(value.code, arguments=b"")
        return attrs.evolve(value, code=code)
    return value


def read_one(raw: bytes, *, utf8: bool) -> Response:
    reading = Reading(Limits(), strict=True, utf8=utf8)
    framer = Framer(reading)
    framer.receive_data(raw)
    frame = framer.next_frame()
    assert frame is not None
    assert framer.pending == 0
    return parse_frame(frame, reading)


def test_there_is_a_strategy_for_each_kind() -> None:
    kinds = set(typing.get_args(Response)) - {aimap.Unparsed}
    assert set(strategies.RESPONSES) == kinds


@pytest.mark.parametrize("kind", strategies.RESPONSES, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data(), freedom=FREEDOM, utf8=st.booleans())
def test_responses(kind: type[Response], data: st.DataObject, freedom: Random, utf8: bool) -> None:
    value = data.draw(strategies.responses(kind))
    raw = write_response(value, freedom=freedom, utf8=utf8)
    assert type(value) is kind
    if not utf8:
        assert bare(aimap.parse_response(raw, strict=True)) == value
    assert bare(read_one(raw, utf8=utf8)) == value


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data(), text=strategies.status_texts(), freedom=FREEDOM, utf8=st.booleans())
def test_response_codes(
    kind: type[ResponseCode], data: st.DataObject, text: str, freedom: Random, utf8: bool
) -> None:
    code = data.draw(strategies.response_codes(kind))
    assert type(code) is kind
    value = StatusResponse("OK", code, text)
    raw = write_response(value, freedom=freedom, utf8=utf8)
    assert bare(read_one(raw, utf8=utf8)) == value


@pytest.mark.exhaustive
@given(
    st.lists(strategies.responses(), max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    FREEDOM,
)
def test_any_chunking(values: list[Response], sizes: list[int], freedom: Random) -> None:
    raw = b"".join(write_response(value, freedom=freedom) for value in values)
    got = read(raw, sizes)
    assert_alike(got, read(raw))
    assert_alike(got, read_generally(raw))
    assert list(map(bare, got.responses)) == values
    assert all(not defects for _, defects in got.runs)
