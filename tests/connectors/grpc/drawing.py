"""Draws messages of any type."""

from __future__ import annotations

import math
import random
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass


def drawn_message(chance: random.Random, descriptor: Descriptor, trouble: int = 40, depth: int = 0) -> Any:
    """Some of the fields are set, to plain values; with `trouble` in 1000 to extreme ones."""
    make = GetMessageClass(descriptor)
    message = make()
    for field in descriptor.fields:
        if chance.random() < 0.5 or (field.message_type is not None and depth > 2):
            continue
        target = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            entry = field.message_type.fields_by_name
            for _ in range(chance.randrange(3)):
                key = drawn_value(chance, entry["key"], trouble)
                if entry["value"].message_type is None:
                    target[key] = drawn_value(chance, entry["value"], trouble)
                else:
                    target[key].CopyFrom(drawn_message(chance, entry["value"].message_type, trouble, depth + 1))
        elif field.message_type is not None:
            made = [drawn_message(chance, field.message_type, trouble, depth + 1) for _ in range(chance.randrange(3))]
            if field.is_repeated:
                target.extend(made)
            elif made:
                target.CopyFrom(made[0])
        elif field.is_repeated:
            target.extend(drawn_value(chance, field, trouble) for _ in range(chance.randrange(3)))
        else:
            setattr(message, field.name, drawn_value(chance, field, trouble))
    return make.FromString(message.SerializeToString())


def drawn_value(chance: random.Random, field: FieldDescriptor, trouble: int) -> Any:
    """What protobuf takes for one value."""
    is_odd = chance.randrange(1000) < trouble
    if field.enum_type is not None:
        return 77 if is_odd and not field.enum_type.is_closed else chance.choice(field.enum_type.values).number
    kind = field.cpp_type
    if kind in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return chance.choice([math.nan, math.inf, -math.inf] if is_odd else [0.0, -0.0, 0.1, -7.0, 1e30])
    if kind == field.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if field.type == field.TYPE_BYTES:
        return chance.choice([b"", b"\xff\0"])
    if kind == field.CPPTYPE_STRING:
        return chance.choice(["", "text", "7", "é\U0001f986\0"])
    if field.containing_type.full_name.startswith("google.protobuf."):
        return chance.choice([0, 7])  # so that times are some
    small = chance.choice([0, 1, 7, 2**31 - 1])
    if kind == field.CPPTYPE_INT64 and is_odd:
        return chance.choice([2**31, -(2**31) - 1, 2**53 + 1, -(2**63), 2**63 - 1])
    if kind == field.CPPTYPE_UINT64 and is_odd:
        return chance.choice([2**31, 2**53 + 1, 2**64 - 1])
    return small
