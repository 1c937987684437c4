"""The field of an endpoint, as its author writes it."""

from __future__ import annotations

import pytest

from connectors.graphql.endpoints import graphql
from connectors.graphql.operations_field import Variable, parse_field

up = graphql("reviews")


def test_a_dollar_in_a_text_is_no_parameter() -> None:
    """Texts stay as they are, whatever they look like."""
    endpoint = up.query('search(text: "$x? costs $y", note: """$z?""", id: $id)')
    assert endpoint.parameters == {"id": True}
    assert endpoint.operation.field.render(str, "") == 'search(text:"$x? costs $y" note:"""$z?""" id:$id)'  # type: ignore[attr-defined]


def test_a_path_of_fields_has_one_innermost() -> None:
    """Variables in the order of the text, each once; the selection goes into the innermost field."""
    field = parse_field("shop(id: $id) { products(first: $n?, of: $id) { nodes } }")
    assert field.names == ("shop", "products", "nodes")
    assert field.variables == (Variable("id"), Variable("n", is_required=False))
    rendered = field.render(lambda name: f"c0_{name}", "id title")
    assert rendered == "shop(id:$c0_id){products(first:$c0_n of:$c0_id){nodes { id title } } }"


@pytest.mark.parametrize("text", ["a b", "x: a", "... on A { b }", "a { b c }", "a { b", "", "a(x: $)", "a } { b"])
def test_other_texts_are_refused(text: str) -> None:
    """In words for the author, with the text."""
    with pytest.raises(ValueError, match="field") as caught:
        parse_field(text)
    assert repr(text) in str(caught.value)
