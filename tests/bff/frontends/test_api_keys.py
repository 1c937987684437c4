"""Keys and the callers they belong to."""

from __future__ import annotations

import hmac

import pytest

from bff.frontends import api_keys
from bff.frontends.api_keys import ApiKeys
from bff.frontends.options import ApiKey

KEYS = ApiKeys(ApiKey.model_validate({"header": "X-Key", "keys": ["one", "zwei", "trois"]}))


@pytest.mark.parametrize(("key", "caller"), [("one", "key-1"), ("zwei", "key-2"), ("trois", "key-3")])
def test_each_key_is_a_caller(key: str, caller: str) -> None:
    """Known by the place of the key, and never by the key itself."""
    found = KEYS.find_caller({"x-key": key})
    assert found is not None
    assert (found.kind, found.id, found.proof) == ("api_key", caller, "x-key")
    assert key not in repr(found).replace("anonymous", "").replace("None", "")


@pytest.mark.parametrize("headers", [{}, {"x-key": ""}, {"x-key": "One"}, {"x-key": "one "}, {"x-api-key": "one"}])
def test_what_is_no_key(headers: dict[str, str]) -> None:
    """Finds nobody; nor does the right one in another header."""
    assert KEYS.find_caller(headers) is None


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after one was found, so that the time tells nothing."""
    compared: list[bytes] = []

    class Watched:
        @staticmethod
        def compare_digest(one: bytes, other: bytes) -> bool:
            compared.append(other)
            return hmac.compare_digest(one, other)

    monkeypatch.setattr(api_keys, "hmac", Watched)
    for key in ("one", "none", "trois"):
        compared.clear()
        KEYS.find_caller({"x-key": key})
        assert compared == [b"one", b"zwei", b"trois"]
