r"""Paths into data: the one syntax of `at`, `key`, `take`, `topic`, `where` and `error` in every connector.

    author.name         a name in a name
    items.0             an item of a list by its index
    entry[].resource    what stands there in each item of a list, as one list
    cfg\.name           a name that holds a dot; \\, \[ and \] likewise

A tuple of names, `("labels", "app.io/name")`, is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

Path = tuple[str, ...]
PathOption = str | tuple[str, ...]
"""A path as an author writes it."""

EACH: Final = "\0 each item"
"""A step of a path: the steps after it apply to each item of a list."""
_STEP = re.compile(r"((?:[^.\[\]\\]|\\[.\[\]\\])*)((?:\[\])*)(\.|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MISTAKE: Final = (
    r"has a bracket or backslash out of place; write name[].other for each item of a list, name.0 for its first, "
    r"and \. \[ \] \\ for what is part of a name"
)
_INDEX = re.compile(r"-?[0-9]{1,9}")


def parse_path(written: PathOption) -> Path:
    """The steps of a path. Raises ValueError with the reason and the next step."""
    if isinstance(written, tuple):
        return _check_names(written)
    if not isinstance(written, str):
        raise ValueError("is neither a text nor a tuple of names")  # noqa: TRY004 - authors see one error for all
    steps: list[str] = []
    place = 0
    while True:
        match = _STEP.match(written, place)
        if match is None:
            raise ValueError(_MISTAKE)
        name, lists, dot = match.groups()
        if not name and (steps or not lists):
            raise ValueError("has an empty name; a dot stands between two names" if written else "is empty")
        if name:
            steps.append(_ESCAPE.sub(r"\1", name))
        steps += [EACH] * (len(lists) // 2)
        place = match.end()
        if not dot:
            return _check_names(tuple(steps))


def _check_names(names: tuple[object, ...]) -> Path:
    for name in names:
        if not isinstance(name, str) or not name or ("\0" in name and name != EACH):
            raise ValueError(f"has {name!r}, which is not the name of a field")
    return tuple(map(str, names))


def format_path(path: Path) -> str:
    """The path as an author writes it, for messages."""
    text = ""
    for step in path:
        if step == EACH:
            text += "[]"
        else:
            text += ("." if text else "") + re.sub(r"([.\\\[\]])", r"\\\1", step)
    return text


def split_at_list(path: Path) -> tuple[Path, Path]:
    """The path to the list that it goes through first, and the rest; the whole path where it goes through none."""
    place = path.index(EACH) if EACH in path else len(path)
    return path[:place], path[place:]


def at_path(value: Any, path: Path) -> Any:
    """What stands at a path of plain data; None where it leads nowhere, and an exception that stands on the way.

    A name that holds dots is found without escapes where no shorter name is there: `@odata.nextLink`.
    """
    for number, step in enumerate(path):
        if type(value) is dict and step in value:
            value = value[step]
        else:
            return value if value is None else _follow_other(value, path[number:])
    return value


def _follow_other(value: Any, path: Path) -> Any:
    """The way through lists, other mappings, and names that hold dots."""
    step, rest = path[0], path[1:]
    if isinstance(value, Exception):
        return value
    if step == EACH:
        return _collect_each(value, rest)
    if isinstance(value, Mapping):
        if step in value:
            return at_path(value[step], rest)
        for count in range(2, len(path) + 1):
            if (name := ".".join(path[:count])) in value:
                return at_path(value[name], path[count:])
    elif isinstance(value, list) and _INDEX.fullmatch(step) and -len(value) <= int(step) < len(value):
        return at_path(value[int(step)], rest)
    return None


def _collect_each(value: Any, rest: Path) -> list[Any]:
    """What stands at the rest of a path in each item. A value that is no list counts as a list of it alone."""
    items = value if isinstance(value, list | tuple) else [value]
    if EACH not in rest:
        return [at_path(item, rest) for item in items] if rest else list(items)
    found: list[Any] = []
    for item in items:
        inner = at_path(item, rest)
        if isinstance(inner, list):
            found += inner
        elif inner is not None:
            found.append(inner)
    return found
