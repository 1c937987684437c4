"""BrokerErrors as UpstreamErrors."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from connectors.queue.brokers import contract
from connectors.queue.errors import translate_error

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
