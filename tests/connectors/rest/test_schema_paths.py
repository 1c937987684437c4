"""Which path of a description an endpoint's URL is."""

from __future__ import annotations

import pytest

from connectors.rest.encode.url import UrlTemplate
from connectors.rest.schema_document import Document
from connectors.rest.schema_paths import find_matches, list_paths, suggest_path

DOCUMENT = Document(
    {
        "openapi": "3.0.0",
        "servers": [{"url": "https://{region}.example/{version}", "variables": {"version": {"default": "v1"}}}],
        "paths": {
            each: {"get": {}}
            for each in (
                "/pets/{id}",
                "/pets/mine",
                "/pets/{id}/toys/{toy}.json",
                "/pets/{id}:feed",
                "/files/{path=**}",
                "/do?action=x",
                "/a%20b",
                "/",
            )
        },
    }
)
MATCHES = [
    ("/pets/{key}", "/pets/{id}", True),
    ("/pets/mine", "/pets/mine", True),
    ("/pets/7/toys/{t}.json", "/pets/{id}/toys/{toy}.json", True),
    ("/pets/{a}:feed", "/pets/{id}:feed", True),
    ("/files/a/b/c", "/files/{path=**}", False),
    ("/files/{+rest}", "/files/{path=**}", True),
    ("/pets/{+rest}", "/pets/{id}", True),
    ("/do?action={a}", "/do?action=x", False),
    ("/a b", "/a%20b", True),
    ("/", "/", True),
]


@pytest.mark.parametrize(("url", "expected", "is_exact"), MATCHES)
def test_the_best_match(url: str, expected: str, *, is_exact: bool) -> None:
    """The most concrete one that is certain comes first."""
    best = find_matches(list_paths(DOCUMENT), "http://h/v1", UrlTemplate(url))[0]
    assert (best.path.text, best.is_exact) == (expected, is_exact)


@pytest.mark.parametrize("url", ["/pet/{id}", "/pets/{id}/toys", "/pets/{id}/toys/{toy}.xml", "/other/{+rest}"])
def test_no_match(url: str) -> None:
    """Segments that differ are another path."""
    assert find_matches(list_paths(DOCUMENT), "http://h/v1", UrlTemplate(url)) == []


def test_suggestions() -> None:
    """The nearest path, or the first of all."""
    paths = list_paths(DOCUMENT)
    assert suggest_path(paths, UrlTemplate("/pet/{id}")) == 'did you mean "/pets/{id}"?'
    assert suggest_path(paths[:1], UrlTemplate("/qqqqqqqqqqqqq")) == "it has /pets/{id}"
