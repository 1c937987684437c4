"""What bff.yaml can say about policies, and which mistakes it is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bff.policies.outbound.options import Options, Retry, parse_rate
from connectors.kinds import KINDS


def test_retry_is_a_number_or_a_mapping() -> None:
    """0 is off; a variable of the environment gives text."""
    assert Options.model_validate({"retry": 2}).retry == Retry(attempts=2)
    assert Options.model_validate({"retry": "3"}).retry == Retry(attempts=3)
    assert Options.model_validate({"retry": 0}).retry is None
    own = Options.model_validate({"retry": {"attempts": 5, "initial_delay": "10ms", "max_delay": "2s"}}).retry
    assert (own.attempts, own.initial_delay, own.max_delay) == (5, 0.01, 2.0)


@pytest.mark.parametrize(("text", "per_second"), [("100/s", 100.0), ("600/m", 10.0), ("1800 / h", 0.5), ("0.5/s", 0.5)])
def test_rates(text, per_second) -> None:
    """Calls per second, minute or hour."""
    assert parse_rate(text) == per_second


@pytest.mark.parametrize("wrong", ["100", "0/s", "-1/s", "100/d", 100, None])
def test_wrong_rates(wrong) -> None:
    """The message shows how to write it."""
    with pytest.raises(ValueError, match="100/s or 600/m"):
        parse_rate(wrong)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"forward": ["content-length"]}, "belongs to a connection"),
        ({"forward": ["Host"]}, "belongs to a connection"),
        ({"forward": ["two words"]}, "not the name of a header"),
        ({"headers": {"x-a": "line\r\nbreak"}}, "characters that a header cannot have"),
        ({"headers": {"transfer-encoding": "chunked"}}, "belongs to a connection"),
        ({"timeout": "0s"}, "greater than 0"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"cache": "https"}, "'http'"),
    ],
)
def test_what_cannot_work_is_refused(given, told) -> None:
    """At start, not when the first call fails."""
    with pytest.raises(ValidationError, match=told):
        Options.model_validate(given)


def test_header_names_are_in_lower_case() -> None:
    """As everywhere inside."""
    options = Options.model_validate({"forward": ["X-Tenant"], "headers": {"X-Key": "k"}})
    assert options.forward == ("x-tenant",)
    assert list(options.headers) == ["x-key"]


def test_no_policy_is_named_like_a_kind() -> None:
    """`queue: memory://` is an address."""
    assert not Options.model_fields.keys() & set(KINDS)
