"""BrokerErrors as UpstreamErrors."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.error_details import ServiceError
from connectors.errors import (
    UpstreamConflict,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from connectors.queue.brokers import contract
from connectors.queue.errors import find_failure, translate_error

OPERATION = Operation(upstream="orders", name="publish orders.placed")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (contract.BrokerFull, UpstreamRateLimited),
        (contract.BrokerDenied, UpstreamForbidden),
        (contract.BrokerRefused, UpstreamRejected),
        (contract.NoResponders, UpstreamUnreachable),
        (contract.BrokerUnreachable, UpstreamUnreachable),
        (contract.BrokerDisconnected, UpstreamDisconnected),
        (contract.BrokerError, UpstreamFailed),
    ],
)
def test_each_error_has_its_class(theirs: type[contract.BrokerError], ours: type[UpstreamError]) -> None:
    """A subclass counts before its base; the broker's error is the cause."""
    error = theirs("why")
    translated = translate_error(OPERATION, error)
    assert type(translated) is ours
    assert translated.__cause__ is error
    assert "why" in str(translated)


def test_what_the_broker_says_is_kept() -> None:
    """Its code is the status; its words are quoted, so that the log shows them only by choice."""
    error = contract.BrokerRefused("JetStream did not store it", code="10071", description="wrong last sequence: 7")
    translated = translate_error(OPERATION, error)
    assert (translated.status, translated.upstream_code) == (10071, "10071")
    assert translated.details == (ServiceError("10071", "wrong last sequence: 7"),)
    assert "sequence" not in str(translated)


def _answer(body: bytes = b"", **headers: str) -> contract.Message:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return contract.Message(topic="inbox.7", body=body, headers=named)


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (
            _answer(nats_service_error="no such order", nats_service_error_code="404"),
            UpstreamNotFound,
            ServiceError("404", "no such order"),
        ),
        (_answer(nats_service_error="busy"), UpstreamFailed, ServiceError("", "busy")),
        (_answer(nats_service_error_code="500"), UpstreamFailed, ServiceError("500")),
        (
            _answer(status="409", description="Consumer Deleted"),
            UpstreamConflict,
            ServiceError("409", "Consumer Deleted"),
        ),
        (_answer(b"null", bff_error="NOT_FOUND"), UpstreamNotFound, ServiceError("NOT_FOUND")),
    ],
)
def test_a_responder_reports_failures_in_headers(
    answer: contract.Message, kind: type[UpstreamError], detail: ServiceError
) -> None:
    """As NATS services do, NATS itself, and responders behind our brokers."""
    failure = find_failure(OPERATION, answer)
    assert type(failure) is kind
    assert failure.details == (detail,)
    assert failure.upstream_code == detail.code
    assert failure.body is None


def test_the_body_beside_it_is_kept() -> None:
    """A service may explain itself in JSON."""
    failure = find_failure(
        OPERATION, _answer(b'{"sku": "A"}', nats_service_error="none left", nats_service_error_code="409")
    )
    assert failure is not None
    assert (failure.status, failure.body) == (409, {"sku": "A"})


@pytest.mark.parametrize(
    "answer",
    [
        _answer(b"{}"),
        _answer(b"{}", trace="7"),
        _answer(nats_service_error_code="0"),
        _answer(b"{}", status="404"),
        _answer(status="OK"),
    ],
)
def test_other_headers_are_no_failures(answer: contract.Message) -> None:
    """An order has a status too."""
    assert find_failure(OPERATION, answer) is None
