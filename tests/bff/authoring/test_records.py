"""What resolvers return, as the objects that a schema declares."""

from __future__ import annotations

import json

import strawberry

from bff.authoring import frontend
from bff.http.responses.encode import encode
from connectors.contract import Reply
from tests.bff.fakes import ask, gateway


@strawberry.type
class Item:
    id: int


async def test_lists_may_mix_objects_records_replies_and_nothing() -> None:
    """Objects of the author's own stay what they are; whatever stands beside them becomes one."""

    @strawberry.type
    class Query:
        @strawberry.field
        def made(self) -> list[Item | None]:
            return (Item(id=1), None, Item(id=2))

        @strawberry.field
        def mixed(self) -> list[Item | None]:
            return [Item(id=1), {"id": 2}, Reply({"id": 3}), None]

        @strawberry.field
        def nested(self) -> list[list[Item]]:
            return [[Item(id=1)], ({"id": 2},), Reply([{"id": 3}])]

    answer = await ask(gateway(frontend(query=Query)), "{ made { id } mixed { id } nested { id } }")
    assert json.loads(encode(answer)) == {
        "data": {
            "made": [{"id": 1}, None, {"id": 2}],
            "mixed": [{"id": 1}, {"id": 2}, {"id": 3}, None],
            "nested": [[{"id": 1}], [{"id": 2}], [{"id": 3}]],
        }
    }
