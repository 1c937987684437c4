"""Typed decode: the JSON of one call's part of a response as the records of a form. Used by `decode`."""

from __future__ import annotations

from typing import Any

from connectors.batching import InKeyOrder
from connectors.forms import Form, Unfit, fit_json
from connectors.graphql.encode.document import Piece
from connectors.messages.json_text import is_deeper
from connectors.messages.paths import EACH


def decode_records(piece: Piece, max_depth: int, form: Form, payload: bytes, at: tuple[str, ...]) -> Any:
    """The records of the innermost field. Raises Unfit; then the payload is decoded as plain Python instead."""
    if at or (form.is_open and is_deeper(payload, max_depth)):
        raise Unfit
    if not piece.has_aliases:
        return fit_json(form, payload, piece.within)
    return InKeyOrder(fit_json(form, payload, (EACH, *piece.within)))
