"""What the SOAP connector must know of one endpoint. Made by connectors.soap.endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.contract import Call, Operation
from connectors.messages.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapOperation(Operation):
    """One operation of a WSDL; `name` is its name there."""

    service: str | None = None
    """The WSDL service it is looked up in; None for the upstream's default."""
    port: str | None = None
    """The port of that service; None for the upstream's default, or else the first that has the operation."""
    message: Template
    """The message of a single call: a mapping of its elements, or one value where the message is just that."""
    many: Template | None = None
    """The message of a batch."""
    headers: Template
    """SOAP header elements by name."""
    header: str | None = None
    """The element of the reply's Header that is its data, instead of the Body."""

    def fill_message(self, call: Call) -> Any:
        """The message of this call as plain data, in the WSDL's words."""
        if call.keys and self.many is not None:
            return self.many.fill(call.arguments, call.keys, absent={})
        return self.message.fill(call.arguments, absent={})
