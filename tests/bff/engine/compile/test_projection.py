"""Projections: the form of a selection, and how its records become the response."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
import strawberry

from bff.authoring import frontend, take
from bff.authoring.computed import RECORDS
from bff.authoring.strawberry_insides import core_schema
from bff.engine.compile.projection import NoProjection, learn_names, project
from tests.bff.engine.compile.world import shape_of


@strawberry.type
class Maker:
    name: str


@strawberry.type
class Item:
    id: strawberry.ID
    title: str | None = take("name")
    in_stock: int | None = None
    made_on: date | None = None
    makers: list[Maker]
    maker: Maker | None = None

    @strawberry.field
    def label(self) -> str:
        return "label"


@strawberry.type
class Query:
    @strawberry.field
    def items(self) -> list[Item]:
        return []


CORE = core_schema(frontend(query=Query))


def projection(selection: str, names: Any = None, **options: Any) -> Any:
    (step,) = shape_of(CORE, f"{{ items {{ {selection} }} }}").steps
    return project(CORE.extensions[RECORDS], step.output, {} if names is None else names, **options)


def decode(selection: str, body: bytes) -> Any:
    made = projection(selection)
    return made.finish([msgspec.json.decode(body, type=made.form.type)])[0]


def test_records_become_response_maps_in_one_expression() -> None:
    """Only what is selected is decoded, in the order of the selection; numbers of an ID become text."""
    body = b'[{"name": "a", "id": 7, "makers": [{"name": "m", "x": 1}], "unselected": {"deep": [1]}}]'
    assert decode("title id makers { name } maker { name } __typename", body) == [
        {"title": "a", "id": "7", "makers": [{"name": "m"}], "maker": None, "__typename": "Item"}
    ]


@pytest.mark.parametrize("body", [b'[{"id": null}]', b'[{"id": 1.5}]', b"[null]", b"{}", b'[{"id": true}]'])
def test_what_does_not_fit_is_refused_in_whole(body: bytes) -> None:
    """The exact way then finds the error and its path."""
    with pytest.raises(msgspec.ValidationError):
        decode("id", body)


def test_what_needs_more_than_the_record_has_no_expression() -> None:
    """Custom scalars are columns of their own."""
    assert projection("id").finish is not None
    assert projection("id madeOn").finish is None


def test_methods_need_objects_of_the_authors_class() -> None:
    """So there is no projection."""
    with pytest.raises(NoProjection):
        projection("label")


def test_the_key_of_a_batch_is_held_beside_what_is_selected() -> None:
    """Under the attribute that the projection names."""
    (step,) = shape_of(CORE, "{ items { title } }").steps
    made = project(CORE.extensions[RECORDS], step.output, {}, key="id")  # type: ignore[arg-type]  # a step's output
    (record,) = msgspec.json.decode(b'[{"id": 5, "name": "a"}]', type=made.batch.type)
    assert getattr(record, made.key) == 5


def test_names_are_learned_from_records() -> None:
    """What an upstream calls an attribute that could have two names; a later record may correct it."""
    (step,) = shape_of(CORE, "{ items { inStock makers { name } } }").steps
    names: Any = {}
    learn_names(CORE.extensions[RECORDS], step.output, [{"inStock": 1, "makers": []}], names)
    assert names == {("Item", "in_stock"): "inStock"}
    learn_names(CORE.extensions[RECORDS], step.output, [{"in_stock": 1}], names)
    assert names == {}
