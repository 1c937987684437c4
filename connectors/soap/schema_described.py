"""What messages take and replies have, in words of the WSDL: for checks of endpoints before the first call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.soap.schema_types import Types
from connectors.soap.schema_zeep import TEXT, Attribute, ComplexType


@dataclass(frozen=True, slots=True)
class FieldShape:
    """An element or attribute."""

    type_name: str
    """The local name of its type, such as `int`; empty for one without a name."""
    is_required: bool
    is_list: bool
    _describe: Callable[[], MessageShape | None]

    @property
    def inside(self) -> MessageShape | None:
        """What is in it; None for one value and for anything."""
        return self._describe()


@dataclass(frozen=True, slots=True)
class MessageShape:
    """What stands in a message, a reply or an element, by the names that endpoints use."""

    fields: dict[str, FieldShape]
    takes_any: bool
    """Whether other elements are allowed, too."""


def describe_type(types: Types, xsd_type: Any) -> MessageShape | None:
    """Describe a type; None for one value and for anything."""
    if not isinstance(xsd_type, ComplexType):
        return None
    record = types.get_record(xsd_type)
    if record.item is not None:
        return None
    fields = {}
    if record.text is not None:
        fields[TEXT] = _describe_field(types, record.text, is_required=False, is_list=False)
    for name, field in {**record.elements, **record.attributes}.items():
        is_attribute = isinstance(field, Attribute)
        fields[name] = _describe_field(
            types,
            field.type,
            is_required=bool(field.required) if isinstance(field, Attribute) else not field.is_optional,
            is_list=not is_attribute and field.accepts_multiple,
        )
    return MessageShape(fields, record.takes_any)


def _describe_field(types: Types, xsd_type: Any, *, is_required: bool, is_list: bool) -> FieldShape:
    qname = getattr(xsd_type, "qname", None)
    return FieldShape(
        type_name="" if qname is None else str(qname.localname),
        is_required=is_required,
        is_list=is_list,
        _describe=lambda: describe_type(types, xsd_type),
    )
