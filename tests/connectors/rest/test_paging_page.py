"""A page knows the parameters of its request."""

from __future__ import annotations

from connectors.rest.paging_page import Page, header


def test_parameters_are_of_the_query_or_of_the_endpoint() -> None:
    """The query first: it is what was sent."""
    page = Page("http://a/b?page=2&empty=", {"page": 1, "size": 50}, {}, [], {}, 0)
    assert (page.get_parameter("page"), page.get_parameter("size")) == ("2", 50)
    assert (page.get_parameter("empty"), page.get_parameter("absent")) == ("", None)


def test_a_page_says_something_in_itself_or_in_a_header() -> None:
    """Names of headers are equal in any case."""
    page = Page("http://a/b", {}, {"total": 7}, [], {"x-total": "8"}, 0)
    assert (page.read(("total",)), page.read(header("X-Total"))) == (7, "8")
    assert (page.read(()), page.read(header("x-other"))) == (None, None)
