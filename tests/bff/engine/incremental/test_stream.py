"""@stream in sets: the first items, what follows them, and lists of every kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.bff.engine.incremental.world import run_in_parts, schema_of

SCHEMA = schema_of("type Item { id: Int! } type Query { nums: [Int], items: [Item!], must: [Item] }")


def items_of(parts: list[dict[str, Any]]) -> list[Any]:
    return [item for part in parts[1:] for each in part.get("incremental", ()) for item in each["items"]]


async def many(info: Any) -> AsyncGenerator[int, None]:
    for number in range(4):
        yield number


@pytest.mark.parametrize("nums", [[0, 1, 2, 3], (0, 1, 2, 3), range(4), lambda info: iter(range(4)), many])
@pytest.mark.parametrize("count", [0, 2, 4, 9])
async def test_lists_of_every_kind(nums: Any, count: int) -> None:
    """All items, in order, however many come at first."""
    parts = await run_in_parts(SCHEMA, f"{{ nums @stream(initialCount: {count}) }}", {"nums": nums})
    assert parts[0]["data"]["nums"] == list(range(min(count, 4)))
    assert [*parts[0]["data"]["nums"], *items_of(parts)] == [0, 1, 2, 3]


async def test_an_item_that_may_not_be_null_ends_its_list() -> None:
    """What came before it stays."""
    parts = await run_in_parts(SCHEMA, "{ items @stream { id } }", {"items": [{"id": 1}, {}, {"id": 3}]})
    completed = [each for part in parts[1:] for each in part.get("completed", ())]
    assert items_of(parts) == [{"id": 1}]
    assert [len(each.get("errors", ())) for each in completed] == [1]


async def test_an_item_that_may_be_null_is_null_alone() -> None:
    """The others follow."""
    parts = await run_in_parts(SCHEMA, "{ must @stream { id } }", {"must": [{"id": 1}, {}, {"id": 3}]})
    assert items_of(parts) == [{"id": 1}, None, {"id": 3}]


@pytest.mark.parametrize(
    ("nums", "message"),
    [(5, "Expected Iterable"), (ValueError("no luck"), "no luck")],
)
async def test_what_is_no_list_is_the_fields_error(nums: Any, message: str) -> None:
    """In the first part; nothing follows."""
    (only,) = await run_in_parts(SCHEMA, "{ nums @stream }", {"nums": nums})
    assert only["data"] == {"nums": None}
    assert message in only["errors"][0]["message"]


async def test_an_iterator_that_raises_later_ends_its_list() -> None:
    """With the error in the part that ends it."""

    def broken(info: Any) -> Any:
        yield 1
        raise ValueError("no more")

    parts = await run_in_parts(SCHEMA, "{ nums @stream(initialCount: 1) }", {"nums": broken})
    completed = [each for part in parts[1:] for each in part.get("completed", ())]
    assert parts[0]["data"] == {"nums": [1]}
    assert [error["message"] for each in completed for error in each["errors"]] == ["no more"]
