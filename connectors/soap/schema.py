"""A loaded WSDL: its services, ports and operations, how to call and read each. Made by connectors.soap.loading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml.etree import _Element

from connectors.errors import DefinitionError
from connectors.soap.decode.anything import strip_namespace
from connectors.soap.decode.by_zeep import make_zeep_decoder
from connectors.soap.decode.elements import (
    Decode,
    Decoders,
    RecordDecoder,
    Undecodable,
    UnsupportedType,
)
from connectors.soap.encode_mismatch import suggest_name
from connectors.soap.errors import RequestMismatch
from connectors.soap.operations import SoapOperation
from connectors.soap.options import Options, problem_of_url
from connectors.soap.schema_description import WsdlDescription
from connectors.soap.schema_facts import read_facts
from connectors.soap.schema_types import Types
from connectors.soap.schema_zeep import (
    get_operations,
    get_output,
    get_port_address,
    is_soap_12,
    list_ports,
    make_client,
)
from connectors.soap.typed_decode.odd_names import OddNames, note_loss
from connectors.soap.typed_decode.records import FormDecoder


@dataclass(frozen=True, slots=True)
class Method:
    """One operation of one port."""

    client: Any
    """The zeep client of that port."""
    operation: Any
    """Zeep's description of the operation."""
    url: str
    types: Types
    is_soap_12: bool
    headers: Mapping[str, str]
    """The HTTP headers that say which operation it is (SOAP 1.1 section 6.1.1, SOAP 1.2 part 2 section 7.5.1.2)."""
    has_output: bool
    """Whether a reply has something in its Body."""
    decode: Decode
    """From the Body of a reply to plain Python. Raises Undecodable."""
    fill_form: FormDecoder | None
    """What a form wants of the Body of a reply, where forms can be filled from it."""
    decode_other: Decode
    """From an element of a header or a fault's detail to plain Python. Raises Undecodable."""
    odd_names: OddNames | None
    """For replies from which forms are filled."""

    def find_header_element(self, name: str) -> Any:
        """The XSD element of a SOAP header, by the name of its part or element, or as `{namespace}Name`.

        Raises RequestMismatch when the WSDL has none, or several, of that name.
        """
        schema = self.client.wsdl.types
        declared = self.operation.input.header.type.elements if self.operation.input.header else []
        for part, element in declared:
            if name in (part, element.name, element.qname.text):
                return element
        found = [element for element in schema.elements if name in (element.name, element.qname.text)]
        if len(found) == 1:
            return found[0]
        if found:
            known = ", ".join(element.qname.text for element in found)
            raise RequestMismatch(f'the header "{name}" may be each of {known}; write it so', is_definition=True)
        names = [*(part for part, _ in declared), *(element.name for element in schema.elements)]
        raise RequestMismatch(
            f'the WSDL has no element "{name}" for a header{suggest_name(name, names)}', is_definition=True
        )


class Wsdl:
    """Finds methods. A wrong name raises DefinitionError with the nearest right one."""

    def __init__(self, name: str, options: Options, document: Any, documents: Any, token: Any) -> None:
        """`document`, `documents` and `token` are for zeep's clients. Raises DefinitionError."""
        self._name = name
        self._options = options
        self._make_client = partial(make_client, document, documents, token)
        self._types = Types(document.types, read_facts(documents.contents))
        self._decoders = Decoders(self._types, strict=options.strict, report=note_loss)
        self._ports = list_ports(document)
        self._methods: dict[tuple[str, str | None, str | None], Method] = {}
        if not self._ports:
            raise DefinitionError(f"{name}: the WSDL has no service with a SOAP port")
        self._list_ports(None, None)

    @property
    def url(self) -> str:
        """The URL of calls whose operation names no port. Raises DefinitionError when the WSDL has none."""
        service, port = self._list_ports(None, None)[0]
        return self._choose_url(self._ports[service][port])

    def list_operations(self) -> dict[tuple[str, str], list[str]]:
        """List the names of the operations of each service and port."""
        return {
            (service, name): list(get_operations(port))
            for service, ports in self._ports.items()
            for name, port in ports.items()
        }

    @property
    def description(self) -> WsdlDescription:
        """For `bff check`."""
        return WsdlDescription(self.find_method)

    def find_method(self, operation: SoapOperation) -> Method:
        """Find the method of an endpoint. Raises DefinitionError."""
        key = (operation.name, operation.service, operation.port)
        method = self._methods.get(key)
        if method is None:
            method = self._methods[key] = self._search_ports(operation)
        return method

    def _search_ports(self, operation: SoapOperation) -> Method:
        candidates = self._list_ports(operation.service, operation.port)
        known: list[str] = []
        for service, port in candidates:
            operations = get_operations(self._ports[service][port])
            if operation.name in operations:
                return self._make_method(service, port, operations[operation.name])
            known += [name for name in operations if name not in known]
        where = f"port {candidates[0][1]}" if len(candidates) == 1 else "the WSDL"
        hint = suggest_name(operation.name, known) or f"; it has {', '.join(sorted(known)) or 'none'}"
        raise DefinitionError(f'{self._name}: {where} has no operation "{operation.name}"{hint}')

    def _list_ports(self, service: str | None, port: str | None) -> list[tuple[str, str]]:
        """The (service, port) pairs to look in, in the order of the WSDL."""
        service = service or self._options.service
        port = port or self._options.port
        services = [service] if service else list(self._ports)
        if service and service not in self._ports:
            raise self._make_unknown_error("service", service, list(self._ports))
        pairs = [(each, name) for each in services for name in self._ports[each]]
        if port is None:
            return pairs
        chosen = [(each, name) for each, name in pairs if name == port]
        if not chosen:
            raise self._make_unknown_error("port", port, [name for _, name in pairs])
        return chosen

    def _make_unknown_error(self, kind: str, name: str, known: list[str]) -> DefinitionError:
        hint = suggest_name(name, known) or f"; it has {', '.join(known)}"
        return DefinitionError(f'{self._name}: the WSDL has no SOAP {kind} "{name}"{hint}')

    def _make_method(self, service: str, port: str, operation: Any) -> Method:
        wsdl_port = self._ports[service][port]
        action = (operation.soapaction or "").replace('"', "%22")
        if is_soap_12(wsdl_port):
            kind = "application/soap+xml"
            headers = {"content-type": f"{kind}; charset=utf-8" + (f'; action="{action}"' if action else "")}
        else:
            kind = "text/xml"
            headers = {"content-type": f"{kind}; charset=utf-8", "soapaction": f'"{action}"'}
        client = self._make_client(service=service, port=port)
        decode, fill_form = _make_body_decoders(operation, self._decoders, client.wsdl.types)
        odd_names = None
        if fill_form is not None:
            odd_names = OddNames(fill_form.decoder, get_output(operation).qname.text)
        return Method(
            client=client,
            operation=operation,
            url=self._choose_url(wsdl_port),
            types=self._types,
            is_soap_12=is_soap_12(wsdl_port),
            headers={"accept": f"{kind}, multipart/related", **headers},
            has_output=get_output(operation) is not None,
            decode=decode,
            fill_form=fill_form,
            decode_other=self._decoders.decode_other,
            odd_names=odd_names,
        )

    def _choose_url(self, port: Any) -> str:
        if self._options.endpoint:
            return self._options.endpoint
        url = get_port_address(port)
        if problem := problem_of_url(url):
            raise DefinitionError(
                f"{self._name}: the address of port {port.name} in the WSDL {problem}; or set `endpoint` in bff.yaml"
            )
        return url


def _make_body_decoders(operation: Any, decoders: Decoders, schema: Any) -> tuple[Decode, FormDecoder | None]:
    """Read and fit the Body of a reply: the content of the one element that the output is, or its parts by name."""
    output = get_output(operation)
    if output is None:
        return lambda body: None, None
    try:
        decode = decoders.get_decoder(output.type)
    except UnsupportedType:
        decode = make_zeep_decoder(output, schema)
    content = partial(_find_content, output.name, is_rpc=operation.style == "rpc")
    # A form skips what it does not ask for, and `strict` must look at everything.
    fill_form = FormDecoder(decode, content) if isinstance(decode, RecordDecoder) and not decoders.is_strict else None
    return lambda body: decode(content(body)), fill_form


def _find_content(name: str, body: _Element, *, is_rpc: bool) -> _Element:
    """Find the element that is decoded. Raises Undecodable."""
    if name == "Body":  # a document message of several parts, which zeep takes for the Body itself
        return body
    first = next(iter(body), None)
    if first is None:
        raise Undecodable(f"its Body is empty, {name} was expected")
    if not is_rpc and strip_namespace(first.tag) != name:  # of rpc, the wrapper's name is not defined
        raise Undecodable(f"its Body holds another element than {name}")
    return first
