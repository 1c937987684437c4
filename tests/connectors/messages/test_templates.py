"""Templates of nested data."""

import pytest

from connectors.errors import DefinitionError
from connectors.messages.templates import Placeholder, Template, find_batched_parameter, parse_text


def test_a_lone_placeholder_takes_the_value_as_it_is() -> None:
    """Numbers stay numbers, lists stay lists."""
    template = Template({"ids": "{ids}", "nested": [{"first": "{first}"}, 7]})
    assert template.fill({"ids": [1, 2], "first": 20}) == {"ids": [1, 2], "nested": [{"first": 20}, 7]}


def test_a_placeholder_in_a_text_is_filled_as_text() -> None:
    """Everything around it stays."""
    assert Template("{a}-{b}/{a}").fill({"a": 1, "b": True}) == "1-true/1"


def test_parameters_are_listed_in_order_with_their_need() -> None:
    """One required use makes a parameter required."""
    template = Template({"x": "{b}", "y": ["{a?}", "{c?}"], "z": "t {c}"})
    assert list(template.parameters.items()) == [("b", True), ("a", False), ("c", True)]


def test_constants_stay_and_doubled_braces_are_braces() -> None:
    """Text, numbers, None and booleans that hold no placeholder."""
    constants = {"op": "sub", "n": 1.5, "none": None, "flag": True, 3: "three"}
    assert Template(constants).fill({}) == constants
    assert Template("{{sku}} {sku}}}").fill({"sku": "A"}) == "{sku} A}"


def test_an_optional_parameter_left_out_leaves_no_entry() -> None:
    """An absent value is no null."""
    template = Template({"a": "{a?}", "b": ["{a?}", "{b}"], "c": ["{a?}"], "t": "x{a?}"})
    assert template.fill({"b": 1}) == {"b": [1], "c": []}
    assert Template("{a?}").fill({}) is None


def test_none_given_is_none() -> None:
    """A null on purpose stays, and is never the text "None"."""
    assert Template({"a": "{a}", "t": "x{a}"}).fill({"a": None}) == {"a": None, "t": None}


def test_filling_never_shares_containers() -> None:
    """Who changes one filled message changes no other."""
    template = Template({"list": ["{a}"], "dict": {}})
    first = template.fill({"a": 1})
    first["list"].append(2)
    first["dict"]["x"] = 1
    assert template.fill({"a": 1}) == {"list": [1], "dict": {}}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ({"skus": "{sku}"}, {"skus": ["A", "B"]}),
        ({"skus": ["{sku}"]}, {"skus": ["A", "B"]}),
        (
            {"items": [{"sku": "{sku}", "in": "{cur}"}]},
            {"items": [{"sku": "A", "in": "EUR"}, {"sku": "B", "in": "EUR"}]},
        ),
        ({"names": ["prices/{sku}"]}, {"names": ["prices/A", "prices/B"]}),
        ({"where": [{"any": ["{sku}"]}]}, {"where": [{"any": ["A", "B"]}]}),
        (["subscribe", "{sku}"], ["subscribe", ["A", "B"]]),
        ({"skus": "{sku}", "fixed": ["{cur}"]}, {"skus": ["A", "B"], "fixed": ["EUR"]}),
    ],
)
def test_the_batched_parameter_becomes_a_list(template, filled) -> None:
    """The nearest list of one element is repeated; a lone placeholder is the list itself."""
    assert Template(template, many="sku").fill({"cur": "EUR"}, ("A", "B")) == filled


@pytest.mark.parametrize("text", ["{", "a}", "{a", "{a b}", "{}", "{1a}", "{a}}"])
def test_unbalanced_braces_are_explained(text: str) -> None:
    """The message shows the text and the way out."""
    with pytest.raises(DefinitionError, match="for a parameter and") as caught:
        Template({"x": text})
    assert repr(text) in str(caught.value)
    assert "test_templates.py" in str(caught.value)


def test_a_key_list_does_not_fit_into_one_text() -> None:
    """`sku:{sku}` outside of a list has no meaning for many keys."""
    with pytest.raises(DefinitionError, match="one text per key"):
        Template({"q": "sku:{sku}"}, many="sku")


def test_entry_names_take_no_parameters() -> None:
    """A dict's keys are constant."""
    with pytest.raises(DefinitionError, match="only values can"):
        Template({"{sku}": 1})


def test_the_batched_parameter_must_be_clear() -> None:
    """One placeholder, or the author says which."""
    assert find_batched_parameter(Template({"skus": "{sku}"})) == "sku"
    assert find_batched_parameter(Template({"skus": "{sku}", "in": "{cur}"}), "sku") == "sku"
    with pytest.raises(DefinitionError, match="which one is collected"):
        find_batched_parameter(Template({"skus": "{sku}", "in": "{cur}"}))
    with pytest.raises(DefinitionError, match="no placeholder"):
        find_batched_parameter(Template({"skus": []}))
    with pytest.raises(DefinitionError, match="is not in `many`"):
        find_batched_parameter(Template({"skus": "{sku}"}), "suk")


def test_texts_are_parsed_into_parts() -> None:
    """URL templates and topics use the same grammar."""
    assert parse_text("/a/{id}{{x}}{q?}") == ("/a/", Placeholder("id"), "{x}", Placeholder("q", is_required=False))
    assert parse_text("") == ("",)


def test_whether_the_author_alone_decides_on_the_form() -> None:
    """Not where a parameter is an object, a list, null or left out; keys of a batch are plain."""
    template = Template({"a": "{a?}", "ids": ["{id}"]}, many="id")
    assert template.is_given_plainly({"a": "x"})
    for value in ({}, {"b": 1}, [1], None):
        assert not template.is_given_plainly({"a": value})
    assert not template.is_given_plainly({})
    assert not Template("{message}").is_given_plainly({"message": "x"})
