"""@defer in sets: groups, labels, nesting, and what stands under a null."""

from __future__ import annotations

from typing import Any

from tests.bff.engine.incremental.world import run_in_parts, schema_of

SCHEMA = schema_of("type Item { id: Int!, name: String, part: Item } type Query { items: [Item], item: Item }")
ITEMS: Any = {"items": [{"id": number, "name": f"n{number}"} for number in range(3)]}


def pieces(parts: list[dict[str, Any]]) -> list[Any]:
    return [each["data"] for part in parts[1:] for each in part.get("incremental", ())]


async def test_each_object_has_a_fragment_of_its_own() -> None:
    """Announced with its path and its label."""
    parts = await run_in_parts(SCHEMA, '{ items { id ... @defer(label: "l") { name } } }', ITEMS)
    assert parts[0]["data"] == {"items": [{"id": 0}, {"id": 1}, {"id": 2}]}
    assert [(each["path"], each["label"]) for each in parts[0]["pending"]] == [(["items", n], "l") for n in range(3)]
    assert pieces(parts) == [{"name": "n0"}, {"name": "n1"}, {"name": "n2"}]
    assert parts[-1]["hasNext"] is False


async def test_fragments_in_fragments_come_after_them() -> None:
    """Each field once."""
    root = {"item": {"id": 1, "name": "a", "part": {"id": 2, "name": "b"}}}
    query = '{ item { ... @defer(label: "o") { id part { ... @defer(label: "i") { id name } } } } }'
    parts = await run_in_parts(SCHEMA, query, root)
    assert parts[0]["data"] == {"item": {}}
    assert pieces(parts) == [{"id": 1, "part": {}}, {"id": 2, "name": "b"}]


async def test_a_null_that_may_not_be_fails_its_object_alone() -> None:
    """The fragments of the others are complete."""
    items = {"items": [{"name": "a", "id": 1}, {"name": "b"}]}
    parts = await run_in_parts(SCHEMA, "{ items { name ... @defer { id } } }", items)
    completed = [each for part in parts[1:] for each in part.get("completed", ())]
    assert pieces(parts) == [{"id": 1}]
    assert [len(each.get("errors", ())) for each in completed] == [0, 1]


async def test_what_is_under_a_null_is_not_delivered() -> None:
    """Its object is null in the first part already."""
    parts = await run_in_parts(SCHEMA, "{ items { id ... @defer { name } } }", {"items": [{"name": "a"}, {"id": 1}]})
    assert parts[0]["data"] == {"items": [None, {"id": 1}]}
    assert [each["path"] for each in parts[0]["pending"]] == [["items", 1]]
    assert pieces(parts) == [{"name": None}]
