"""Bodies of requests: JSON, a form, text, or files. Parsed when an endpoint is defined, filled for every call."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError
from connectors.files import File
from connectors.messages.templates import Parameters, Template
from connectors.plain import NOT_GIVEN
from connectors.rest.encode.multipart import encode_multipart
from connectors.rest.encode.values import encode_form, format_value
from connectors.transport import Streamed

_CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}
"""The kinds of bodies that are encoded before they are sent."""


class BodyTemplate:
    """One body with placeholders; `kind` is json, form, text, file or multipart."""

    def __init__(self, kind: str, value: Any, *, many: Parameters | None = None) -> None:
        """`many` names the parameter that takes the keys of a batch."""
        self.kind = kind
        self._template = Template(value, many=many)

    @property
    def parameters(self) -> Mapping[str, bool]:
        """Whether each parameter must be given, by name."""
        return self._template.parameters

    @property
    def written(self) -> Any:
        """The body as its author wrote it."""
        return self._template.written

    def fill(self, arguments: Mapping[str, Any], keys: Sequence[Hashable]) -> tuple[str, bytes | Streamed] | None:
        """Content type and body; None where the body was not given. Raises ValueError for what cannot be encoded."""
        data = self._template.fill(arguments, keys, absent=NOT_GIVEN)
        if data is NOT_GIVEN:
            return None
        if self.kind == "multipart":
            return encode_multipart(data)
        if self.kind == "file":
            if not isinstance(data, File):
                raise ValueError(f"the body must be a file, got {type(data).__name__}")
            return data.content_type, Streamed(data.size, data.chunks)
        return _CONTENT_TYPES[self.kind], self._encode(data)

    def _encode(self, data: Any) -> bytes:
        if self.kind == "form":
            return encode_form(data)
        if self.kind == "text":
            return b"" if data is None else format_value(data).encode()
        try:
            return msgspec.json.encode(data)  # orjson refuses integers of more than 64 bits
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise ValueError(f"the body cannot be encoded as JSON: {type(error).__name__}") from error


def create_body_template(bodies: Mapping[str, Any], many: Parameters | None) -> BodyTemplate | None:
    """The template of the body that is given, if any. Raises DefinitionError for two bodies."""
    written = [(kind, value) for kind, value in bodies.items() if value is not None]
    if len(written) > 1:
        names = " and ".join(f"{kind}=" for kind, _ in written)
        raise DefinitionError(f"{place_of_author()}: {names} are two bodies, and a request has one; remove one")
    return BodyTemplate(*written[0], many=many) if written else None
