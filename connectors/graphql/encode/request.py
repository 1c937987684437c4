"""Bodies of requests: the document of some pieces and the variables of their calls, as JSON. Used by the connector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from connectors.contract import Call
from connectors.errors import UpstreamRejected
from connectors.graphql.encode.document import Piece, render_document
from connectors.graphql.operations import GraphqlOperation


def encode_request(operation: GraphqlOperation, parts: Sequence[tuple[Piece, Call]]) -> bytes:
    """The body of a request. Raises UpstreamRejected for values that JSON cannot hold; then nothing is sent."""
    request: dict[str, Any] = {"query": render_document(operation.kind, [piece for piece, _ in parts])}
    variables: dict[str, Any] = {}
    for piece, call in parts:
        variables |= piece.collect_variables(call)
    if variables:
        request["variables"] = variables
    try:
        return msgspec.json.encode(request)
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise UpstreamRejected(operation, f"nothing was sent: {error}") from error
