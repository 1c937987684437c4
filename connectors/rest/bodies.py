"""The bodies a REST request can have: JSON, a form, or text. Parsed where an endpoint is defined."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError
from connectors.rest.values import as_text, form_of
from connectors.templates import Template

_CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}


class BodyTemplate:
    """One body with placeholders; `kind` is json, form or text."""

    def __init__(self, kind: str, value: Any, *, many: str | None = None) -> None:
        """`many` names the parameter that takes the keys of a batch."""
        self.content_type: str = _CONTENT_TYPES[kind]
        self._kind = kind
        self._template = Template(value, many=many)

    @property
    def parameters(self) -> Mapping[str, bool]:
        """Whether each parameter must be given, by name."""
        return self._template.parameters

    def fill(self, arguments: Mapping[str, Any], keys: Sequence[Hashable]) -> bytes:
        """The body to send. Raises ValueError for a value that cannot be written."""
        data = self._template.fill(arguments, keys)
        if self._kind == "form":
            return form_of(data)
        if self._kind == "text":
            return b"" if data is None else as_text(data).encode()
        try:
            return msgspec.json.encode(data)  # orjson refuses integers of more than 64 bits
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise ValueError(f"the body cannot be written as JSON: {type(error).__name__}") from error


def body_of(json: Any, form: Mapping[str, Any] | None, text: str | None, many: str | None) -> BodyTemplate | None:
    """The one body given. Raises DefinitionError for two of them."""
    given = [(kind, value) for kind, value in (("json", json), ("form", form), ("text", text)) if value is not None]
    if len(given) > 1:
        names = " and ".join(f"{kind}=" for kind, _ in given)
        raise DefinitionError(f"{place_of_author()}: {names} are two bodies, and a request has one; leave one out")
    return BodyTemplate(*given[0], many=many) if given else None
