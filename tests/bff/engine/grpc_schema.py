"""Draws strawberry schemas whose data comes over gRPC, and the proto of that upstream. GraphQL wants what it may not get.

Fields of every kind, under their own names and others, alone and repeated, with presence and without; most are declared
as what they are, some as another type.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from bff.authoring import FrontendSchema
from connectors import grpc
from tests.bff.engine.drawn_types import DrawnType, draw_query, draw_types

api = grpc("api")


@strawberry.enum
class Color(Enum):
    """Two of its numbers are not its values."""

    RED = "RED"
    DARK_GREEN = 7
    BLUE = "BLUE"


WHOLE = [int, strawberry.ID, float, JSON]
TEXT = [str, strawberry.ID, JSON]
KINDS: dict[str, list[Any]] = {
    **dict.fromkeys(["int32", "sint32", "sfixed32", "int64", "sint64", "sfixed64"], WHOLE),
    **dict.fromkeys(["uint32", "fixed32", "uint64", "fixed64"], WHOLE),
    "float": [float, float, JSON],
    "double": [float, float, JSON],
    "bool": [bool, JSON],
    "string": TEXT,
    "bytes": TEXT,
    "Color": [Color, str, JSON],
    "google.protobuf.Timestamp": [datetime, str],
    "google.protobuf.Duration": TEXT,
    "google.protobuf.StringValue": TEXT,
    "google.protobuf.BytesValue": TEXT,
    "google.protobuf.Int64Value": WHOLE,
    "google.protobuf.FloatValue": [float],
    "google.protobuf.BoolValue": [bool],
    "google.protobuf.FieldMask": TEXT,
    "google.protobuf.Struct": [JSON],
    "google.protobuf.Value": [JSON],
    "map<string, int64>": [JSON],
}
"""By type in the proto: types in GraphQL that it can be."""
ANY = [int, float, str, bool, strawberry.ID, JSON, Color, datetime]
HEAD = """syntax = "proto3";
package drawn;
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Color { RED = 0; DARK_GREEN = 7; BLUE = 2; }
message Ask { string way = 1; repeated string keys = 2; }
"""


@dataclass
class Message(DrawnType):
    """A type of messages under construction: its strawberry class and its text in the proto."""

    lines: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, type_: Any, chance: random.Random) -> None:
        """A field: under its own name, in camelCase, under another name, or deeper inside; with presence or without."""
        way = chance.randrange(6)
        label, type_ = _labelled(kind, type_, chance)
        self.annotations[name] = type_
        self.place(name, way, chance)
        lines = self.deep if way == 1 else self.lines
        shown = {0: f"other_{name}", 2: to_camel_case(name)}.get(way, name)
        lines.append(f"{label}{kind} {shown} = {len(lines) + 1};")

    def close(self) -> None:
        self.lines.append(f"Deep deep = {len(self.lines) + 1}; message Deep {{ {' '.join(self.deep)} }}")
        super().close()

    @property
    def proto(self) -> str:
        name = self.name
        inside = "\n  ".join(self.lines)
        return (
            f"message {name} {{\n  {inside}\n}}\n"
            f"message All{name} {{ repeated {name} items = 1; {name} first = 2; All{name} more = 3; }}\n"
        )


@dataclass
class Drawn:
    """A schema, and the proto of the upstream it is over."""

    schema: FrontendSchema
    proto: str


def draw_schema(seed: int) -> Drawn:
    """See draw_types."""
    chance = random.Random(seed)

    def leaf(name: str) -> Message:
        message = Message(name, lines=["string id = 1;"])
        message.add_leaves(chance, KINDS, ANY)
        return message

    messages = draw_types(leaf, lambda message, nested, fetched: _nest(message, nested, fetched, chance))
    schema = draw_query(
        messages,
        lambda name, way: api.unary(f"drawn.Api/Get{name}", {"way": f"{name.lower()}_{way.replace('.', '_')}"}, at=way),
        "first",
    )
    methods = "".join(f"rpc Get{each.name}(Ask) returns (All{each.name});" for each in messages)
    return Drawn(schema, f"{HEAD}{''.join(each.proto for each in messages)}service Api {{ {methods} }}\n")


def _labelled(kind: str, type_: Any, chance: random.Random) -> tuple[str, Any]:
    if kind.startswith("map"):
        return "", type_
    way = chance.randrange(4)
    if way == 0:
        item = type_ | None if chance.random() < 0.3 else type_
        return "repeated ", list[item] | None if chance.random() < 0.3 else list[item]
    if way == 1 and chance.random() < 0.9:
        return "optional ", type_ | None
    if way == 1 or (kind[0].isupper() and kind != "Color") or kind.startswith("google"):
        return "", type_ | None if chance.random() < 0.85 else type_
    return "", type_ if chance.random() < 0.7 else type_ | None


def _nest(message: Message, nested: list[Message], fetched: list[Message], chance: random.Random) -> Message:
    for each in nested:
        message.add(f"in_{each.name.lower()}", each.name, each.cls, chance)
    if nested:
        message.lines.append(f"optional string key = {len(message.lines) + 1};")
        message.annotations["key"] = str | None
    many, group, single = {"keys": "{id}", "way": "many"}, {"keys": "{id}", "way": "group"}, {"keys": ["{id}"]}
    for each in fetched:
        method = f"drawn.Api/Get{each.name}"
        message.define_fetches(
            each,
            api.unary(method, many=many, at="items", key="id"),
            api.unary(method, many=group, at="more.items", key="id", group=True),
            api.unary(method, single, at="more.first", each=4),
        )
    message.close()
    return message
