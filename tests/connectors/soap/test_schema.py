"""The services, ports and operations of a WSDL, found by endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import DefinitionError
from connectors.soap.encode import RequestMismatch
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema import Wsdl
from connectors.soap.schema_documents import Documents
from connectors.soap.schema_zeep import load_document
from tests.connectors.soap.world import WSDL

warehouse = soap("warehouse")


def wsdl(**options: Any) -> Wsdl:
    documents = Documents(WSDL, None)
    return Wsdl("warehouse", Options(address=WSDL, **options), load_document(WSDL, documents), documents, None)


def operation(name: str, **options: Any) -> Any:
    return warehouse.call(name, **options).operation


def test_a_method_is_found_once() -> None:
    """It knows where calls go and what they are headed."""
    loaded = wsdl()
    method = loaded.find_method(operation("GetStock"))
    assert method is loaded.find_method(operation("GetStock"))
    assert method.url == loaded.url
    assert method.has_output
    assert method.headers["accept"].endswith("multipart/related")


def test_operations_are_listed_by_port() -> None:
    """For checks of endpoints."""
    listed = wsdl().list_operations()
    assert "GetStock" in listed["WarehouseService", "WarehousePort"]


def test_the_endpoint_of_the_options_wins() -> None:
    """Over the address in the WSDL."""
    loaded = wsdl(endpoint="http://127.0.0.1:1/mine")
    assert loaded.url == loaded.find_method(operation("GetStock")).url == "http://127.0.0.1:1/mine"


@pytest.mark.parametrize(
    ("options", "name", "reason"),
    [
        ({}, "GetStok", 'has no operation "GetStok"; did you mean "GetStock"'),
        ({"port": "Nope"}, "GetStock", 'the WSDL has no SOAP port "Nope"'),
        ({"service": "Nope"}, "GetStock", 'the WSDL has no SOAP service "Nope"'),
    ],
)
def test_a_wrong_name_has_the_nearest_right_one(options: dict[str, Any], name: str, reason: str) -> None:
    """Or the names that there are."""
    with pytest.raises(DefinitionError, match=reason):
        wsdl().find_method(operation(name, **options))


def test_a_header_that_is_not_there() -> None:
    """It is the author's mistake."""
    with pytest.raises(RequestMismatch, match='no element "Sesion" for a header') as caught:
        wsdl().find_method(operation("GetStock")).find_header_element("Sesion")
    assert caught.value.is_definition
