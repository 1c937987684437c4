"""Why a message does not match its XSD type, in words for the endpoint's author."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.soap.encode_mismatch import describe_type, explain_mismatch, suggest_name
from connectors.soap.schema_documents import Documents
from connectors.soap.schema_zeep import find_type, load_document
from tests.connectors.soap.world import BOOKS

BOOK = find_type(load_document(BOOKS, Documents(BOOKS, None)).types, "{urn:books}Book")
GOOD: dict[str, Any] = {"title": "A", "pages": 9}


def test_data_that_matches_has_no_reason() -> None:
    """Null is for zeep to judge."""
    assert explain_mismatch(BOOK, GOOD, "Find") is None
    assert explain_mismatch(BOOK, None, "Find") is None
    assert explain_mismatch(BOOK, [GOOD, GOOD], "Find") is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({**GOOD, "titel": "x"}, 'Find has no "titel"; did you mean "title"?'),
        ({"pages": 9}, 'Find needs "title"; it takes title'),
        ("A", "Find takes elements by name"),
        ([GOOD, {**GOOD, "next": {"pages": 1}}], 'Find.next needs "title"'),
        ({**GOOD, "title": {"x": "s3cret"}}, "Find.title is one value and has no elements, but x is given"),
    ],
)
def test_the_first_reason_names_the_place(data: Any, reason: str) -> None:
    """And never a value; all of these are the author's to mend."""
    found = explain_mismatch(BOOK, data, "Find")
    assert found is not None
    assert reason in str(found)
    assert "s3cret" not in str(found)
    assert found.is_definition


def test_a_null_is_not_the_authors_mistake() -> None:
    """It came with the call."""
    found = explain_mismatch(BOOK, {**GOOD, "title": None}, "Find")
    assert found is not None
    assert not found.is_definition


def test_names_and_types() -> None:
    """The nearest name, whatever its case; what is optional has a mark."""
    assert suggest_name("getstock", ["GetStock", "Tell"]) == '; did you mean "GetStock"?'
    assert suggest_name("zzz", ["GetStock"]) == ""
    assert describe_type(BOOK) == "title, pages, next?"
