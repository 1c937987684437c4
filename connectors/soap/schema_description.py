"""A WSDL as a Description: operations, messages and replies. Used through the connector by `bff check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.contract import Operation
from connectors.descriptions import ANYTHING, DataType, RequestUse, check_written, list_of
from connectors.errors import DefinitionError
from connectors.soap.errors import RequestMismatch
from connectors.soap.operations import SoapOperation
from connectors.soap.schema_types import Record, Types
from connectors.soap.schema_zeep import (
    TEXT,
    AnySimpleType,
    Attribute,
    Choice,
    ComplexType,
    Element,
    get_input,
    get_output,
    is_soap_encoded_array,
    list_particles,
)

_MARKS = ("@type", "_type", "xsi:type")


class WsdlDescription:
    """Of one upstream. `find_method` gives a connectors.soap.schema.Method, or raises DefinitionError."""

    def __init__(self, find_method: Callable[[SoapOperation], Any]) -> None:
        self._find_method = find_method

    def check_request(self, operation: Operation) -> RequestUse:
        """As Description."""
        assert isinstance(operation, SoapOperation)
        method = self._find_method(operation)
        element = get_input(method.operation)
        problems: list[str] = []
        parameters: dict[str, DataType] = {}
        type_ = None if element is None or element.type is None else describe_type(method.types, element.type)
        templates = [each for each in (operation.many, operation.message) if each is not None]
        for template in templates:
            if not template.written and template is not templates[0]:
                continue
            if type_ is None:
                problems += ["the operation takes no message"] if template.written else []
                continue
            use = check_written(template.written, type_, "the message")
            problems += use.problems
            parameters |= use.parameters
        problems += _check_headers(method, operation)
        return RequestUse(problems=tuple(dict.fromkeys(problems)), parameters=parameters)

    def describe_reply(self, operation: Operation, *, is_batch: bool) -> DataType:
        """As Description."""
        assert isinstance(operation, SoapOperation)
        method = self._find_method(operation)
        output = get_output(method.operation)
        if operation.header is not None or output is None or output.type is None:
            return ANYTHING
        return describe_type(method.types, output.type)


def _check_headers(method: Any, operation: SoapOperation) -> list[str]:
    problems = []
    written = operation.headers.written
    for name in written if isinstance(written, Mapping) else ():
        try:
            method.find_header_element(name)
        except (RequestMismatch, DefinitionError) as error:
            problems.append(str(error))
    return problems


def describe_type(types: Types, xsd_type: Any) -> DataType:
    """An XSD type."""
    if isinstance(xsd_type, ComplexType):
        if is_soap_encoded_array(xsd_type):
            return ANYTHING
        return _describe_record(types, types.get_record(xsd_type), str(xsd_type.name or "the type"))
    if isinstance(xsd_type, AnySimpleType):
        values = types.list_values(xsd_type)
        return DataType(name=f"the type {xsd_type.name}", scalar="", values=values)
    return ANYTHING


def _describe_record(types: Types, record: Record, name: str) -> DataType:
    if record.text is not None and not record.attributes:
        return ANYTHING
    is_base = record.type.qname is not None and bool(types.list_derived(record.type))

    def describe_fields() -> dict[str, DataType]:
        required = set(_list_required(types, record.content))
        fields = {
            name: replace(_describe_field(types, each), is_required=name in required)
            for name, each in record.elements.items()
        }
        for name, each in record.attributes.items():
            fields.setdefault(name, _describe_field(types, each))
            fields.setdefault(f"@{name}", DataType(name=f"the attribute {name}", scalar=""))
        for mark in (*_MARKS, *([TEXT] if record.text is not None else [])):
            fields.setdefault(mark, DataType(name=mark, scalar=""))
        return fields

    is_open = record.takes_any or record.takes_any_attribute or is_base
    return DataType(name=f"the type {name}", fields=describe_fields, is_open=is_open)


def _describe_field(types: Types, field: Any) -> DataType:
    if isinstance(field, Attribute):
        return DataType(name=f"the attribute {field.name}", scalar="")
    single = describe_type(types, field.type)
    return list_of(single) if field.accepts_multiple else single


def _list_required(types: Types, particle: Any) -> Iterator[str]:
    """The names of elements that each message must have."""
    if isinstance(particle, Element):
        if not (particle.is_optional or particle.nillable or types.list_members(particle)):
            yield str(particle.attr_name)
    elif not isinstance(particle, Choice) and _is_always_there(particle):
        for part in list_particles(particle):
            yield from _list_required(types, part)


def _is_always_there(particle: Any) -> bool:
    """Whether a group occurs exactly once."""
    return particle is not None and bool(particle.min_occurs) and not particle.accepts_multiple
