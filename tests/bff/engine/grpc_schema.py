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

from bff.authoring import FrontendSchema, frontend, take, via
from connectors import grpc

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
class Message:
    """A type of messages under construction: its strawberry class and its text in the proto."""

    name: str
    annotations: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)
    cls: Any = None

    def add(self, name: str, kind: str, type_: Any, chance: random.Random) -> None:
        """A field: under its own name, in camelCase, under another name, or deeper inside; with presence or without."""
        way = chance.randrange(6)
        label, type_ = _labelled(kind, type_, chance)
        self.annotations[name] = type_
        if way == 0:
            self.members[name] = take(f"other_{name}")
        elif way == 1:
            self.members[name] = take(f"deep.{name}")
        lines = self.deep if way == 1 else self.lines
        shown = {0: f"other_{name}", 2: to_camel_case(name)}.get(way, name)
        lines.append(f"{label}{kind} {shown} = {len(lines) + 1};")

    def leaves(self, chance: random.Random) -> Message:
        """With an id and some fields that are no messages."""
        self.annotations["id"] = strawberry.ID
        self.lines.append("string id = 1;")
        for number in range(chance.randrange(3, 8)):
            kind = chance.choice(list(KINDS))
            type_ = chance.choice(ANY) if chance.random() < 0.03 else chance.choice(KINDS[kind])
            self.add(f"leaf_{self.name.lower()}{number}", kind, type_, chance)
        return self

    def made(self) -> Message:
        """With its class made, and closed."""
        self.lines.append(f"Deep deep = {len(self.lines) + 1}; message Deep {{ {' '.join(self.deep)} }}")
        members = {"__annotations__": self.annotations, **self.members, "__module__": __name__}
        self.cls = strawberry.type(type(self.name, (), members))
        return self

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
    """Two types of leaves, one that holds them, one that holds that, and fetches."""
    chance = random.Random(seed)
    a, b = (Message(name).leaves(chance).made() for name in "AB")
    c = _nesting(Message("C").leaves(chance), [a, b], [], chance)
    d = _nesting(Message("D").leaves(chance), [a, c], [b, c], chance)
    messages = [a, b, c, d]
    query = Message("Query")
    for each in messages:
        _roots(query, each)
    members = {"__annotations__": query.annotations, **query.members, "__module__": __name__}
    schema = frontend(query=strawberry.type(type("Query", (), members)))
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


def _nesting(message: Message, nested: list[Message], fetched: list[Message], chance: random.Random) -> Message:
    for each in nested:
        message.add(f"in_{each.name.lower()}", each.name, each.cls, chance)
    message.lines.append(f"optional string key = {len(message.lines) + 1};")
    message.annotations["key"] = str | None
    for each in fetched:
        method, name = f"drawn.Api/Get{each.name}", each.name.lower()
        many, group, single = {"keys": "{id}", "way": "many"}, {"keys": "{id}", "way": "group"}, {"keys": ["{id}"]}
        message.members[f"many_{name}"] = via(api.unary(method, many=many, at="items", key="id"), id="key")
        message.annotations[f"many_{name}"] = each.cls | None
        grouped = api.unary(method, many=group, at="more.items", key="id", group=True)
        message.members[f"group_{name}"] = via(grouped, id="key", default=[])
        message.annotations[f"group_{name}"] = list[each.cls]
        message.members[f"single_{name}"] = via(api.unary(method, single, at="more.first", each=4), id="key")
        message.annotations[f"single_{name}"] = each.cls | None
    return message.made()


def _roots(query: Message, message: Message) -> None:
    for way, type_ in {"items": list[message.cls], "first": message.cls | None, "more.first": message.cls}.items():
        name = f"{message.name.lower()}_{way.replace('.', '_')}"
        query.annotations[name] = type_
        query.members[name] = via(api.unary(f"drawn.Api/Get{message.name}", {"way": name}, at=way))
