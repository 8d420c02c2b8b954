"""``date-time``, as INTERNALDATE has it (:rfc:`9051#section-9`)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

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
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        return datetime(
            int(year),
            _BY_NAME[name.lower()],
            int(day),
            int(hour),
            int(minute),
            # A leap second has no place in a datetime.
            min(int(second), 59),
            tzinfo=timezone(-offset if sign == b"-" else offset),
        )
    except (ValueError, KeyError):
        return None
