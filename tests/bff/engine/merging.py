"""What a client makes of an answer in parts, for both forms: written from the proposals, not from our code."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any


def merged(parts: Sequence[Mapping[str, Any]]) -> tuple[Any, list[Any]]:
    """The data and the errors of all parts together; checks that they follow their form."""
    first, *others = parts
    data, errors = copy.deepcopy(first["data"]), list(first.get("errors", ()))
    assert [part["hasNext"] for part in parts] == [True] * len(others) + [False]
    by_ids = "pending" in first
    pending = {each["id"]: each for each in first.get("pending", ())}
    for part in others:
        assert "data" not in part
        pending |= {each["id"]: each for each in part.get("pending", ())}
        for each in part.get("incremental", ()):
            path = [*pending[each["id"]]["path"], *each.get("subPath", ())] if by_ids else each["path"]
            errors += each.get("errors", ())
            if "items" in each:
                target = at(data, path if by_ids else path[:-1])
                assert isinstance(target, list)
                assert by_ids or path[-1] == len(target)
                target += copy.deepcopy(each["items"] or [])
            elif each["data"] is not None:
                put(at(data, path), copy.deepcopy(each["data"]))
        for each in part.get("completed", ()):
            errors += each.get("errors", ())
            del pending[each["id"]]
    assert not pending
    return data, errors


def at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def put(target: Any, value: Any) -> None:
    """Merge deeply; what is there already must be the same."""
    if isinstance(target, list):
        assert len(target) >= len(value)
        for index, each in enumerate(value):
            put(target[index], each)
        return
    for name, each in value.items():
        if isinstance(target.get(name), dict | list) and each is not None:
            put(target[name], each)
        else:
            assert target.get(name, each) == each
            target[name] = each
