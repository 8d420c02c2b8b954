"""Dates: ``date-time``, as INTERNALDATE has it (:rfc:`9051#section-9`), and those of headers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_BY_NAME = {name.lower().encode("ascii"): at for at, name in enumerate(MONTHS, 1)}

# date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
_DATE_TIME = re.compile(
    rb" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    rb"([+-])([0-9]{2})([0-9]{2})",
    re.ASCII,
)


def parse_date_time(data: bytes) -> datetime | None:
    """Return an aware datetime, or ``None`` if *data* is not a ``date-time``."""
    match = _DATE_TIME.fullmatch(data)
    if match is None:
        return None
    day, name, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    try:
        return datetime(
            int(year),
            _BY_NAME[name.lower()],
            int(day),
            int(hour),
            int(minute),
            # A leap second has no place in a datetime.
            min(int(second), 59),
            tzinfo=_zone(sign, zone_hours, zone_minutes),
        )
    except (ValueError, KeyError):
        return None


@lru_cache(maxsize=128)
def _zone(sign: bytes, hours: bytes, minutes: bytes) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == b"-" else offset)


# date-time of RFC 5322 section 3.3, without white space where it need not be
_HEADER_DATE = re.compile(
    rb"(?:[A-Z][a-z]{2}, ++)?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    rb"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})(?: \([A-Za-z]{1,5}\))?",
    re.ASCII,
)


def parse_header_date(data: bytes) -> datetime | None:
    """Return the time of a Date field; ``None`` if it is not one.

    A date without a known zone gets none (:rfc:`5322#section-3.3`, ``-0000``).
    """
    match = _HEADER_DATE.fullmatch(data)
    if match is not None:
        day, name, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
        month = _BY_NAME.get(name.lower())
        if month is not None and not (sign == b"-" and zone_hours == zone_minutes == b"00"):
            try:
                return datetime(
                    int(year), month, int(day), int(hour), int(minute), int(second),
                    tzinfo=_zone(sign, zone_hours, zone_minutes),
                )  # fmt: skip
            except ValueError:
                return None
    try:
        return parsedate_to_datetime(data.decode("utf-8", "replace"))
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
