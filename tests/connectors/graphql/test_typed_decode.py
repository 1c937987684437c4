"""One call's part of a response as the records of a form."""

from __future__ import annotations

import pytest

from connectors.batching import InKeyOrder
from connectors.contract import Call
from connectors.forms import Form, Part, Unfit, record_class
from connectors.graphql.encode.document import Piece, PieceCache
from connectors.graphql.endpoints import graphql
from connectors.graphql.operations import get_operation
from connectors.graphql.schema_facts import Facts, facts_from_author
from connectors.graphql.typed_decode import decode_records
from tests.connectors.calls import call_of, leaves

up = graphql("shop")
Product = record_class("Product", [Part("id", "id", str)])


def _piece(call: Call, facts: Facts | None = None) -> Piece:
    operation = get_operation(call)
    return PieceCache().get_piece(call, operation, facts or facts_from_author(operation))


def test_a_record_is_the_root_field() -> None:
    """Of one call without aliases."""
    piece = _piece(call_of(up.query("product(id: $id)", types={"id": "ID!"}), selection=leaves("id"), id="p1"))
    assert decode_records(piece, 5, Form(Product | None), b'{"id": "p1"}', ()).id == "p1"
    assert decode_records(piece, 5, Form(Product | None), b"null", ()) is None


def test_aliased_keys_are_in_their_order() -> None:
    """One record, or null, for each key."""
    endpoint = up.query("product(id: $id)", many="alias", types={"id": "ID!"})
    piece = _piece(call_of(endpoint, "p1", "p2", selection=leaves("id")))
    records = decode_records(piece, 5, Form(list[Product | None]), b'[{"id": "p1"},null]', ())
    assert isinstance(records, InKeyOrder)
    assert [record and record.id for record in records] == ["p1", None]


def test_the_innermost_field_is_reached() -> None:
    """Through the fields on the way."""
    endpoint = up.query("product(id: $id) { maker }", types={"id": "ID!"})
    piece = _piece(call_of(endpoint, selection=leaves("id"), id="p1"), Facts({"id": "ID!"}, False, (0, 0)))
    assert decode_records(piece, 5, Form(Product | None), b'{"maker": {"id": "m1"}}', ()).id == "m1"


def test_a_path_in_the_record_does_not_fit() -> None:
    """The innermost field is the whole answer of a GraphQL endpoint."""
    piece = _piece(call_of(up.query("product(id: $id)", types={"id": "ID!"}), selection=leaves("id"), id="p1"))
    with pytest.raises(Unfit):
        decode_records(piece, 5, Form(Product), b'{"id": "p1"}', ("id",))
