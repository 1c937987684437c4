"""Several identity providers of one frontend: their order, what is missing, and what is not valid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bff.contract import ANONYMOUS, Caller, Refused, Request
from bff.identity.chain import IdentityChain
from bff.identity.provider import MISSING, UNKNOWN, Found, InvalidCredential

ADA, BOB = Caller(kind="jwt", id="ada"), Caller(kind="api_key", id="bob")


@dataclass
class Fake:
    """Finds callers by the header of its name: those it knows at once, and those it needs a while for."""

    name: str
    known: dict[str, Caller] = field(default_factory=dict)
    slow: dict[str, Caller | InvalidCredential] = field(default_factory=dict)

    @property
    def headers(self) -> frozenset[str]:
        return frozenset({self.name})

    @property
    def advice(self) -> str:
        return f"a {self.name}"

    def challenge(self, problem: str = "") -> str:
        return f'{self.name} error="{problem}"' if problem else self.name

    def find(self, head: Request) -> Found:
        value = head.headers.get(self.name)
        return MISSING if value is None else self.known.get(value, UNKNOWN)

    async def identify(self, head: Request) -> Caller:
        found = self.slow.get(head.headers[self.name], InvalidCredential("unknown"))
        if isinstance(found, InvalidCredential):
            raise found
        return found

    async def open(self) -> None: ...

    async def close(self) -> None: ...


def request(**headers: str) -> Request:
    return Request(frontend="web", headers=headers)


TOKENS = Fake("token", {"a": ADA}, {"slow": ADA, "other": InvalidCredential("foreign", is_foreign=True)})
KEYS = Fake("key", {"b": BOB}, {"old": InvalidCredential("has expired", is_expired=True)})
CHAIN = IdentityChain([TOKENS, KEYS])


async def find(chain: IdentityChain, head: Request) -> Any:
    """As the policy does."""
    return chain.find(head) or await chain.identify(head)


async def test_the_first_credential_counts() -> None:
    """In the order of the providers."""
    assert await find(CHAIN, request(token="a")) is ADA
    assert await find(CHAIN, request(key="b")) is BOB
    assert await find(CHAIN, request(key="b", token="a")) is ADA
    assert await find(CHAIN, request(key="b", token="slow")) is ADA


@pytest.mark.parametrize(
    ("headers", "code", "challenge"),
    [
        ({}, "UNAUTHENTICATED", "token, key"),
        ({"token": "wrong"}, "INVALID_CREDENTIAL", 'token error="unknown"'),
        ({"token": "wrong", "key": "b"}, "INVALID_CREDENTIAL", 'token error="unknown"'),
        ({"token": "other"}, "INVALID_CREDENTIAL", 'token error="foreign"'),
        ({"key": "old"}, "CREDENTIAL_EXPIRED", 'key error="has expired"'),
        ({"token": "other", "key": "old"}, "CREDENTIAL_EXPIRED", 'key error="has expired"'),
    ],
)
@pytest.mark.parametrize("allows_anonymous", [False, True])
async def test_what_is_refused(headers: dict[str, str], code: str, challenge: str, allows_anonymous: bool) -> None:
    """A credential at fault is never taken for none, also where none would do."""
    chain = IdentityChain([TOKENS, KEYS], allows_anonymous=allows_anonymous)
    if not headers and allows_anonymous:
        assert await find(chain, request()) is ANONYMOUS
        return
    with pytest.raises(Refused) as refused:
        await find(chain, request(**headers))
    assert (refused.value.code, refused.value.status) == (code, 401)
    assert refused.value.headers["www-authenticate"] == challenge


async def test_a_foreign_credential_is_left_to_the_next_provider() -> None:
    """Which may know it."""
    assert await find(CHAIN, request(token="other", key="b")) is BOB


def test_the_advice_names_all() -> None:
    """So that a client knows what it may send."""
    with pytest.raises(Refused, match="This frontend needs a token, or a key"):
        CHAIN.find(request())
    assert CHAIN.headers == {"token", "key"}
