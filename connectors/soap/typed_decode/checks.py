"""Whether plain values are what a form takes, for many at once. Used by `records`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from msgspec import inspect

from connectors.forms import Members, Unfit
from connectors.soap.decode.scalars import Convert, get_result_type

Check = Callable[[list[Any]], list[Any]]
"""From plain values to those of a form. Raises Unfit."""
_EXACT: Final = 2**53
"""Below it every integer is a float, too."""


def make_check(convert: Convert, members: Members) -> Check:
    """Of the values that a converter makes. Raises Unfit where it may make what the form has no place for."""
    if inspect.AnyType in members:
        return _accept_all
    kind = get_result_type(convert)
    if kind is str and members.get(inspect.StrType) == inspect.StrType():
        return _accept_all
    if kind is bool and inspect.BoolType in members:
        return _accept_all
    if kind is int and inspect.IntType in members:
        return _check_integers(members[inspect.IntType])
    if kind in (int, float) and inspect.FloatType in members:
        return _check_floats(members[inspect.FloatType], are_whole=kind is int)
    raise Unfit


def _check_integers(type_: Any) -> Check:
    if type_ != inspect.IntType(ge=type_.ge, le=type_.le):
        raise Unfit
    if type_.ge is None and type_.le is None:
        return _accept_all
    least, most = -math.inf if type_.ge is None else type_.ge, math.inf if type_.le is None else type_.le

    def check(values: list[Any]) -> list[Any]:
        numbers = _drop_nulls(values)
        if numbers and not (least <= min(numbers) and max(numbers) <= most):
            raise Unfit
        return values

    return check


def _check_floats(type_: Any, *, are_whole: bool) -> Check:
    """As floats: finite, and no whole number that a float could not tell from another one."""
    if type_ != inspect.FloatType(gt=type_.gt, lt=type_.lt):
        raise Unfit
    above, below = -math.inf if type_.gt is None else type_.gt, math.inf if type_.lt is None else type_.lt
    if are_whole:
        above, below = max(above, -_EXACT), min(below, _EXACT)

    def check(values: list[Any]) -> list[Any]:
        if not all(above < value < below for value in _drop_nulls(values)):
            raise Unfit
        return [None if value is None else float(value) for value in values] if are_whole else values

    return check


def _drop_nulls(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None] if None in values else values


def _accept_all(values: list[Any]) -> list[Any]:
    return values
