"""URL templates: what they become, what can never leave its place, and what is refused when written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.errors import DefinitionError
from connectors.rest.encode.url import UrlTemplate, add_query


class Category(Enum):
    TOYS = "toys & games"


@pytest.mark.parametrize(
    ("template", "arguments", "url"),
    [
        ("/products", {}, "/products"),
        ("/", {}, "/"),
        ("/products/{id}", {"id": 7}, "/products/7"),
        ("/products/{id}/", {"id": 7}, "/products/7/"),
        ("/a/{x}-{y}.json", {"x": 1, "y": "b c"}, "/a/1-b%20c.json"),
        ("/tags/{ids}", {"ids": ["a", "b,c"]}, "/tags/a,b%2Cc"),
        ("/p?category={category}&limit={first}", {"category": "toys", "first": 20}, "/p?category=toys&limit=20"),
        ("/p?category={category}&limit={first}", {"first": 20}, "/p?limit=20"),
        ("/p?category={category}", {"category": None}, "/p"),
        ("/p?category={category?}", {}, "/p"),
        ("/p?id={id}", {"id": [1, 2]}, "/p?id=1&id=2"),
        ("/p?id={id}", {"id": []}, "/p"),
        ("/p?id={id:comma}", {"id": [1, "2,3"]}, "/p?id=1,2%2C3"),
        ("/p?filter=id:{id}&v=2", {"id": [1, 2]}, "/p?filter=id:1&filter=id:2&v=2"),
        ("/p?ids[]={id}", {"id": [1, 2]}, "/p?ids%5B%5D=1&ids%5B%5D=2"),
        ("/p?q={q}", {"q": "a&b=c #?/+%é"}, "/p?q=a%26b%3Dc%20%23%3F%2F%2B%25%C3%A9"),
        ("/p?q={q}", {"q": ""}, "/p?q="),
        ("/p?flag", {}, "/p?flag"),
        ("/p?on={on}", {"on": True}, "/p?on=true"),
        ("/p?c={c}", {"c": Category.TOYS}, "/p?c=toys%20%26%20games"),
        ("/p?d={d}&n={n}", {"d": date(2026, 1, 2), "n": Decimal("1.50")}, "/p?d=2026-01-02&n=1.50"),
        ("/files/{+path}", {"path": "docs/a b/c.txt"}, "/files/docs/a%20b/c.txt"),
        ("/files/{path:segments}", {"path": "docs/ä?#%2F"}, "/files/docs/%C3%A4%3F%23%252F"),
        ("/files/{path:path}/raw", {"path": ["a/b", "c"]}, "/files/a%2Fb/c/raw"),
        ("/repos/{owner}/v{+path}.zip", {"owner": "o/p", "path": "x/y"}, "/repos/o%2Fp/vx/y.zip"),
        ("/m;id={id}/x", {"id": [1, 2]}, "/m;id=1,2/x"),
        ("/p?id={id:space}", {"id": [1, 2]}, "/p?id=1%202"),
        ("/p?id={id:pipe}", {"id": ["a|b", 2]}, "/p?id=a%7Cb%7C2"),
        ("/p?id={id:pipe}", {"id": []}, "/p"),
        (
            "/p?f={f:deep}",
            {"f": {"a": 1, "b": {"c": "x&y"}, "d": [1, 2], "e": None}},
            "/p?f%5Ba%5D=1&f%5Bb%5D%5Bc%5D=x%26y&f%5Bd%5D=1&f%5Bd%5D=2",
        ),
        ("/p?f={f:deep}&v=1", {"f": None}, "/p?v=1"),
        ("/p?{f*}&v=1", {"f": {"a": 1, "b c": ["x", "y"], "d": {"e": "&"}}}, "/p?a=1&b%20c=x&b%20c=y&d%5Be%5D=%26&v=1"),
        ("/p?{f*}", {}, "/p"),
        (
            "/p?f={f:json}",
            {"f": {"a": [1, None], "b": "ä&"}},
            "/p?f=%7B%22a%22%3A%5B1%2Cnull%5D%2C%22b%22%3A%22%C3%A4%26%22%7D",
        ),
        ("/p?f={f:json}", {"f": None}, "/p"),
        ("/caf%C3%A9/{id}", {"id": 1}, "/caf%C3%A9/1"),
        ("/café", {}, "/caf%C3%A9"),
    ],
)
def test_a_template_is_filled(template: str, arguments: dict[str, Any], url: str) -> None:
    """Each row is one rule of the template language."""
    assert UrlTemplate(template).fill(arguments) == url


@pytest.mark.parametrize("value", ["", ".", "..", None, [], [""], ["", "a"]])
def test_a_path_value_cannot_name_another_resource(value: Any) -> None:
    """An empty value would ask for the list, dots for a parent: both are refused."""
    with pytest.raises(ValueError, match="path"):
        UrlTemplate("/products/{id}").fill({"id": value})


def test_two_values_cannot_become_dots_together() -> None:
    """Each alone is harmless."""
    with pytest.raises(ValueError, match="segment"):
        UrlTemplate("/products/{a}{b}").fill({"a": ".", "b": "."})


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@example("../admin")
@example("..\\admin")
@example("a?admin=1#x")
@example("%2e%2e%2fadmin")
@example("a\r\nx: y")
@example("..;/admin")
def test_no_value_leaves_its_segment(value: str) -> None:
    """Whatever a user sends as an id, the request is for one thing below /products, and the id is the one he sent."""
    template = UrlTemplate("/products/{id}/price")
    try:
        url = template.fill({"id": value})
    except ValueError:
        assert value in (".", "..")
        return
    parts = urlsplit(url)
    assert (parts.query, parts.fragment) == ("", "")
    assert url.isascii()
    assert url.isprintable()
    _, first, segment, last = parts.path.split("/")
    assert (first, unquote(segment), last) == ("products", value, "price")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("a&admin=1")
def test_no_value_leaves_its_query_pair(value: str) -> None:
    """No further parameter can be added."""
    query = urlsplit(UrlTemplate("/p?q={q}&end=1").fill({"q": value})).query
    assert [unquote(pair) for pair in query.split("&")] == [f"q={value}", "end=1"]


def test_parameters_of_the_path_are_required() -> None:
    """Those of the query are not; one in both is."""
    assert UrlTemplate("/p/{id}?lang={lang}&id={id}").parameters == {"id": True, "lang": False}


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("/products/{id", "no partner"),
        ("/products/id}", "no partner"),
        ("/products/{{id}}", "no partner"),
        ("/products/{}", "not the name"),
        ("/products/{a b}", "not the name"),
        ("/products?id={id:commas}", "{id:comma}"),
        ("/products/{id:comma}", "remove :comma"),
        ("/products?{name}=1", "only values"),
        ("products/{id}", "does not start with a slash"),
        ("", "does not start with a slash"),
        ("http://host/products", "bff.yaml"),
        ("/products#top", "fragment"),
        ("/products/../admin", "resolved before a request is sent"),
        ("/p/{a:space}", "is not an option of a path"),
        ("/p?a={+a}", '"{+a}" is not an option of a query'),
        ("/p?a={a:segments}", "{+a}"),
        ("/p?a={a:tsv}", "one of {a:comma}, {a:space}, {a:pipe}, {a:json}, {a:deep}"),
        ("/p/{+a:path}", "has two styles"),
        ("/p?a=x{a:deep}", "write it alone"),
    ],
)
def test_a_template_that_cannot_work_is_refused(template: str, hint: str) -> None:
    """When it is written, with the author's line and what to do."""
    with pytest.raises(DefinitionError, match=r"test_url\.py:") as caught:
        UrlTemplate(template)
    assert hint in str(caught.value)


@pytest.mark.parametrize("value", ["", "/a", "a/", "a//b", "..", "a/../b", ".", "./a", ["a", ".."], [], None])
def test_a_value_of_several_segments_cannot_name_another_resource(value: Any) -> None:
    """Nor leave what stands before it."""
    with pytest.raises(ValueError, match="path"):
        UrlTemplate("/files/{+path}").fill({"path": value})


@pytest.mark.parametrize("value", [7, "text", [1]])
def test_a_deep_object_is_a_mapping(value: Any) -> None:
    """Another value is refused, and nothing is sent."""
    with pytest.raises(ValueError, match="must be a mapping"):
        UrlTemplate("/p?f={f:deep}").fill({"f": value})


@given(st.text())
def test_no_value_of_segments_leaves_its_place(value: str) -> None:
    """Whatever is in it: a path below /files/, and no query."""
    try:
        url = UrlTemplate("/files/{+path}?v=1").fill({"path": value})
    except ValueError:
        return
    parts = urlsplit(url)
    assert (parts.query, parts.fragment) == ("v=1", "")
    assert [unquote(each) for each in parts.path.split("/")] == ["", "files", *value.split("/")]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a/b", "http://a/b?k=1%202&l="),
        ("http://a/b?", "http://a/b?k=1%202&l="),
        ("http://a/b?x=1", "http://a/b?x=1&k=1%202&l="),
        ("http://a/b?%6B=7&l=8", "http://a/b?%6B=7&l=8"),
    ],
)
def test_parameters_of_every_request_are_added_once(url: str, expected: str) -> None:
    """A URL that has one of them keeps its own."""
    assert add_query(url, {"k": "1 2", "l": ""}) == expected
