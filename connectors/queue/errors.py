"""BrokerErrors as UpstreamErrors. Used by the connector at its border."""

from __future__ import annotations

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
from connectors.queue.brokers.contract import (
    BrokerDenied,
    BrokerDisconnected,
    BrokerError,
    BrokerFull,
    BrokerRefused,
    BrokerUnreachable,
    NoResponders,
)

ERRORS: tuple[tuple[type[BrokerError], type[UpstreamError]], ...] = (
    (BrokerFull, UpstreamRateLimited),
    (BrokerDenied, UpstreamForbidden),
    (BrokerRefused, UpstreamRejected),
    (NoResponders, UpstreamUnreachable),
    (BrokerUnreachable, UpstreamUnreachable),
    (BrokerDisconnected, UpstreamDisconnected),
)
"""The first class that fits counts, so that subclasses stand before their base."""


def translate_error(operation: Operation, error: BrokerError) -> UpstreamError:
    """Make the UpstreamError of what a broker raised, with it as the cause."""
    kind = next((ours for theirs, ours in ERRORS if isinstance(error, theirs)), UpstreamFailed)
    translated = kind(operation, str(error))
    translated.__cause__ = error
    return translated
