"""What the gRPC connector must know of one method. Made by connectors.grpc.endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.contract import Call, Operation
from connectors.grpc.paging import TokenPages
from connectors.messages.paths import Path
from connectors.messages.templates import Template, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcOperation(Operation):
    """One method of a service; `name` is its full name, `package.Service/Method`."""

    keeps_enums: ClassVar[bool] = True

    request: Template
    """The request message of a single call."""
    many: Template | None = None
    """The request message of a batch."""
    is_stream: bool = False
    """Whether the server answers with a stream."""
    metadata: Template | None = None
    """Metadata of the call, beside that which all calls of the upstream have."""
    pages: TokenPages | None = None
    """How to get the following pages; None when there is one page."""
    items: Path = ()
    """The path to the list in a page."""
    many_items: Path = ()
    """The same in a batch's reply."""

    @property
    def service(self) -> str:
        """Full name of the service, such as `shop.Pricing`."""
        return self.name.partition("/")[0]

    @property
    def method(self) -> str:
        """Name of the method, such as `GetPrices`."""
        return self.name.partition("/")[2]

    def fill_message(self, call: Call) -> Any:
        """Fill the request message of this call: plain data under the proto's field names."""
        if call.keys and self.many is not None:
            return self.many.fill(call.arguments, call.keys, absent={})
        return self.request.fill(call.arguments, absent={})

    def fill_metadata(self, call: Call) -> dict[str, str]:
        """The headers of this call, and its own metadata, whose parameters are left out where they are null."""
        if self.metadata is None:
            return dict(call.headers)
        filled = self.metadata.fill(call.arguments)
        return {**call.headers, **{name: text_of(value) for name, value in filled.items() if value is not None}}
