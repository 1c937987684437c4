"""One failure told to several: a connection that broke under many calls. Used by connectors that share connections."""

from __future__ import annotations

from connectors.contract import Operation
from connectors.errors import UpstreamError


def about(error: UpstreamError, operation: Operation) -> UpstreamError:
    """The same failure, told of this operation, with the first telling as its cause."""
    told = type(error)(operation, error.detail, retry_after=error.retry_after, upstream_code=error.upstream_code)
    told.__cause__ = error
    return told
