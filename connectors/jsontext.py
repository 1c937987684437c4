"""Messages as JSON text, for connectors whose protocol says nothing about what is in a message."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.contract import Operation
from connectors.errors import DefinitionError


class NotJson(ValueError):
    """A message that is not JSON."""


def encoded(operation: Operation, data: Any) -> bytes:
    """Data as JSON. Raises DefinitionError for what cannot be written as JSON."""
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError(
            f"{operation.upstream}: {operation.name}: the message cannot be written as JSON: {error}"
        ) from error


def decoded(text: str | bytes) -> Any:
    """JSON as plain Python; empty text is None. Raises NotJson."""
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(f"expected JSON, got {len(text)} characters of something else") from error
