"""Arguments whose names Python or strawberry has for itself, and their descriptions."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry

from bff.authoring import argument, frontend, via
from bff.authoring.arguments import annotate, find_python_name
from connectors.errors import DefinitionError
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

NAMES = ("from", "class", "in", "self", "root", "parent", "cls", "to")


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("name", NAMES)
async def test_any_name_of_a_parameter_can_be_an_argument(engine: str, name: str) -> None:
    """It reaches the endpoint by its own name; left out, it is left out."""
    shop = FakeUpstream(lambda call: repr(dict(call.arguments)))
    given: dict[str, Any] = {name: argument(str | None)}

    @strawberry.type
    class Query:
        find: str = via(endpoint("shop: find", {name: False}), parameters=given)

    app = gateway(frontend(query=Query), options={"engine": engine}, shop=shop)
    data = (await ask(app, f'{{ a: find({name}: "x") b: find c: find({name}: null) }}')).data
    assert data == {"a": repr({name: "x"}), "b": "{}", "c": repr({name: None})}


def test_the_description_is_in_the_schema() -> None:
    """As that of a field is."""

    @strawberry.type
    class Query:
        find: str = via(endpoint("shop: find", {"to": True}), to=argument(str, "now", description="The end."))

    text = frontend(query=Query).as_str()
    assert '"""The end."""' in text
    assert 'to: String! = "now"' in text


def test_other_names_stay() -> None:
    """And types, where there is nothing to say."""
    assert (find_python_name("first"), find_python_name("from")) == ("first", "from_")
    assert annotate("first", int, None) is int


def test_info_is_refused() -> None:
    """At the line of the field: the reference engine cannot pass an argument of that name."""
    with pytest.raises(DefinitionError, match=r'test_arguments\.py:\d+: no argument can be called "info"'):
        via(endpoint("shop: find", {"info": True}), info=argument(str))
