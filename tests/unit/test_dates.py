"""Dates of header fields."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap._model.dates import parse_header_date

HEADER_DATES = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2999, 12, 30))  # noqa: DTZ001


@given(HEADER_DATES, st.integers(-12 * 60, 14 * 60), st.sampled_from(["", " (CEST)", " (UTC)"]))
def test_dates_of_headers(moment: datetime, minutes: int, comment: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    raw = (format_datetime(moment) + comment).encode()
    assert parse_header_date(raw) == moment
    # Without its day's name, and with one digit for the day, it means the same.
    assert parse_header_date(raw.partition(b", ")[2].lstrip(b"0")) == moment


@pytest.mark.parametrize(
    "raw",
    [b"", b"x", b"Mon, 99 Jan 2026 00:00:00 +0000", b"Mon, 1 Xyz 2026 00:00:00 +0000", b"\xff" * 40,
     b"1 Jan 2026 25:00:00 +0000", b"1 Jan 2026 00:00:00 +9999", b"Mon, 1 Jan 99999 00:00:00"],
)  # fmt: skip
def test_what_is_no_date(raw: bytes) -> None:
    assert parse_header_date(raw) is None


def test_a_date_of_no_zone_has_none() -> None:
    found = parse_header_date(b"Thu, 1 Jan 2026 10:00:00 -0000")
    assert found is not None
    assert found.tzinfo is None
    old = parse_header_date(b"Thu, 1 Jan 26 10:00 EST")
    assert old is not None
    assert old.utcoffset() == timedelta(hours=-5)
