"""Which responses are errors, and which statuses outside of 2xx still answer a call."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamUnavailable,
)
from connectors.rest.connector import RestConnector
from connectors.rest.endpoints import rest
from tests.connectors.calls import call_of
from tests.connectors.http_conformance import STATUS_ERRORS
from tests.connectors.http_world import HttpWorld, json_response, response

catalog = rest("catalog")


@pytest.mark.parametrize(("status", "error"), [*STATUS_ERRORS, *((each, UpstreamBadReply) for each in (301, 304, 307))])
async def test_statuses_become_errors(
    upstream: HttpWorld, connector: RestConnector, status: int, error: type[UpstreamError]
) -> None:
    """Each status has one meaning, its number is kept, and the body is not told."""
    upstream.answer = lambda _: json_response({"password": "s3cret"}, status=status)
    with pytest.raises(UpstreamError) as caught:
        await connector.send(call_of(catalog.get("/a")))
    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    assert "s3cret" not in str(caught.value)


async def test_redirects_elsewhere_are_explained(upstream: HttpWorld, connector: RestConnector) -> None:
    """An address that moved is a mistake in bff.yaml, not something to follow with credentials."""
    upstream.answer = lambda _: response(status=308, location="https://elsewhere.example/")
    with pytest.raises(UpstreamBadReply, match=r"another origin, https://elsewhere\.example"):
        await connector.send(call_of(catalog.get("/a")))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"), [("17", 17), (lambda: formatdate(time.time() + 60, usegmt=True), 60), ("soon", None)]
)
async def test_retry_after_is_understood(
    upstream: HttpWorld, connector: RestConnector, status: int, header: Any, seconds: float | None
) -> None:
    """As seconds and as a date; nonsense is no wish."""
    value = header() if callable(header) else header
    upstream.answer = lambda _: response(status=status, retry_after=value)
    with pytest.raises((UpstreamRateLimited, UpstreamUnavailable)) as caught:
        await connector.send(call_of(catalog.get("/a")))
    assert caught.value.retry_after == (None if seconds is None else pytest.approx(seconds, abs=5))


@pytest.mark.parametrize("status", [404, 410])
async def test_missing_can_be_null(upstream: HttpWorld, connector: RestConnector, status: int) -> None:
    """By choice of the author."""
    upstream.answer = lambda _: json_response({"error": "no such product"}, status=status)
    reply = await connector.send(call_of(catalog.get("/products/{id}", missing="null"), id=1))
    assert (reply.data, reply.status) == (None, status)


async def test_a_revalidation_is_a_reply(upstream: HttpWorld, connector: RestConnector) -> None:
    """304 is the answer to a conditional request, which a cache makes."""
    upstream.answer = lambda _: response(status=304, etag='"1"')
    call = replace(call_of(catalog.get("/a")), headers={"if-none-match": '"1"'})
    assert (await connector.send(call)).status == 304
