"""Schemas of an OpenAPI description as DataTypes, for requests or for replies. Used by `schema_description`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.descriptions import ANYTHING, DataType, Scalar, list_of
from connectors.messages.templates import text_of
from connectors.rest.schema_document import Document, get_list, get_mapping, is_true

_SCALARS: dict[str, Scalar] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "file": "",
}
_SHAPES = ("properties", "additionalProperties", "type", "enum", "const", "items", "allOf", "oneOf", "anyOf")
"""Keywords that say something of the data; others describe it."""
_OPEN = ("discriminator", "patternProperties", "if", "dependentSchemas", "unevaluatedProperties", "$dynamicRef")
"""Keywords with which an object may have fields that are not in `properties`."""
_MAX_NAMES = 3


class TypeReader:
    """Describes schemas. Each is read once, so that what contains itself, or is used often, costs once."""

    def __init__(self, document: Document, *, is_reply: bool, is_closed: bool = True, as_text: bool = False) -> None:
        """Objects have only the fields described, unless they say otherwise or not `is_closed`.

        `as_text`: every value is sent as text, as in URLs and forms.
        """
        self._document = document
        self._is_reply = is_reply
        self._is_closed = is_closed
        self._as_text = as_text
        self._known: dict[int, DataType] = {}

    def describe(self, node: Any, name: str) -> DataType:
        """The type of a schema; ANYTHING where nothing is known of it."""
        if not isinstance(node, Mapping):
            return ANYTHING
        known = self._known.get(id(node))
        if known is None:
            self._known[id(node)] = ANYTHING  # while it is read: a schema that is itself says nothing
            known = self._known[id(node)] = self._describe_new(node, name)
        return known

    def _describe_new(self, node: Mapping[str, Any], name: str) -> DataType:
        reference = node.get("$ref")
        if isinstance(reference, str):
            own_name = f"the schema {reference.rpartition('/')[2]}" if "/" in reference else name
            target = self.describe(self._document.resolve(node), own_name)
            own = {key: value for key, value in node.items() if key != "$ref"}
            if not _says_something(own):
                return target
            return ANYTHING if target.is_anything else self._merge(target, self._describe_new(own, name))
        parts = [self.describe(each, name) for each in get_list(node, "allOf") if _says_something(each)]
        for keyword in ("oneOf", "anyOf"):
            variants = [each for each in get_list(node, keyword) if not _is_null(each)]
            if any(_says_something(each) for each in variants):
                parts.append(unite([self.describe(each, name) for each in variants]))
        if not parts:
            return self._describe_plain(node, name)
        own = {key: value for key, value in node.items() if key not in ("allOf", "oneOf", "anyOf")}
        if "oneOf" in node or "anyOf" in node:
            own.pop("discriminator", None)  # it says which of them it is
        if _says_something(own):
            parts.append(self._describe_plain(own, name))
        merged = parts[0]
        for part in parts[1:]:
            merged = self._merge(merged, part)
        return replace(merged, name=name) if len(parts) > 1 and merged is not ANYTHING else merged

    def _merge(self, first: DataType, second: DataType) -> DataType:
        """What is both: a record with the fields of both."""
        if first.is_anything or second.is_anything:
            known = second if first.is_anything else first  # the other may add fields
            return replace(known, is_open=True) if known.fields is not None else ANYTHING
        if first.fields is None or second.fields is None:
            if first.fields is not None or second.fields is not None:
                return ANYTHING
            return second if second.values and not first.values else first
        one, other = first.fields, second.fields

        def merge_fields() -> dict[str, DataType]:
            fields, more = one(), other()
            both = fields.keys() & more.keys()
            merged = {**fields, **more}
            for each in both:
                inner = self._merge(fields[each], more[each])
                merged[each] = replace(inner, is_required=fields[each].is_required or more[each].is_required)
            return merged

        return DataType(name=second.name, fields=merge_fields, is_open=first.is_open or second.is_open)

    def _describe_plain(self, node: Mapping[str, Any], name: str) -> DataType:
        """By its own keywords, without those that combine schemas."""
        kinds = node.get("type")
        types = [each for each in (kinds if isinstance(kinds, list) else [kinds]) if each not in (None, "null")]
        if len(types) > 1:
            variants = [self._describe_plain({**node, "type": each}, name) for each in types]
            return unite(variants)
        kind = types[0] if types else _guess_kind(node)
        if kind == "object":
            return self._describe_object(node, name)
        if kind == "array":
            items = node.get("items")
            is_plain = isinstance(items, Mapping) and "prefixItems" not in node
            return list_of(self.describe(items, f"an item of {name}") if is_plain else ANYTHING)
        scalar = _SCALARS.get(kind) if isinstance(kind, str) else None
        values = _list_values(node)
        if scalar is None and not values:
            return ANYTHING
        if self._as_text and scalar == "text":
            scalar = ""
        return DataType(name=name, scalar=scalar or "", values=values)

    def _describe_object(self, node: Mapping[str, Any], name: str) -> DataType:
        properties = get_mapping(node, "properties")
        others = node.get("additionalProperties")
        if others is None:
            is_open = not properties or not self._is_closed
        else:
            is_open = isinstance(others, Mapping) or is_true(others)
        is_open = is_open or any(each in node for each in _OPEN)
        required = set() if self._is_reply else _list_required(node)
        hidden = "writeOnly" if self._is_reply else "readOnly"

        def describe_fields() -> dict[str, DataType]:
            fields = {}
            for each, schema in properties.items():
                plain = self._document.resolve(schema)
                is_hidden = any(isinstance(part, Mapping) and is_true(part.get(hidden)) for part in (schema, plain))
                if is_hidden and self._is_reply:
                    continue
                has_default = isinstance(plain, Mapping) and "default" in plain
                is_required = each in required and not is_hidden and not has_default
                fields[each] = replace(self.describe(schema, f"the field {each}"), is_required=is_required)
            return fields

        return DataType(name=name, fields=describe_fields, is_open=is_open)


def _says_something(node: Any) -> bool:
    """Whether a schema says of the data more than that it is an object. One of another file says what is not known."""
    if not isinstance(node, Mapping):
        return False
    names = {each for each in ("$ref", *_SHAPES, *_OPEN) if each in node}
    return bool(names) and (names != {"type"} or node["type"] != "object")


def _is_null(node: Any) -> bool:
    if not isinstance(node, Mapping):
        return False
    kind = node.get("type")
    return kind == "null" or kind == ["null"] or get_list(node, "enum") in ([None], ["null"])


def _guess_kind(node: Mapping[str, Any]) -> str | None:
    if "properties" in node or "additionalProperties" in node:
        return "object"
    return "array" if "items" in node else None


def _list_values(node: Mapping[str, Any]) -> tuple[str, ...]:
    """What an enum may be, as it is written in a message; none where it is not single values alone."""
    values = [node["const"]] if "const" in node else get_list(node, "enum")
    if any(isinstance(each, dict | list) for each in values):
        return ()
    return tuple(dict.fromkeys(text_of(each) for each in values if each is not None))


def _list_required(node: Mapping[str, Any]) -> set[str]:
    return {each for each in get_list(node, "required") if isinstance(each, str)}


def unite(variants: list[DataType]) -> DataType:
    """What is one of several: a record may have the fields of each, and must have those that all must have."""
    variants = list({id(each): each for each in variants}.values())
    if len(variants) == 1:
        return variants[0]
    if not variants or any(each.is_anything for each in variants):
        return ANYTHING
    names = list(dict.fromkeys(each.name for each in variants))
    name = " or ".join(names[:_MAX_NAMES]) + (" or others" if len(names) > _MAX_NAMES else "")
    if all(each.item is not None for each in variants):
        items = [each.item for each in variants if each.item is not None]
        return DataType(name=name, item=lambda: unite([item() for item in items]))
    if all(each.fields is not None for each in variants):
        inner = [each.fields for each in variants if each.fields is not None]
        return DataType(name=name, fields=lambda: _unite_fields(inner), is_open=any(each.is_open for each in variants))
    if all(each.scalar is not None for each in variants):
        is_enum = all(each.values for each in variants)
        values = tuple(dict.fromkeys(value for each in variants for value in each.values)) if is_enum else ()
        kinds = {each.scalar for each in variants}
        return DataType(name=name, scalar=kinds.pop() if len(kinds) == 1 else "", values=values)
    return ANYTHING


def _unite_fields(variants: list[Callable[[], Mapping[str, DataType]]]) -> dict[str, DataType]:
    records = [each() for each in variants]
    names = dict.fromkeys(name for each in records for name in each)
    return {
        name: replace(
            unite([each[name] for each in records if name in each]),
            is_required=all(name in each and each[name].is_required for each in records),
        )
        for name in names
    }
