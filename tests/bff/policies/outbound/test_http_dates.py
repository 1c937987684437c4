"""Dates of HTTP: three forms and no other."""

from __future__ import annotations

import pytest

from bff.policies.outbound.http_dates import parse_http_date

NOW = 1_800_000_000.0  # 15 January 2027
MOMENT = 784111777.0


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", MOMENT),
        ("Sunday, 06-Nov-94 08:49:37 GMT", MOMENT),
        ("Sun Nov  6 08:49:37 1994", MOMENT),
        ("sun, 06 nov 1994 08:49:37 gmt", MOMENT),
        ("Thursday, 18-Aug-50 02:01:18 GMT", 2544400878.0),
        ("Wednesday, 18-Aug-77 02:01:18 GMT", 3396477678.0),
        ("Friday, 18-Aug-78 02:01:18 GMT", 272253678.0),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800.0),
        ("Sun, 06 Nov 1994 08:49:37 -0000", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 8:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49 GMT", None),
        ("Sun, 06 Non 1994 08:49:37 GMT", None),
        ("Sun, 30 Feb 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:61 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
        ("Sun, 0६ Nov 1994 08:49:37 GMT", None),
        ("06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT ", None),
        ("0", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(value: str | None, moment: float | None) -> None:
    """RFC 9110, section 5.6.7; a year of two digits is at most 50 years ahead."""
    assert parse_http_date(value, NOW) == moment
