"""Resolving a field for all objects of a set: resolvers, default resolvers, middleware, arguments."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from graphql import GraphQLObjectType, MiddlewareManager

from tests.bff.engine.execute.world import run_both, schema_of

SDL = "type Item { id: Int, label(upper: Boolean = false, at: Int): String, both: Int } type Query { items: [Item] }"
QUERY = "{ items { id label } }"


def with_label(resolve: Any) -> Any:
    schema = schema_of(SDL)
    item = schema.type_map["Item"]
    assert isinstance(item, GraphQLObjectType)
    item.fields["label"].resolve = resolve
    return schema


def test_a_resolver_gets_each_object_its_info_and_its_arguments() -> None:
    """The path of the info is that of the object's field."""
    seen: list[Any] = []

    def label(source: Any, info: Any, upper: bool) -> str:
        seen.append((info.path.as_list(), info.field_name, upper))
        return f"label {source['id']}"

    result = run_both(with_label(label), QUERY, {"items": [{"id": 1}, {"id": 2}]})
    assert result.data == {"items": [{"id": 1, "label": "label 1"}, {"id": 2, "label": "label 2"}]}
    assert seen[-2:] == [(["items", 0, "label"], "label", False), (["items", 1, "label"], "label", False)]


def test_what_one_resolver_raises_is_the_error_of_its_field() -> None:
    """The others are called all the same."""

    def label(source: Any, info: Any, upper: bool) -> str:
        return str(10 // source["id"])

    result = run_both(with_label(label), QUERY, {"items": [{"id": 5}, {"id": 0}, {"id": 2}]})
    assert [each["label"] for each in result.data["items"]] == ["2", None, "5"]  # type: ignore[index]


def test_an_argument_that_cannot_be_coerced_fails_every_object() -> None:
    """Nothing is called then."""
    schema = with_label(lambda *_, **__: 1 / 0)
    result = run_both(schema, '{ items { id label(at: "x") } }', {"items": [{"id": 1}, {"id": 2}]})
    assert [error.path for error in result.errors or []] == [["items", 0, "label"], ["items", 1, "label"]]


def test_the_default_resolver_reads_entries_and_attributes_and_calls_what_it_finds() -> None:
    """Of each object, whatever its kind."""
    items = [
        {"id": 1, "label": lambda info, upper: info.field_name},
        SimpleNamespace(id=2, label="plain"),
        SimpleNamespace(id=3, label=lambda info, upper: 1 / 0),
    ]
    result = run_both(schema_of(SDL), QUERY, {"items": items})
    assert [each["label"] for each in result.data["items"]] == ["label", "plain", None]  # type: ignore[index]


def test_middleware_is_around_every_field() -> None:
    """Also of those that would be read without a resolver."""

    def shout(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(source, info, **arguments)
        return value.upper() if isinstance(value, str) else value

    root = {"items": [{"id": 1, "label": "a"}]}
    assert run_both(schema_of(SDL), QUERY, root, middleware=MiddlewareManager(shout)).data == {
        "items": [{"id": 1, "label": "A"}]
    }


def test_introspection_is_resolved_with_one_info() -> None:
    """Its resolvers need nothing but the schema."""
    result = run_both(schema_of(SDL), '{ __type(name: "Item") { fields { name args { name defaultValue } } } }')
    assert result.data is not None
    assert [each["name"] for each in result.data["__type"]["fields"]] == ["id", "label", "both"]
