"""Private fields that come from a path of the record: keys of `via`, and values for Python code."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry

from bff.authoring import computed, frontend, take, via
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

rows = endpoint("shop: rows", selects=True)
tag_of = batched("shop: tag")


@strawberry.type
class Tag:
    text: str


@strawberry.type
class Row:
    id: int
    tag_id: strawberry.Private[int | None] = take("meta.tag.id", private=True)
    tag_ids: strawberry.Private[list[int]] = take("meta.tags", private=True, default_factory=list)
    size: strawberry.Private[int] = take("dim.size", private=True, default=3)
    tag: Tag | None = via(tag_of, id="tag_id")
    tags: list[Tag] = via(tag_of, id="tag_ids")

    @computed(needs="size")
    def double(self) -> int:
        return 2 * self.size


@strawberry.type
class Query:
    rows: list[Row] = via(rows)


schema = frontend(query=Query)
ROWS = [{"id": 1, "meta": {"tag": {"id": 7}, "tags": [8, 7]}, "dim": {"size": 1}}, {"id": 2}]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_private_fields_come_from_a_path(engine: Any) -> None:
    """They are requested of an upstream that sends what is selected, and are not in the schema."""
    upstream = FakeUpstream(lambda call: [{"id": key, "text": f"t{key}"} for key in call.keys] if call.keys else ROWS)
    app = gateway(schema, options={"engine": engine}, shop=upstream)
    for _ in range(2):
        body = (await ask(app, "{ rows { tag { text } tags { text } double } }")).body()
        assert body == {
            "data": {
                "rows": [
                    {"tag": {"text": "t7"}, "tags": [{"text": "t8"}, {"text": "t7"}], "double": 2},
                    {"tag": None, "tags": [], "double": 6},
                ]
            }
        }
    asked = next(call.selection for call in upstream.calls if not call.keys)
    assert asked is not None
    assert {name for name, _ in asked.fields} == {"meta", "dim"}
    assert "tagId" not in schema.as_str()


def test_options_of_shown_fields_are_refused() -> None:
    """A private field has no description."""
    with pytest.raises(DefinitionError, match="description of take"):
        take("a.b", private=True, description="x")
    assert isinstance(rows, Endpoint)
