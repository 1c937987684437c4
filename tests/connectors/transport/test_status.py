"""What an HTTP status means for a call."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from connectors.contract import Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
)
from connectors.transport.contract import HttpReply
from connectors.transport.status import error_for_status, retry_after
from tests.connectors.http_conformance import STATUS_ERRORS

GET = Operation(upstream="catalog", name="GET /products")


def error_of(status: int, **headers: str) -> UpstreamError | None:
    return error_for_status(GET, HttpReply(status, headers, b"a secret"))


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299])
def test_success_is_no_error(status: int) -> None:
    """Whatever kind of it."""
    assert error_of(status) is None


@pytest.mark.parametrize(("status", "kind"), STATUS_ERRORS)
def test_each_failure_has_its_kind(status: int, kind: type[UpstreamError]) -> None:
    """With the upstream's own code, and without its body, which may hold secrets."""
    error = error_of(status)
    assert type(error) is kind
    assert error.upstream_code == str(status)
    assert f"HTTP {status}" in str(error)
    assert "secret" not in str(error)


def test_redirects_are_not_followed() -> None:
    """The message says what to do."""
    error = error_of(301, location="http://elsewhere")
    assert type(error) is UpstreamBadReply
    assert "put the final address into bff.yaml" in str(error)


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), ("17", 17.0), (" 0 ", 0.0), ("soon", None), ("-1", None), ("", None)]
)
def test_how_long_to_wait(value: str | None, seconds: float | None) -> None:
    """What cannot be read says nothing."""
    assert retry_after(value) == seconds


def test_a_date_to_wait_for() -> None:
    """One in the past is now."""
    later = retry_after(formatdate(time.time() + 3600, usegmt=True))
    assert later is not None
    assert 3000 < later <= 3600
    assert retry_after(formatdate(time.time() - 3600, usegmt=True)) == 0.0
    assert getattr(error_of(503, **{"retry-after": "4"}), "retry_after", None) == 4.0


@pytest.mark.parametrize("status", [302, 400, 404, 422, 429, 500, 503])
def test_headers_and_body_can_be_read(status: int) -> None:
    """By those who catch the error; its text and its code say nothing of them."""
    headers = {"content-type": "application/json", "retry-after": "3", "set-cookie": "sid=7"}
    error = error_for_status(GET, HttpReply(status, headers, b'{"code": "E7"}'))
    assert error is not None
    assert (error.status, error.body) == (status, {"code": "E7"})
    assert error.headers == {"content-type": "application/json", "retry-after": "3"}
    assert "E7" not in str(error)
