"""What is selected and given, in the words of the upstream's schema."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from graphql import build_schema, type_from_ast
from graphql.language import parse_type

from connectors.contract import FieldCall, Selection, TypeNames
from connectors.graphql.encode.fit import fit_types, fit_value, restore_names
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


def test_fields_that_would_conflict_are_told_apart() -> None:
    """By a key for each type, which is taken away from the data again."""
    schema = build_schema("""
    type A { value: Int same: Int }
    type B { value: [Int] same: Int }
    union Both = A | B
    type Query { both: Both }
    """)
    selection = Selection(on=(("A", leaves("value", "same")), ("B", leaves("value", "same"))))
    fitted = fit_types(selection, schema, schema.type_map["Both"])
    assert [key for _, inner in fitted.on for key, _ in inner.fields] == [
        "apart_0_value",
        "same",
        "apart_1_value",
        "same",
    ]
    assert fitted.on[1][1].calls == (("apart_1_value", FieldCall("value", ("",))),)
    data = [{"apart_0_value": 1, "same": 2}, {"apart_1_value": [{"apart_0_a_b": 3}]}]
    assert restore_names(data) == [{"value": 1, "same": 2}, {"value": [{"a_b": 3}]}]
