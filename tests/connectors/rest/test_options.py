"""What bff.yaml may say about a REST upstream."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.rest.options import Options


def test_the_address_loses_its_last_slash() -> None:
    """Paths of endpoints begin with one."""
    assert Options(address="https://shop.example:8443/api/v2/").address == "https://shop.example:8443/api/v2"


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("shop.example:80", "http://"),
        ("ftp://shop.example", "http://"),
        ("http://", "http://"),
        ("http://shop.example:99999", "http://"),
        ("http://shop.example?x=1&x=s3cret", "query"),
        ("http://shop.example#x", "fragment"),
        ("http://shöp.example", "percent-encode"),
        ("http://user:s3cret@shop.example", "authorization header"),
    ],
)
def test_a_wrong_address_is_refused_with_the_next_step(address: str, hint: str) -> None:
    """And a password in it is not repeated."""
    with pytest.raises(ValidationError) as caught:
        Options(address=address)
    assert hint in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_health_path_starts_with_a_slash() -> None:
    """It is appended to the address."""
    with pytest.raises(ValidationError, match="slash"):
        Options(address="http://shop.example", health="healthz")


def test_the_query_of_the_address_is_that_of_every_request() -> None:
    """So that a key in it is a secret like the others."""
    options = Options.model_validate({"address": "http://shop.example/api/?key=s3cret&v=", "query": {"lang": "de"}})
    assert options.address == "http://shop.example/api"
    assert options.query_texts() == {"key": "s3cret", "v": "", "lang": "de"}
    assert "s3cret" not in repr(options)


def test_a_parameter_of_every_request_is_written_once() -> None:
    """In the address or in `query`."""
    with pytest.raises(ValidationError, match="twice") as caught:
        Options.model_validate({"address": "http://shop.example?key=s3cret", "query": {"key": "s3cret"}})
    assert "s3cret" not in str(caught.value)
