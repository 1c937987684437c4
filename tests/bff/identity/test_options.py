"""The options under `identity`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bff.identity.options import ApiKeys, Key, Provider

KEY = "k" * 20


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", datetime(2026, 12, 31, 23, 59, 59, 999999, UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC).date(), datetime(2026, 12, 31, 23, 59, 59, 999999, UTC)),
        ("2026-12-31T12:00:00Z", datetime(2026, 12, 31, 12, tzinfo=UTC)),
        ("2026-12-31T12:00:00+01:00", datetime(2026, 12, 31, 11, tzinfo=UTC)),
    ],
)
def test_when_a_key_ends(text: Any, moment: datetime) -> None:
    """A date is its last moment; YAML reads some of these as dates itself."""
    assert Key(caller="a", key=KEY, expires=text).expires == pytest.approx(moment.timestamp())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"keys": []}, "give `keys`, or a `file`"),
        ({"keys": [{"caller": "a", "key": KEY, "sha256": "0" * 64}]}, "either `key` or `sha256`"),
        ({"keys": [{"caller": "", "key": KEY}]}, "at least 1 character"),
        ({"keys": [{"caller": "a", "key": KEY, "expires": "2026-12-31T12:00"}]}, "has no offset"),
    ],
)
def test_mistakes(data: Any, message: str) -> None:
    """With what to do."""
    with pytest.raises(ValueError, match=message):
        ApiKeys.model_validate(data)


def test_a_provider_is_of_one_kind() -> None:
    """Neither none nor two."""
    keys = {"keys": [{"caller": "a", "key": KEY}]}
    assert Provider.model_validate({"api_keys": keys}).headers == {"x-api-key"}
    jwt = {"algorithms": ["HS256"], "issuers": ["x"], "any_audience": True, "secret": "s" * 32, "cookie": "token"}
    assert Provider.model_validate({"jwt": jwt}).headers == {"authorization", "cookie"}
    for data in ({}, {"api_keys": keys, "jwt": jwt}):
        with pytest.raises(ValueError, match="give one of api_keys, jwt"):
            Provider.model_validate(data)
