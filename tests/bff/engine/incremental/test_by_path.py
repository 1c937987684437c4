"""Parts with paths and labels: each deferred fragment is one piece with all its fields."""

from __future__ import annotations

from typing import Any

from graphql import OperationDefinitionNode, parse

from bff import engine
from bff.engine.incremental.by_path import ByPaths
from tests.bff.engine.incremental.world import schema_of

SCHEMA = schema_of("type Item { id: Int!, name: String, parts: [Item] } type Query { item: Item, items: [Item] }")
ITEM: Any = {"id": 1, "name": "a", "parts": [{"id": 2, "name": "b"}, {"id": 3, "name": "c"}]}


def safe(errors: Any) -> list[dict[str, str]]:
    return [{"message": "safe"} for _ in errors]


async def written(query: str, root: Any) -> list[dict[str, Any]]:
    """What is sent beside the data of the first part, then every part."""
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    result: Any = engine.experimental_execute_incrementally(SCHEMA, document, root)
    delivery = ByPaths(document, operation, safe)
    return [delivery.begin(result.initial_result), *[delivery.go_on(each) async for each in result.subsequent_results]]


def entries(parts: list[dict[str, Any]]) -> list[Any]:
    return [each for part in parts for each in part.get("incremental", ())]


async def test_a_fragment_has_all_its_fields_though_each_is_sent_once() -> None:
    """Those that came before it, too."""
    parts = await written('{ item { id ... @defer(label: "l") { id name } } }', {"item": ITEM})
    assert parts[0] == {"hasNext": True}
    assert entries(parts) == [{"data": {"id": 1, "name": "a"}, "path": ["item"], "label": "l"}]
    assert parts[-1]["hasNext"] is False


async def test_a_fragment_comes_before_what_is_inside_of_it() -> None:
    """A client merges what it gets in order."""
    query = '{ item { ... @defer(label: "o") { parts { ... @defer(label: "i") { name } } } } }'
    found = entries(await written(query, {"item": ITEM}))
    assert [(each["label"], each["path"]) for each in found] == [
        ("o", ["item"]),
        ("i", ["item", "parts", 0]),
        ("i", ["item", "parts", 1]),
    ]


async def test_items_say_where_they_begin() -> None:
    """After those that the list has."""
    found = entries(await written("{ item { parts @stream(initialCount: 1) { id } } }", {"item": ITEM}))
    assert found == [{"items": [{"id": 3}], "path": ["item", "parts", 1]}]


async def test_a_fragment_that_failed_is_null_with_safe_errors() -> None:
    """What was raised is not shown."""
    found = entries(await written("{ items { name ... @defer { id } } }", {"items": [{"name": "a"}]}))
    assert found == [{"data": None, "path": ["items", 0], "errors": [{"message": "safe"}]}]


async def test_what_is_pending_can_be_broken_off() -> None:
    """Each gets the error, and it is the last part."""
    document = parse("{ items { name ... @defer { id } } }")
    operation: Any = document.definitions[0]
    delivery = ByPaths(document, operation, safe)
    result: Any = engine.experimental_execute_incrementally(SCHEMA, document, {"items": [ITEM]})
    delivery.begin(result.initial_result)
    part = delivery.break_off({"message": "late"})
    assert part == {
        "incremental": [{"data": None, "path": ["items", 0], "errors": [{"message": "late"}]}],
        "hasNext": False,
    }
    await result.subsequent_results.aclose()
