"""Whether the values of a converter are what a form asks for."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from connectors.forms import Unfit, members_of
from connectors.soap.decode.scalars import get_converter
from connectors.soap.schema_zeep import builtins
from connectors.soap.typed_decode.checks import make_check

INT32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
FINITE = Annotated[float, msgspec.Meta(gt=-1e308, lt=1e308)]


def check(xsd: str, type_: Any, *values: Any) -> list[Any]:
    members = members_of(msgspec.inspect.type_info(type_))
    return make_check(get_converter(getattr(builtins, xsd)()), members)(list(values))


@pytest.mark.parametrize(
    ("xsd", "type_", "values", "result"),
    [
        ("Integer", INT32, (1, None, 3), [1, None, 3]),
        ("Integer", int, (2**70,), [2**70]),
        ("Integer", FINITE, (1, None), [1.0, None]),
        ("Double", FINITE, (1.5,), [1.5]),
        ("String", str, ("a", None), ["a", None]),
        ("Boolean", bool, (True,), [True]),
        ("Boolean", Any, (True, "x"), [True, "x"]),
    ],
)
def test_values_that_fit(xsd: str, type_: Any, values: tuple[Any, ...], result: list[Any]) -> None:
    """Nulls are checked elsewhere; integers become floats where the form wants floats."""
    checked = check(xsd, type_, *values)
    assert checked == result
    assert list(map(type, checked)) == list(map(type, result))


@pytest.mark.parametrize(
    ("xsd", "type_", "values"),
    [
        ("Integer", INT32, (1, 2**31)),
        ("Integer", FINITE, (2**53,)),
        ("Double", FINITE, (float("nan"),)),
        ("Double", FINITE, (float("inf"),)),
        ("String", int, ("1",)),
        ("Boolean", str, (True,)),
        ("NmTokens", str, (["a"],)),
    ],
)
def test_values_that_do_not_fit(xsd: str, type_: Any, values: tuple[Any, ...]) -> None:
    """The whole reply is then read as plain Python."""
    with pytest.raises(Unfit):
        check(xsd, type_, *values)
