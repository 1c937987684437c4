"""What bff.yaml may say of pages of other sites."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bff.frontends.options import Options


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
