"""Which frontend a request is for."""

from __future__ import annotations

from typing import Any

import pytest

from bff.contract import Refused
from bff.frontends.choice import Choice
from bff.frontends.options import Options


def choice(**frontends: Any) -> Choice:
    return Choice({name: Options.model_validate({"schema": "s", **options}) for name, options in frontends.items()})


SHOP = choice(
    web={"default": True},
    mobile={"match": {"header": {"X-Client": "mobile"}, "host": ["m.Shop.example"]}},
    partner={"match": {"api_key": {"keys": ["p"]}, "host": ["partner.example"]}},
)


@pytest.mark.parametrize(
    ("headers", "fixed", "name"),
    [
        ({}, None, "web"),
        ({}, "mobile", "mobile"),
        ({"x-client": "mobile"}, None, "mobile"),
        ({"x-client": "mobile"}, "web", "web"),
        ({"x-client": "other"}, None, "web"),
        ({"host": "m.shop.example:8080"}, None, "mobile"),
        ({"host": "M.SHOP.EXAMPLE"}, None, "mobile"),
        ({"x-api-key": "p"}, None, "partner"),
        ({"x-api-key": "wrong"}, None, "web"),
        ({"host": "partner.example"}, None, "partner"),
        ({"host": "partner.example", "x-api-key": "wrong"}, None, "web"),
    ],
)
def test_a_request_is_for_one_frontend(headers: dict[str, str], fixed: str | None, name: str) -> None:
    """By its path before all else, then by what fits first, then the default."""
    assert SHOP.choose(headers, fixed) == name


def test_choosing_refuses_no_caller() -> None:
    """A frontend with keys is chosen without one, too: its policies refuse the caller."""
    assert SHOP.choose({}, "partner") == "partner"
    assert choice(partner={"default": True, "match": {"api_key": {"keys": ["p"]}}}).choose({}, None) == "partner"


@pytest.mark.parametrize(("fixed", "said"), [("tablet", "there is web, mobile, partner"), ("", 'no frontend ""')])
def test_a_path_that_names_none(fixed: str, said: str) -> None:
    """Is told which there are."""
    with pytest.raises(Refused, match=said) as refused:
        SHOP.choose({}, fixed)
    assert (refused.value.code, refused.value.status) == ("UNKNOWN_FRONTEND", 404)


def test_none_fits() -> None:
    """Without a default; the message shows a path that would do."""
    with pytest.raises(Refused, match="such as /graphql/mobile"):
        choice(mobile={"match": {"header": {"x-client": "mobile"}}}).choose({}, None)
    with pytest.raises(Refused, match="such as /graphql/NAME"):
        choice().choose({}, None)
