"""Reading attributes, methods and entries of whole sets."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from bff.engine.compile.resolvers import Attribute, Method
from bff.engine.execute.attributes import read_attributes, read_entries
from connectors.contract import Reply


def test_an_exception_stands_in_the_place_of_its_value() -> None:
    """The objects before and after it are read once each."""
    seen: list[int] = []

    def get(number: int) -> int:
        seen.append(number)
        return 10 // number

    values = read_attributes(Method(get, lambda value: value), [1, 0, 5, 0])
    assert (values[0], values[2]) == (10, 2)
    assert [type(each) for each in values] == [int, ZeroDivisionError, int, ZeroDivisionError]
    assert seen == [1, 0, 5, 0]


def test_a_stop_iteration_ends_nothing() -> None:
    """Of a method, it is an exception like any other."""

    def get(number: int) -> Any:
        return next(iter([])) if number == 2 else number

    values = read_attributes(Method(get, lambda value: value), [1, 2, 3])
    assert (values[0], type(values[1]), values[2]) == (1, StopIteration, 3)


def test_methods_get_a_column_beside_the_objects() -> None:
    """Such as the info of each."""
    infos: Iterator[str] = iter(["a", "b"])
    assert read_attributes(Method(lambda source, info: source + info, str), ["x", "y"], infos) == ["xa", "yb"]


def test_replies_in_attributes_become_declared_types() -> None:
    """Alone or as the first of a list; other values stay."""
    attribute = Attribute("item", attrgetter("item"), lambda data: ("made", data))
    sources = [SimpleNamespace(item=each) for each in (Reply({"id": 1}), 5)]
    assert read_attributes(attribute, sources) == [("made", {"id": 1}), 5]


def test_entries_of_mappings_and_attributes_of_objects() -> None:
    """Both in one set; what is absent is null, and a property may raise."""

    class Broken:
        @property
        def name(self) -> str:
            raise ValueError("no luck")

    assert read_entries("name", [{"name": "a"}, {}]) == ["a", None]
    values = read_entries("name", [{"name": "a"}, SimpleNamespace(name="b"), object(), Broken()])
    assert values[:3] == ["a", "b", None]
    assert isinstance(values[3], ValueError)
