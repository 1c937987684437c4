"""Codes that mean the same wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import errors
from connectors.error_kinds import kind_for_code, kind_for_status


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (404, errors.UpstreamNotFound),
        ("404", errors.UpstreamNotFound),
        ("not found", errors.UpstreamNotFound),
        ("NOT_FOUND", errors.UpstreamNotFound),
        ("permission-denied", errors.UpstreamForbidden),
        (422, errors.UpstreamRejected),
        (599, errors.UpstreamFailed),
        (200, errors.UpstreamFailed),
        (600, errors.UpstreamFailed),
        (-32601, errors.UpstreamFailed),
        ("E7", errors.UpstreamFailed),
        ("", errors.UpstreamFailed),
        ("٤٠٤", errors.UpstreamFailed),
        (None, errors.UpstreamFailed),
        ({"code": 404}, errors.UpstreamFailed),
        (True, errors.UpstreamFailed),
    ],
)
def test_the_class_for_a_code(code: Any, kind: type[errors.UpstreamError]) -> None:
    """Those of HTTP and a few names; all else is a failure."""
    assert kind_for_code(code) is kind


def test_the_class_for_a_status() -> None:
    """A class for each, by its first digit where no other is known."""
    assert kind_for_status(429) is errors.UpstreamRateLimited
    assert kind_for_status(499) is errors.UpstreamRejected
    assert kind_for_status(500) is errors.UpstreamFailed
