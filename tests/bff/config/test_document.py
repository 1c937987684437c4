"""YAML as people mean it, places of values, variables, and documents that are no good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.config.document import MAX_SIZE, parse_document
from bff.config.problems import ConfigError


def data(text: str, **environment: str):
    document = parse_document(text, "bff.yaml", environment)
    assert document.problems == []
    return document.data


def problems(text: str, **environment: str) -> list[str]:
    try:
        return [str(each) for each in parse_document(text, "bff.yaml", environment).problems]
    except ConfigError as error:
        return [str(each) for each in error.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30", "12:30"),
        ("1:30:00", "1:30:00"),
        ("010", 10),
        ("0o10", 8),
        ("0x1f", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("2024-01-02", "2024-01-02"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.5.0", "1.5.0"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_scalars_are_read_by_yaml_1_2(text, value) -> None:
    """Country NO stays a country, and a time stays a time."""
    found = data(f"key: {text}")["key"]
    assert (found, type(found)) == (value, type(value))


def test_places_of_keys_and_values() -> None:
    """A value is where its key is; items of a list are where they are."""
    document = parse_document("a:\n  b: 1\n  c: [x,  y]\n", "bff.yaml", {})
    assert document.places[("a", "b")] == (2, 3)
    assert document.places[("a", "c", 1)] == (3, 11)


def test_aliases_are_the_value_they_stand_for() -> None:
    """Anchors save repetition."""
    assert data("a: &same {x: 1}\nb: *same") == {"a": {"x": 1}, "b": {"x": 1}}


@pytest.mark.parametrize(
    ("text", "environment", "value"),
    [
        ("${NAME}", {"NAME": "v"}, "v"),
        ("a-${NAME}-b", {"NAME": "v"}, "a-v-b"),
        ("${NAME:-d}", {}, "d"),
        ("${NAME:-d}", {"NAME": ""}, "d"),
        ("${NAME:-}", {}, ""),
        ("${NAME:-http://h:1/p}", {}, "http://h:1/p"),
        ("$${NAME}", {"NAME": "v"}, "${NAME}"),
        ("$5 and $NAME", {"NAME": "v"}, "$5 and $NAME"),
        ("${NAME}", {"NAME": "a: {b: c}\n- d"}, "a: {b: c}\n- d"),
        ("${NAME}", {"NAME": "${OTHER}", "OTHER": "no"}, "${OTHER}"),
        ("${NAME}", {"NAME": "true"}, "true"),
    ],
)
def test_variables(text, environment, value) -> None:
    """They are put in after parsing, so a value is text, whatever it holds."""
    assert data(f"key: {text}", **environment) == {"key": value}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: ${GONE}", "bff.yaml:2:1 b: the environment variable GONE is not set or empty; set it, or write ${GONE:-default}"),
        ("a: ${A", "bff.yaml:1:1 a: write a variable as ${NAME} or ${NAME:-default}, and a literal ${ as $${"),
        ("a: '${A-x}'", "bff.yaml:1:1 a: write a variable as ${NAME} or ${NAME:-default}, and a literal ${ as $${"),
        ("a: {b: ${C}}", 'bff.yaml:1:9 inside {...} and [...] a variable must be quoted: "${NAME}"'),
        ("a: 1\nb: 2\na: 3", "bff.yaml:3:1 a: this key is repeated; it is first in line 1; remove one"),
        ("a: {b: 1, b: 2}", "bff.yaml:1:11 a.b: this key is repeated; it is first in line 1; remove one"),
        ("a: !!python/object:os.system x", "bff.yaml:1:1 a: the tag !!python/object:os.system is not supported; remove it"),
        ("a: !!set {x}", "bff.yaml:1:1 a: the tag !!set is not supported; remove it"),
        ("a: !!int x", "bff.yaml:1:1 a: this value does not have its declared type int"),
        ("a: &a [*a]", "bff.yaml:1:4 this value contains itself by an alias"),
        ("x: &x {a: 1}\ny: {<<: *x}", "bff.yaml:2:5 y: a key is plain text; merge keys (<<) and complex keys are not supported"),
        ("? [a]\n: b", "bff.yaml:1:3 a key is plain text; merge keys (<<) and complex keys are not supported"),
        ("a: [1, 2", "bff.yaml:1:9 this is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a:\n\t- b", "bff.yaml:2:1 this is not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 2", "bff.yaml:2:1 this is not YAML: but found another document"),
        ("a: *b", "bff.yaml:1:4 this is not YAML: found an undefined alias; put text that begins with * in quotes"),
        ("a: 1\nb: \x07", "bff.yaml:2:4 this is not YAML: the character U+0007 is not allowed"),
    ],
)  # fmt: skip
def test_mistakes_have_their_place(text, told) -> None:
    """File, line, column, path, and what to do."""
    assert problems(text) == [told]


def test_a_few_aliases_cannot_stand_for_billions() -> None:
    """The billion laughs end after a moment, with a message."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (told,) = problems("\n".join(lines))
    assert told.endswith("aliases expand to too many values")


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " * 100_000, "{a: " * 5_000 + "1" + "}" * 5_000])
def test_deep_documents_are_refused(text) -> None:
    """No stack overflow."""
    assert len(problems(text)) == 1


def test_large_documents_are_refused() -> None:
    """A configuration is not a database."""
    assert problems("a: 1\n" * MAX_SIZE) == [f"bff.yaml:1:1 the file has more than {MAX_SIZE} characters"]


@given(st.text(max_size=60) | st.text("abc:{}[]&*!'\"\n -#|>$?,", max_size=60))
def test_whatever_is_written_is_read_or_refused(text) -> None:
    """No other exception ever comes out."""
    problems(text)


@given(st.text(max_size=30))
def test_no_value_of_a_variable_is_taken_for_yaml(value) -> None:
    """Injection is impossible, whatever the environment holds."""
    found = data("a: [1, '${V:-}']\nb: x${V:-}", V=value)
    assert found == {"a": [1, value], "b": "x" + value}
