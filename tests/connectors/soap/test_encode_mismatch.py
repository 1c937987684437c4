"""Why a message does not match its XSD type, in words for the endpoint's author."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from connectors.soap.encode_attachments import Attachments
from connectors.soap.encode_mismatch import suggest_name, write_signature
from connectors.soap.encode_values import Writer
from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_documents import Documents
from connectors.soap.schema_facts import Facts
from connectors.soap.schema_types import Types
from connectors.soap.schema_zeep import find_type, load_document
from tests.connectors.soap.world import BOOKS

SCHEMA = load_document(BOOKS, Documents(BOOKS, None)).types
BOOK = find_type(SCHEMA, "{urn:books}Book")
TYPES = Types(SCHEMA, Facts())
GOOD: dict[str, Any] = {"title": "A", "pages": 9}


def write(data: Any) -> None:
    Writer(TYPES, Attachments(is_optimized=False)).write_content(etree.Element("x"), BOOK, data, "Find")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({**GOOD, "titel": "x"}, 'Find has no "titel"; did you mean "title"?'),
        ({**GOOD, "zzz": "x"}, 'Find has no "zzz"; it takes title, pages, next?'),
        ({"pages": 9}, 'Find needs "title"'),
        ("A", "Find takes elements by name (title, pages, next?), not one value"),
        ([GOOD], "Find takes elements by name (title, pages, next?), and a list is given"),
        ({**GOOD, "next": {"pages": 1}}, 'Find.next needs "title"'),
        ({**GOOD, "title": {"x": "s3cret"}}, "Find.title is one value and has no elements, but x is given"),
    ],
)
def test_the_first_reason_names_the_place(data: Any, reason: str) -> None:
    """And never a value; all of these are the author's to mend."""
    write(GOOD)
    with pytest.raises(RequestMismatch) as caught:
        write(data)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.is_definition


def test_a_null_is_not_the_authors_mistake() -> None:
    """It came with the call."""
    with pytest.raises(RequestMismatch, match=r"Find\.title must have a value") as caught:
        write({**GOOD, "title": None})
    assert not caught.value.is_definition


def test_names_and_types() -> None:
    """The nearest name, whatever its case; what is optional has a mark."""
    assert suggest_name("getstock", ["GetStock", "Tell"]) == '; did you mean "GetStock"?'
    assert suggest_name("zzz", ["GetStock"]) == ""
    assert write_signature(TYPES.get_record(BOOK)) == "title, pages, next?"
