"""What the gRPC connector must know of one method. Made by connectors.grpc.endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.contract import Call, Operation
from connectors.messages.templates import Template


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
