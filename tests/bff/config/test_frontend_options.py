"""What bff.yaml may say of a frontend's manners, and what the HTTP room is told."""

from __future__ import annotations

import pytest
import strawberry
from pydantic import ValidationError

from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options


@strawberry.type
class Query:
    hello: str = "world"


def test_cors_reaches_the_card() -> None:
    """With the headers by which a frontend is chosen, because its pages send them."""
    cors = {
        "allow_origins": ["https://Shop.example", "capacitor://localhost"],
        "allow_credentials": True,
        "max_age": "1m",
    }
    match = {"header": {"X-Client": "web"}, "api_key": {"keys": ["k"]}}
    options = Options.model_validate({"schema": "s", "cors": {**cors, "allow_headers": ["X-Mine"]}, "match": match})
    card = make_frontend("web", options, strawberry.Schema(Query)).card
    assert card.origins == ("https://shop.example", "capacitor://localhost")
    assert (card.cross_origin.credentials, card.cross_origin.max_age) == (True, 60)
    assert card.cross_origin.headers == ("x-client", "x-api-key", "x-mine")
    assert card.chosen_by == ("x-client", "x-api-key")
    assert card.has_identity


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("*", "not an origin"),
        ("shop.example", "not an origin"),
        ("https://shop.example/", "not an origin"),
        ("null", "not an origin"),
        ("https://*.example", "not an origin"),
        ("https://shop.example:443", "default port"),
    ],
)
def test_what_is_no_origin(origin: str, said: str) -> None:
    """Browsers would never send it, so it is a mistake."""
    with pytest.raises(ValidationError, match=said):
        Options.model_validate({"schema": "s", "cors": {"allow_origins": [origin]}})


def test_a_header_has_a_name() -> None:
    """Or the list of them would break."""
    with pytest.raises(ValidationError, match="not the name of a header"):
        Options.model_validate({"schema": "s", "cors": {"allow_headers": ["x y"]}})
