"""What the connector must know of one REST endpoint: templates of its requests, and where its items are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.contract import Call, Operation
from connectors.errors import UpstreamRejected
from connectors.messages.templates import Parameters, Template
from connectors.rest.encode.body import BodyTemplate
from connectors.rest.encode.url import UrlTemplate
from connectors.rest.encode.values import format_header
from connectors.rest.paging_page import Pages
from connectors.rest.replies import ReplyFormat
from connectors.transport import Streamed


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, ready to be sent."""

    url: str
    """Path and query, quoted; with an origin only where a Link header gave it."""
    headers: Mapping[str, str]
    body: bytes | Streamed | None


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """URL, headers and body of one kind of request, as templates."""

    url: UrlTemplate
    headers: Template
    body: BodyTemplate | None
    collected: Parameters | None = None
    """The parameter that takes the keys of a batch, or those that take one part of each."""
    has_headers: bool = True
    """Whether `headers` holds any."""

    @property
    def parameters(self) -> dict[str, bool]:
        """Whether each parameter must be given, by name."""
        merged: dict[str, bool] = {}
        for part in (self.url, self.headers, self.body):
            for name, is_required in part.parameters.items() if part else ():
                merged[name] = merged.get(name, False) or is_required
        return merged

    def _collect_keys(self, keys: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """The values of the collected parameters, by name."""
        if isinstance(self.collected, tuple):
            return {name: [key[place] for key in keys] for place, name in enumerate(self.collected)}
        return {str(self.collected): keys}

    def fill(self, arguments: Mapping[str, Any], keys: Sequence[Hashable]) -> Request:
        """The request with these values. Raises ValueError for a value that cannot be encoded in its place."""
        values = {**arguments, **self._collect_keys(keys)} if self.collected and keys else arguments
        headers: dict[str, str] = {}
        if self.has_headers:
            headers = {
                name: format_header(value) for name, value in self.headers.fill(values).items() if value is not None
            }
        filled = None if self.body is None else self.body.fill(arguments, keys)
        if filled is None:
            return Request(self.url.fill(values), headers, None)
        content_type, body = filled
        headers.setdefault("content-type", content_type)
        return Request(self.url.fill(values), headers, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOperation(Operation):
    """What the connector must know of a REST endpoint."""

    method: str
    one: RequestTemplate | None
    """The request for one value; None when one value is requested as a list too."""
    many: RequestTemplate | None
    """The request for many values; None when the endpoint has no batch."""
    pages: Pages | None = None
    """How to get the following pages; None when there is one page."""
    items: tuple[str, ...] = ()
    """Path to the list in a page."""
    many_items: tuple[str, ...] = ()
    """The same in the reply to a batch."""
    reply: ReplyFormat | None = None
    """The format of replies; None where each names its own."""

    def build_request(self, call: Call) -> Request:
        """The request of a call. Raises UpstreamRejected for values that cannot be encoded; then nothing is sent."""
        template = self.many if call.keys else self.one
        assert template is not None, "Endpoint.has_single_form and Batch say which forms there are"
        try:
            return template.fill(call.arguments, call.keys)
        except (ValueError, UnicodeEncodeError) as error:
            raise UpstreamRejected(self, f"nothing was sent: {error}") from error
