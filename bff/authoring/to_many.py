"""Lists of keys: an object holds `tag_ids`, and a field is the list of these tags. Used by `via` and the engine.

Each key is requested once, with those of all other objects; the records have the order of the keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeGuard

from graphql import GraphQLList, GraphQLNonNull, GraphQLType

from connectors.contract import Reply
from connectors.endpoint import Endpoint


def is_key_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether an object holds several keys where one would do."""
    return isinstance(value, list | tuple)


def join_outcomes(keys: Sequence[Any], outcomes: Mapping[Hashable, Any], *, keeps_null: bool, is_grouped: bool) -> Any:
    """The value of one object: what its keys have, in their order, or the first exception where all have one.

    A key without a record is null in the list where the schema allows that, and left out where it does not.
    """
    items: list[Any] = []
    failures: list[Exception] = []
    for key in keys:
        found = None if key is None else outcomes[find_outcome_key(key)]
        if isinstance(found, Exception):
            failures.append(found)
        if is_grouped and isinstance(found, list | tuple):
            items.extend(found)
        elif found is not None or (keeps_null and not is_grouped):
            items.append(found)
    return failures[0] if failures and len(failures) == len(keys) - keys.count(None) else items


def find_outcome_key(key: Any) -> Hashable:
    """What stands for a key in a mapping: its id where an upstream sent an object or a list, which cannot be a key."""
    try:
        hash(key)
    except TypeError:
        return ("not a key", id(key))
    return key  # type: ignore[no-any-return]  # it has a hash


def list_distinct(lists: Sequence[Sequence[Any]]) -> tuple[list[Hashable], dict[Hashable, Any]]:
    """The keys of all lists, each once; and the exceptions of what cannot be a key."""
    keys: dict[Hashable, Any] = {}
    errors: dict[Hashable, Any] = {}
    for key in (each for keys_of_one in lists for each in keys_of_one if each is not None):
        found = find_outcome_key(key)
        if isinstance(key, Exception):
            errors[found] = key
        elif found is key:
            keys[found] = key
        else:
            errors[found] = TypeError(f"a key cannot be a {type(key).__name__}")
    return list(keys), errors


async def fetch_list(endpoint: Endpoint, arguments: Mapping[str, Any], keys: Sequence[Any], type_: GraphQLType) -> Any:
    """The same as the compiled engine, for graphql-core: loads of one moment are one call."""
    assert endpoint.batch is not None
    parameter, is_grouped = endpoint.batch.parameter, endpoint.batch.group
    distinct, errors = list_distinct([keys])
    loads = (endpoint.load({**arguments, parameter: key}) for key in distinct)
    replies = await asyncio.gather(*loads, return_exceptions=True)
    outcomes = {**errors, **{key: _read_outcome(each, is_grouped) for key, each in zip(distinct, replies, strict=True)}}
    joined = join_outcomes(keys, outcomes, keeps_null=allows_null_items(type_), is_grouped=is_grouped)
    if isinstance(joined, Exception):
        raise joined
    if is_grouped:
        joined = Reply(joined)
        joined.has_empty_lists = any(isinstance(each, Reply) and each.has_empty_lists for each in replies)
    return joined


def _read_outcome(outcome: Reply | BaseException, is_grouped: bool) -> Any:
    if isinstance(outcome, BaseException):
        return outcome
    try:
        data = outcome.data
    except Exception as error:  # noqa: BLE001 - reading may fail as sending may
        return error
    return data if is_grouped or data is None or isinstance(data, Exception) else outcome


def allows_null_items(type_: GraphQLType) -> bool:
    """Whether an item of this list may be null."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList) and not isinstance(inner.of_type, GraphQLNonNull)


def is_list_type(type_: GraphQLType) -> bool:
    """Whether a field of this type is a list."""
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)
