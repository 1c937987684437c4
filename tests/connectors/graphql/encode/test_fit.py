"""What is selected and given, in the words of the upstream's schema."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from graphql import build_schema, type_from_ast
from graphql.language import parse_type

from connectors.contract import Selection, TypeNames
from connectors.graphql.encode.fit import fit_types, fit_value
from tests.connectors.calls import leaves

SCHEMA = build_schema("""
enum Sort { NEW OLD }
input Order { by: Sort then: [Order!] }
interface Named { name: String }
type Book { title: String author: Author similar(first: Int): [Hit] }
type Author implements Named { name: String }
type Person { age: Int }
union Hit = Book | Author
type Query { hits: [Hit!]! book: Book order(by: Order): Int }
""")


class Sort(enum.Enum):
    NEW = "n"
    OLD = "OLD"


def on(*names: str, **others: TypeNames) -> Selection:
    return Selection(on=tuple((name, leaves("x")) for name in names), names=tuple(others.items()))


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (on("Author"), ["Author"]),
        (on("Person", Person=TypeNames(("Person", "Author"))), ["Author"]),
        (on("Person", Person=TypeNames(("Author", "Book"), is_given=True)), ["Author", "Book"]),
        (on("Author", Author=TypeNames(("Author", "Book"))), ["Author"]),
        (on("Nothing", "Book"), ["Book"]),
        (on("Named"), ["Named"]),
    ],
)
def test_types_have_the_names_that_fit(selection: Selection, names: list[str]) -> None:
    """Those that records at this place can have; the rest is left out."""
    assert [name for name, _ in fit_types(selection, SCHEMA, SCHEMA.type_map["Hit"]).on] == names


def test_without_a_schema_names_are_the_likeliest_or_those_given() -> None:
    """The upstream then decides."""
    guessed = on("Person", Person=TypeNames(("Person", "Author")))
    given = on("Person", Person=TypeNames(("Author", "Book"), is_given=True))
    assert [name for name, _ in fit_types(guessed, None, None).on] == ["Person"]
    assert [name for name, _ in fit_types(given, None, None).on] == ["Author", "Book"]


def test_types_below_fields_fit_too() -> None:
    """At any depth."""
    inner = on("Person", Person=TypeNames(("Person", "Author")))
    fitted = fit_types(Selection((("similar", inner),)), SCHEMA, SCHEMA.type_map["Book"])
    assert fitted == Selection((("similar", Selection(on=(("Author", leaves("x")),))),))


@pytest.mark.parametrize(
    ("type_", "value", "fitted"),
    [
        ("Sort", Sort.NEW, "NEW"),
        ("Sort!", Sort.OLD, "OLD"),
        ("[Sort!]!", [Sort.NEW, Sort.OLD], ["NEW", "OLD"]),
        ("[[Sort]]", [[Sort.NEW]], [["NEW"]]),
        ("[Sort]", Sort.NEW, "NEW"),
        ("Order", {"by": Sort.NEW, "then": [{"by": Sort.OLD}]}, {"by": "NEW", "then": [{"by": "OLD"}]}),
        ("Order", {"other": Sort.NEW}, {"other": "n"}),
        ("String", Sort.NEW, "n"),
        ("Int", 7, 7),
    ],
)
def test_enums_have_the_names_of_the_upstream(type_: str, value: Any, fitted: Any) -> None:
    """The member's value or name, whichever the upstream has."""
    assert fit_value(value, type_from_ast(SCHEMA, parse_type(type_))) == fitted
