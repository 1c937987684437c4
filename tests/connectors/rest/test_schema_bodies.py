"""Which content of a request or reply is the endpoint's."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.descriptions import ANYTHING
from connectors.rest import schema_bodies
from connectors.rest.schema_document import Document
from connectors.rest.schema_types import TypeReader

NEW = Document({"openapi": "3.0.0", "paths": {}})
OLD = Document({"swagger": "2.0", "paths": {}})
A = {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
B = {"schema": {"type": "object", "properties": {"b": {"type": "string"}}}}
REPLIES: dict[str, tuple[Document, Any, set[str] | None]] = {
    "JSON before XML": (NEW, {"200": {"content": {"text/xml": B, "application/json": A}}}, {"a"}),
    "XML": (NEW, {"200": {"content": {"text/xml": B}}}, None),
    "two good replies": (NEW, {"200": {"content": {"*/*": A}}, "202": {"content": {"*/*": B}}, "204": {}}, {"a", "b"}),
    "only the default": (NEW, {"default": {"content": {"application/vnd.x+json; v=1": A}}}, {"a"}),
    "none": (NEW, {}, None),
    "another file": (NEW, {"200": {"$ref": "x.yaml"}}, None),
    "Swagger": (OLD, {"200": A, "201": {}}, {"a"}),
    "not even mappings": (NEW, {"200": {"content": {"*/*": []}}}, None),
}


@pytest.mark.parametrize("case", REPLIES)
def test_replies(case: str) -> None:
    """The JSON of all good replies."""
    document, responses, fields = REPLIES[case]
    found = schema_bodies.describe_content(
        document, TypeReader(document, is_reply=True), {"responses": responses}, None
    )
    assert found is ANYTHING if fields is None else set(found.fields()) == fields  # type: ignore[misc]


def test_swagger_that_is_xml() -> None:
    """What the wire has is not what the schema says."""
    operation = {"produces": ["application/xml"], "responses": {"200": A}}
    assert schema_bodies.describe_content(OLD, TypeReader(OLD, is_reply=True), operation, None) is ANYTHING


def test_bodies() -> None:
    """Which of the contents fits what the endpoint sends."""
    operation = {"requestBody": {"required": "true", "content": {"application/json": A, "multipart/form-data": B}}}
    reader = TypeReader(NEW, is_reply=False)
    for kind, field in (("json", "a"), ("multipart", "b")):
        body = schema_bodies.describe_body(NEW, operation, kind, "")
        assert body.describe is not None
        assert set(body.describe(reader).fields()) == {field}  # type: ignore[misc]
    assert schema_bodies.describe_body(NEW, operation, None, "").is_required
    assert "form= is sent" in schema_bodies.describe_body(NEW, operation, "form", "").problem
    assert schema_bodies.describe_body(NEW, operation, "json", "multipart/form-data").problem == ""
    assert "no body here" in schema_bodies.describe_body(NEW, {}, "json", "").problem
    assert "no body here" in schema_bodies.describe_body(OLD, {}, "json", "").problem
    assert schema_bodies.describe_body(NEW, {"requestBody": {"$ref": "x.yaml"}}, "json", "").problem == ""
    assert schema_bodies.describe_body(OLD, {"parameters": [{"$ref": "x.yaml"}]}, "json", "").describe is None
