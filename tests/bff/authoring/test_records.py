"""What resolvers return, as the objects that a schema declares."""

from __future__ import annotations

import json

import strawberry
from graphql import GraphQLObjectType

from bff.authoring import frontend
from bff.authoring.records import Records
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


def test_converters_and_slots_are_made_once_for_a_type() -> None:
    """Every operation needs them again, when it is seen for the first time."""

    @strawberry.type
    class Query:
        items: list[Item]

    schema = frontend(query=Query)._schema
    records = Records(schema)
    type_ = schema.get_type("Item")
    assert isinstance(type_, GraphQLObjectType)
    assert records.list_slots(type_) is records.list_slots(type_)
    listed = schema.query_type.fields["items"].type if schema.query_type else None
    assert listed is not None
    assert records.converter(listed) is records.converter(listed)
    assert records.with_empty_lists.converter(listed) is not records.converter(listed)
