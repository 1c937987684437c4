"""Typed decode: the JSON of a response as the records of a form. Used by `decode`."""

from __future__ import annotations

from typing import Any

from connectors.forms import Form, Unfit, fit_json
from connectors.messages.json_text import is_deeper


def decode_records(max_depth: int, form: Form, body: bytes, at: tuple[str, ...]) -> Any:
    """The records at the path `at`. Raises Unfit; then the body is decoded as plain Python instead."""
    if form.is_open and is_deeper(body, max_depth):
        raise Unfit
    return fit_json(form, body, at)
