"""From bytes to parameters: every mistake has a code and a place, and nothing else is ever raised."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.contract import Refused
from bff.http.requests.params import Params, check_media_type, read_json, read_map, read_url

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["query", "variables", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


def refusal(work, *arguments) -> Refused:
    """What it refuses with."""
    with pytest.raises(Refused) as caught:
        work(*arguments)
    return caught.value


def outcome(work, argument) -> int:
    """The status it leads to."""
    try:
        work(argument)
    except Refused as refused:
        return refused.status
    return 200


def test_a_mistake_in_json_has_its_place() -> None:
    """The byte where reading stopped."""
    assert "byte 10" in refusal(read_json, b'{"query": x}').message


def test_a_mistake_in_utf8_has_its_place() -> None:
    """The byte that does not fit."""
    refused = refusal(read_json, b'{"query": "\xff"}')
    assert (refused.code, "byte 11" in refused.message) == ("INVALID_UTF8", True)


@pytest.mark.parametrize(
    "body", [b'{"query": "\\ud800"}', b'{"query": NaN}', b'{"query": 1e999}', b'{"query": "a\nb"}', b"\xef\xbb\xbf"]
)
def test_what_json_does_not_allow(body: bytes) -> None:
    """Lone surrogates, NaN, endless numbers, raw newlines, a byte order mark."""
    assert refusal(read_json, body).code == "INVALID_JSON"


def test_big_integers_stay_exact() -> None:
    """A custom scalar may want every digit."""
    digits = "1234567890" * 10
    params = read_json(f'{{"query": "q", "variables": {{"n": {digits}}}}}'.encode())
    assert isinstance(params, Params)
    assert params.variables == {"n": int(digits)}


def test_unknown_parameters_are_ignored() -> None:
    """The specification may grow (GraphQL over HTTP, JSON Encoding)."""
    assert read_map({"query": "q", "later": 1, "extensions": {"a": 1}}).query == "q"


def test_empty_and_null_are_nothing() -> None:
    """Not an operation named "", and no variables."""
    params = read_map({"query": "q", "operationName": "", "variables": None, "extensions": None})
    assert (params.operation_name, params.variables) == (None, {})
    assert read_url(b"query=q&operationName=&variables=&extensions=") == params


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"documentId": "a"}, "a"),
        ({"doc_id": "a"}, "a"),
        ({"id": "a", "query": None}, "a"),
        ({"id": "a", "documentId": "b"}, "b"),
        ({"id": 7, "query": "q"}, None),
        ({"extensions": {"persistedQuery": {}}}, None),
    ],
)
def test_a_request_may_name_its_document(data: dict[str, object], named: str | None) -> None:
    """In the words of GraphQL over HTTP, of Relay and of Apollo."""
    assert read_map(data).document_id == named


@pytest.mark.parametrize("data", [{}, {"query": None}, {"id": 7}, {"documentId": ""}, {"extensions": {"other": 1}}])
def test_a_request_without_a_document(data: dict[str, object]) -> None:
    """Is told what is missing."""
    assert "`query`" in refusal(read_map, data).message


@pytest.mark.parametrize("name", ["query", "operationName", "documentId", "variables", "extensions"])
def test_every_parameter_has_its_type(name: str) -> None:
    """And the refusal names it."""
    for value in (7, True, ["x"]):
        assert f"`{name}`" in refusal(read_map, {"query": "q", name: value}).message


@pytest.mark.parametrize(
    ("content_type", "fits"),
    [
        ("application/json", True),
        ("Application/JSON ; Charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-16", False),
        ("text/plain", False),
        ("application/graphql", False),
        ("application/jsonp", False),
        ("", False),
        (None, False),
    ],
)
def test_only_json_in_utf8(content_type: str | None, fits: bool) -> None:
    """A form of another site cannot send it without being asked about."""
    if fits:
        check_media_type(content_type)
    else:
        refused = refusal(check_media_type, content_type)
        assert (refused.status, refused.headers["accept-post"]) == (415, "application/json")


@pytest.mark.parametrize(
    "query_string",
    [b"query=%FF", b"query=\xff", b"query=a&query=b", b"&".join(b"a%d=1" % each for each in range(60))],
)
def test_a_url_that_cannot_be_read(query_string: bytes) -> None:
    """Not UTF-8, not ASCII, twice the same, too many."""
    assert refusal(read_url, query_string).code == "INVALID_URL"


@given(
    query=st.text(st.characters(codec="utf-8")),
    variables=st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()),
)
def test_what_is_put_into_a_url_comes_out(query: str, variables: dict[str, int]) -> None:
    """Any text, as URLSearchParams writes it."""
    params = read_url(urlencode({"query": query, "variables": json.dumps(variables)}).encode())
    assert (params.query, params.variables) == (query, variables)


@given(st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_body_is_read_or_refused(body: bytes) -> None:
    """Never another exception."""
    assert outcome(read_json, body) in {200, 400}


@given(st.binary(max_size=100) | st.text().map(lambda text: b"query=a&variables=" + quote(text).encode()))
def test_a_url_is_read_or_refused(query_string: bytes) -> None:
    """Never another exception."""
    assert outcome(read_url, query_string) in {200, 400}
