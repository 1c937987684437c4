"""Dates of HTTP headers (RFC 9110, section 5.6.7): the three forms, and no other. Used by the rules of the cache.

`email.utils` reads much more, such as `-1` zones, names of zones and years of two digits, which caches must not take.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAY, _MONTH, _TIME = (
    r"(?P<day>[0-9]{2})",
    r"(?P<month>[a-z]{3})",
    r"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-5][0-9]|60)",
)
_SHORT, _LONG = r"(?:mon|tue|wed|thu|fri|sat|sun)", r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_FORMS = (
    re.compile(rf"{_SHORT}, {_DAY} {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} gmt", re.IGNORECASE | re.ASCII),
    re.compile(rf"{_LONG}, {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} gmt", re.IGNORECASE | re.ASCII),
    re.compile(rf"{_SHORT} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})", re.IGNORECASE | re.ASCII),
)
"""IMF-fixdate, the form of RFC 850, and that of C's asctime. Case does not matter, as in most caches."""
_FAR = 50
"""A year of two digits that would be more than so many years ahead is in the past."""


def parse_http_date(value: str | None, wall: float) -> float | None:
    """Seconds since the epoch; None for what is not a date of HTTP. `wall` is now, in the same seconds."""
    found = next((match for form in _FORMS if (match := form.fullmatch(value))), None) if value else None
    if found is None:
        return None
    month, year, second = _MONTHS.get(found["month"].lower(), 0), int(found["year"]), int(found["s"])
    if len(found["year"]) == 2:
        this_year = datetime.fromtimestamp(wall, UTC).year
        year += this_year - this_year % 100
        year -= 100 if year > this_year + _FAR else 0
    try:
        moment = datetime(year, month, int(found["day"]), int(found["h"]), int(found["m"]), min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() + (second == 60)  # a leap second
