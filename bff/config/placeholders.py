"""Values in the place of environment variables that are not set, so that a file can be checked without secrets."""

from __future__ import annotations

from collections.abc import Callable, Container
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

_CANDIDATES = (
    "placeholder",
    "http://placeholder.invalid",
    "placeholder.invalid:443",
    "ws://placeholder.invalid",
    "nats://placeholder.invalid",
    "amqp://placeholder.invalid",
    "memory://placeholder",
    "127.0.0.1",
    "1",
    "1s",
    "1MB",
    "100/s",
    "true",
)
"""What an option may be that a name does not suit; the first that is valid is taken."""
_ROUNDS = 50


def fit_placeholders(
    data: Any, validate: Callable[[Any], object], locate: Callable[[Any], object], places: Container[object]
) -> Any:
    """The data with other values where one at `places` is not valid, and without those that none suits.

    `locate` gives the place of one of pydantic's errors.
    """
    data = deepcopy(data)
    tried: dict[object, int] = {}
    for _ in range(_ROUNDS):
        error = next((each for each in _list_errors(validate, data) if locate(each) in places), None)
        if error is None:
            break
        place = locate(error)
        number = tried[place] = tried.get(place, -1) + 1
        if not _put(data, error["loc"], _CANDIDATES[number] if number < len(_CANDIDATES) else None):
            break
    return data


def _list_errors(validate: Callable[[Any], object], data: Any) -> list[Any]:
    try:
        validate(data)
    except ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _put(data: Any, steps: tuple[str | int, ...], value: str | None) -> bool:
    """Replace the value at these steps, or remove it for None. Steps that choose among a union are passed over."""
    where: tuple[Any, Any] | None = None
    for step in steps:
        inside = where[0][where[1]] if where is not None else data
        is_key = isinstance(inside, dict) and step in inside
        if is_key or (isinstance(inside, list) and isinstance(step, int) and step < len(inside)):
            where = inside, step
    if where is None:
        return False
    if value is None:
        del where[0][where[1]]
    else:
        where[0][where[1]] = value
    return True
