"""The tree of failures: stable codes, words that may be read by anybody, and what may be repeated."""

from __future__ import annotations

import re

import pytest

from connectors import errors
from connectors.contract import Operation
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamError, UpstreamFault, UpstreamRateLimited, copy_error

GET = Operation(upstream="catalog", name="GET /products")
ORDER = Operation(upstream="catalog", name="GET /orders")
ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, UpstreamError)]


def test_each_failure_has_a_code_of_its_own() -> None:
    """Frontends tell them apart by it."""
    codes = [error.code for error in ALL]
    assert len(set(codes)) == len(codes) > 10
    assert all(re.fullmatch(r"UPSTREAM_[A-Z_]+", code) for code in codes)


@pytest.mark.parametrize("kind", ALL)
def test_details_are_in_the_log_and_not_in_public(kind: type[UpstreamError]) -> None:
    """`str(error)` names upstream, operation and detail; `public` is a sentence without them."""
    error = kind(GET, "refused by 10.0.0.7:443")
    assert str(error) == "catalog: GET /products: refused by 10.0.0.7:443"
    assert re.fullmatch(r"[A-Z][^:]*\.", error.public)
    assert "catalog" not in error.public


def test_only_what_was_surely_not_sent_may_always_be_repeated() -> None:
    """An order that was perhaps taken must not be placed twice."""
    assert [each.__name__ for each in ALL if each.was_not_sent] == ["UpstreamUnreachable"]
    assert all(each.retryable for each in ALL if each.was_not_sent)


def test_a_copy_is_the_same_failure_of_another_call() -> None:
    """With all that the upstream said, and the first one as its cause."""
    first = UpstreamRateLimited(GET, "slow down", retry_after=3.0, upstream_code="429")
    copy = copy_error(first, ORDER)
    assert type(copy) is UpstreamRateLimited
    assert (copy.operation, copy.detail, copy.retry_after, copy.upstream_code) == (ORDER, "slow down", 3.0, "429")
    assert copy.__cause__ is first


@pytest.mark.parametrize("kind", ALL)
def test_what_the_upstream_sent_can_be_read(kind: type[UpstreamError]) -> None:
    """By resolvers; a copy for another call has the same."""
    sent = ErrorReply(422, headers={"x-trace": "7"}, payload=b'{"errors": {"email": ["is taken"]}}')
    for error in (kind(GET, "HTTP 422", reply=sent), copy_error(kind(GET, "HTTP 422", reply=sent), ORDER)):
        assert (error.status, error.headers) == (422, {"x-trace": "7"})
        assert error.body == {"errors": {"email": ["is taken"]}}
        assert [each.field for each in error.violations] == ["email"]
        assert "taken" not in str(error)
    silent = kind(GET, "refused")
    assert (silent.status, silent.body, silent.details, dict(silent.headers)) == (None, None, (), {})


def test_a_fault_keeps_its_detail() -> None:
    """For logs and fallbacks."""
    fault = UpstreamFault(GET, "no stock", upstream_code="s:Server", fault_detail="<at>7</at>")
    assert (fault.upstream_code, fault.fault_detail, fault.code) == ("s:Server", "<at>7</at>", "UPSTREAM_FAULT")
    copy = copy_error(fault, ORDER)
    assert isinstance(copy, UpstreamFault)
    assert (copy.fault_detail, copy.operation) == ("<at>7</at>", ORDER)
