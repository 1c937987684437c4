"""The one module that imports zeep, most of whose inside is not documented. Written for zeep 4.3.

zeep reads WSDLs and XSD types and writes envelopes; replies are decoded by connectors.soap.decode, ten times as fast.
With another version of zeep, tests/connectors/soap/test_schema_zeep.py fails first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any

from lxml.etree import _Element
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.wsa import WsAddressingPlugin
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding
from zeep.wsdl.messages.multiref import process_multiref
from zeep.wsse.username import UsernameToken
from zeep.xsd import AnySimpleType, AnyType, ComplexType, CompoundValue, Duration
from zeep.xsd.context import XmlParserContext
from zeep.xsd.elements import Any as AnyElement
from zeep.xsd.elements import Attribute, Choice, Element, Group
from zeep.xsd.elements.indicators import OrderIndicator
from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType, UnionType

__all__ = [
    "AnySimpleType",
    "AnyType",
    "Attribute",
    "Choice",
    "ComplexType",
    "CompoundValue",
    "Element",
    "ListType",
    "UnionType",
    "builtins",
]
"""The classes of XSD types and values, which isinstance distinguishes."""

TEXT = "_value_1"
"""zeep's name for the text of an element that has attributes; messages have to use it, too."""
PARSE_ERRORS = (ZeepError, ValueError, TypeError, LookupError, AttributeError)
"""What zeep raises for an element that it cannot parse."""
MANY = 2
"""Stands for any number of occurrences above one."""

# zeep's annotations are half done.
_make_client: Callable[..., Any] = Client
_make_document: Callable[..., Any] = Document
_make_token: Callable[..., Any] = UsernameToken
_make_context: Callable[..., Any] = XmlParserContext
_make_duration: Callable[[], Any] = Duration
_make_addressing: Callable[[], Any] = WsAddressingPlugin


# Documents and their ports


def load_document(address: str, documents: Any) -> Any:
    """Load a WSDL with everything it imports through `documents`. Raises nearly anything for a WSDL that is wrong."""
    settings = Settings(
        strict=True,
        forbid_dtd=True,
        forbid_entities=True,
        xml_huge_tree=False,
        force_https=address.lower().startswith("https:"),  # for other addresses too, where zeep turns file: into https:
    )
    return _make_document(address, documents, settings=settings)


def make_token(username: str, password: str | None, *, use_digest: bool) -> Any:
    """Make a WS-Security UsernameToken for `make_client`."""
    return _make_token(username, password, use_digest=use_digest, zulu_timestamp=True)


def make_client(document: Any, documents: Any, token: Any, *, service: str, port: str) -> Any:
    """Make the client of one port, which writes envelopes and sends nothing."""
    return _make_client(
        document, wsse=token, transport=documents, settings=document.settings, service_name=service, port_name=port
    )


def list_ports(document: Any) -> dict[str, dict[str, Any]]:
    """Map each service to its SOAP ports by name; services without one are left out."""
    ports = {
        service.name: {port.name: port for port in service.ports.values() if isinstance(port.binding, SoapBinding)}
        for service in document.services.values()
    }
    return {name: each for name, each in ports.items() if each}


def get_operations(port: Any) -> Mapping[str, Any]:
    """Get the operations of a port by name."""
    operations: Mapping[str, Any] = port.binding.all()
    return operations


def is_soap_12(port: Any) -> bool:
    """Whether a port speaks SOAP 1.2, and not 1.1."""
    return isinstance(port.binding, Soap12Binding)


def get_port_address(port: Any) -> str:
    """Get the URL that the WSDL gives for a port; empty without one."""
    return ((port.binding_options or {}).get("address") or "").strip()


def get_output(operation: Any) -> Any:
    """Get the element that is the Body of an operation's reply; None for an operation without one."""
    return operation.output.body if operation.output else None


# XSD types


def find_type(schema: Any, name: str) -> Any:
    """Find a type of a schema by its name, `{namespace}local`; None when there is none."""
    try:
        return schema.get_type(name, fail_silently=True)
    except (ZeepError, ValueError):
        return None


def find_element(schema: Any, name: str) -> Any:
    """Find a global element of a schema by its name, `{namespace}local`; None when there is none."""
    try:
        return schema.get_element(name)
    except (ZeepError, ValueError):
        return None


def repeat_element(member: Element, head: Element) -> Element:
    """A member of a substitution group that occurs as often as its head."""
    repeated = copy(member)
    repeated.min_occurs, repeated.max_occurs = head.min_occurs, head.max_occurs
    return repeated


def list_types(schema: Any) -> list[Any]:
    """List the global types of a schema, those of XSD itself included."""
    return [each for each in schema.types if each.qname is not None]


def list_global_elements(schema: Any) -> list[Any]:
    """List the global elements of a schema."""
    return list(schema.elements)


def read_array_item(xsd_type: ComplexType) -> Any:
    """Read the type of the items of a SOAP-encoded array whose items have no names of their own; None for others."""
    attribute = xsd_type._array_type  # noqa: SLF001 - as below
    if not attribute or attribute.array_type is None:
        return None
    names = [name for name, element in xsd_type.elements if isinstance(element, Element)]
    return None if names else attribute.array_type


def has_any_attribute(xsd_type: ComplexType) -> bool:
    """Whether a type has xs:anyAttribute."""
    return any(attribute.name is None for _, attribute in xsd_type.attributes)


def is_any(particle: Any) -> bool:
    """Whether a particle is xs:any."""
    return isinstance(particle, AnyElement)


def is_reference(xsd_type: Any) -> bool:
    """Whether a type refers to an attachment (WS-I Attachments Profile 1.0, section 4.4)."""
    qname = getattr(xsd_type, "qname", None)
    return qname is not None and qname.localname == "swaRef" and str(qname.namespace).startswith("http://ws-i.org/")


def is_soap_encoded_array(xsd_type: ComplexType) -> bool:
    """Whether a type is an array of SOAP 1.1 encoding (section 5.4.2)."""
    return bool(xsd_type._array_type)  # noqa: SLF001 - zeep has no public name for it


def list_nested(xsd_type: ComplexType) -> Iterator[Any]:
    """Yield what a complex type holds: particles, or an Element that stands for its simple content."""
    for _, content in xsd_type.elements_nested:
        yield content


def list_fields(xsd_type: ComplexType) -> dict[str, Any]:
    """Map the names of a type's elements and attributes to zeep's descriptions of them."""
    return dict([*xsd_type.elements, *((name, each) for name, each in xsd_type.attributes if each.name)])


def list_particles(particle: Any) -> list[Any]:
    """List the parts of a sequence, choice, all or group."""
    if isinstance(particle, Group):
        return [particle.child]
    return list(particle) if isinstance(particle, OrderIndicator) else []


def read_max_occurs(particle: Any) -> int:
    """Read how often a particle may occur, MANY for `unbounded`."""
    return MANY if particle.max_occurs == "unbounded" else int(particle.max_occurs)


def has_wildcard(particle: Any) -> bool:
    """Whether xs:any stands somewhere in a particle."""
    return isinstance(particle, AnyElement) or any(has_wildcard(part) for part in list_particles(particle))


# Messages


def get_input(operation: Any) -> Any:
    """Get the element that is the Body of a request, or stands in it; None for an empty Body."""
    return operation.input.body if operation.input else None


def is_body(operation: Any, element: Any) -> bool:
    """Whether the element of a request is the Body itself, as for document messages of several parts."""
    return element is operation.input.body and bool(operation.input._is_body_wrapped)  # noqa: SLF001 - as above


def finish_envelope(client: Any, operation: Any, envelope: _Element) -> None:
    """Add what the WSDL and the options want in each header: WS-Addressing and a UsernameToken."""
    if operation.abstract.wsa_action:
        options = client.service._binding_options  # noqa: SLF001 - as zeep's own binding does
        _make_addressing().egress(envelope, {}, operation, options)
    if client.wsse is not None:
        client.wsse.apply(envelope, {})


def parse_element(element: Any, node: _Element, schema: Any) -> Any:
    """Parse an element with zeep's own parser. Raises PARSE_ERRORS."""
    return element.parse(node, schema, context=_make_context(settings=schema.settings))


def format_duration(value: Any) -> Any:
    """Write a duration of zeep's as XSD writes it."""
    return _make_duration().xmlvalue(value)


def replace_references(body: _Element) -> None:
    """Replace the references of SOAP 1.1 encoding (section 5) in a Body by the values that they stand for."""
    process_multiref(body)  # type: ignore[no-untyped-call]  # zeep's
