"""Completing values: lists of any kind, leaves, nulls and what propagates (GraphQL specification, section 6.4.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.bff.engine.execute.world import await_both, run_both, schema_of

SCHEMA = schema_of(
    "type Item { id: Int!, name: String } "
    "type Query { items: [Item], must: [Item!], all: [Item!]!, grid: [[Int!]!], nums: [Int], one: Item, id: Int! }"
)


@pytest.mark.parametrize(
    ("query", "root", "data"),
    [
        ("{ nums }", {"nums": (1, 2)}, {"nums": [1, 2]}),
        ("{ nums }", {"nums": {1}}, {"nums": [1]}),
        ("{ nums }", {"nums": [1, "x", None]}, {"nums": [1, None, None]}),
        ("{ nums }", {"nums": 5}, {"nums": None}),
        ("{ nums }", {"nums": "text"}, {"nums": None}),
        ("{ grid }", {"grid": [[1], [], [2, 3]]}, {"grid": [[1], [], [2, 3]]}),
        ("{ grid }", {"grid": [[1], [None], [2]]}, {"grid": None}),
        ("{ items { id } }", {"items": [{"id": 1}, {}, None]}, {"items": [{"id": 1}, None, None]}),
        ("{ must { id } }", {"must": [{"id": 1}, {}]}, {"must": None}),
        ("{ must { id } }", {"must": []}, {"must": []}),
        ("{ all { id } }", {"all": [{"id": 1}, {}]}, None),
        ("{ id }", {"id": None}, None),
        ("{ one { id name } }", {"one": ValueError("no luck")}, {"one": None}),
    ],
)
def test_values_of_the_response(query: str, root: Any, data: Any) -> None:
    """And the errors of graphql-core, in the same order."""
    result = run_both(SCHEMA, query, root)
    assert result.data == data


def test_an_iterator_that_raises_fails_its_list() -> None:
    """The items before it are not shown."""

    def numbers(info: Any) -> Any:
        yield 1
        raise ValueError("no more")

    result = run_both(SCHEMA, "{ nums id }", {"nums": numbers, "id": 1})
    assert (result.data, [error.path for error in result.errors or []]) == ({"nums": None, "id": 1}, [["nums"]])


async def test_async_iterators_and_awaitable_items() -> None:
    """Are waited for, all together."""

    async def one(value: int) -> int:
        return value

    async def numbers(info: Any) -> AsyncGenerator[Any, None]:
        yield 1
        yield one(2)

    assert (await await_both(SCHEMA, "{ nums }", lambda: {"nums": numbers})).data == {"nums": [1, 2]}
    result = await await_both(SCHEMA, "{ nums }", lambda: {"nums": [one(1), one("x"), 3]})  # type: ignore[arg-type]
    assert result.data == {"nums": [1, None, 3]}
