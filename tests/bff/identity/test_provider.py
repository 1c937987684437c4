"""What an identity provider is."""

from __future__ import annotations

import pytest

from bff.frontends.api_keys import ApiKeys
from bff.frontends.options import ApiKey
from bff.identity.api_keys import ApiKeyProvider
from bff.identity.jwt import JwtProvider
from bff.identity.options import ApiKeys as ApiKeyOptions
from bff.identity.options import Jwt
from bff.identity.provider import IdentityProvider, InvalidCredential

PROVIDERS: list[IdentityProvider] = [
    ApiKeys(ApiKey.model_validate({"keys": ["k"]})),
    ApiKeyProvider("partners", ApiKeyOptions.model_validate({"keys": [{"caller": "a", "key": "k" * 20}]})),
    JwtProvider(
        "customers",
        Jwt.model_validate({"algorithms": ["HS256"], "secret": "s" * 32, "issuers": ["x"], "audiences": ["y"]}),
    ),
]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.name)
async def test_each_provider_says_what_it_needs(provider: IdentityProvider) -> None:
    """In a sentence, as a challenge that is one line, and as headers in lower case."""
    assert provider.advice.startswith("a ")
    assert all(name == name.lower() for name in provider.headers)
    for challenge in (provider.challenge(), provider.challenge("The token has expired.")):
        assert challenge.split()[0].isalpha()
        assert "\n" not in challenge
    await provider.open()
    await provider.close()


def test_a_credential_at_fault() -> None:
    """Is final, unless another provider may know it."""
    assert not InvalidCredential("x").is_foreign
    assert InvalidCredential("x", is_foreign=True).is_foreign
    assert InvalidCredential("x", is_expired=True).is_expired
