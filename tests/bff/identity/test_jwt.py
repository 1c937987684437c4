"""Tokens: what proves a caller, and everything that does not."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from bff.contract import Caller, Refused, Request
from bff.identity.jwt import JwtProvider
from bff.identity.options import Jwt
from bff.identity.provider import MISSING, UNKNOWN, InvalidCredential
from tests.bff.identity.issuer import NAME, Issuer, make_key

ISSUER = Issuer(make_key("RS256", "rsa"))
STRANGER = make_key("RS256", "rsa")
ALGORITHMS = ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


@asynccontextmanager
async def provider(now: Any = time.time, **options: Any) -> AsyncIterator[JwtProvider]:
    """One that reads ISSUER's keys over a real socket."""
    async with ISSUER.serving() as url:
        values = {
            "algorithms": ["RS256"],
            "issuers": [NAME],
            "audiences": ["shop"],
            "jwks": {"url": f"{url}/jwks", "prefetch": False},
        } | options
        made = JwtProvider("customers", Jwt.model_validate(values), now=now)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


def bearing(token: str, **headers: str) -> Request:
    return Request(frontend="web", headers={"authorization": f"Bearer {token}", **headers})


async def identify(of: JwtProvider, request: Request) -> Caller:
    assert of.find(request) is UNKNOWN
    return await of.identify(request)


async def test_a_token_names_its_caller() -> None:
    """With all that is said of it."""
    async with provider(plan_claim="tier", roles_claim="realm_access.roles") as customers:
        token = ISSUER.sign(scope="read write", realm_access={"roles": ["clerk"]}, tier="gold")
        caller = await identify(customers, bearing(token))
        assert (caller.kind, caller.id, caller.issuer, caller.plan) == ("jwt", "ada", NAME, "gold")
        assert caller.scopes == {"read", "write"}
        assert caller.roles == {"clerk"}
        assert caller.claims["tier"] == "gold"
        assert "realm_access" not in repr(caller)
        assert customers.find(bearing(token)) is caller


async def test_a_token_is_verified_once() -> None:
    """Then it is remembered until it ends, and the issuer is not asked again."""
    now = time.time()
    async with provider(now=lambda: now) as customers:
        ISSUER.fetches.clear()
        token = ISSUER.sign(exp=int(now) + 100)
        caller = await identify(customers, bearing(token))
        now += 158
        assert customers.find(bearing(token)) is caller
        now += 3  # over the skew of 60 s
        assert customers.find(bearing(token)) is UNKNOWN
        with pytest.raises(InvalidCredential, match="expired") as invalid:
            await customers.identify(bearing(token))
        assert invalid.value.is_expired
        assert ISSUER.fetches == ["/jwks"]


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_each_algorithm(alg: str) -> None:
    """With a key of its type; a good signature of another algorithm is none."""
    ISSUER.keys["other"] = make_key(alg, "other")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # EdDSA, which issuers still write
            token = ISSUER.sign("other", alg=alg)
        async with provider(algorithms=[alg]) as customers:
            assert (await identify(customers, bearing(token))).id == "ada"
            if alg != "RS256":
                with pytest.raises(InvalidCredential, match="algorithm"):
                    await identify(customers, bearing(ISSUER.sign("rsa")))
    finally:
        del ISSUER.keys["other"]


async def test_a_shared_secret() -> None:
    """For HS256, and one of another length or text is none."""
    secret = "s" * 32
    values = {"algorithms": ["HS256"], "secret": secret, "issuers": [NAME], "audiences": ["shop"]}
    made = JwtProvider("x", Jwt.model_validate(values))
    assert (await identify(made, bearing(ISSUER.sign(None, alg="HS256", key=OctKey.import_key(secret))))).id == "ada"
    with pytest.raises(InvalidCredential, match="signature"):
        await identify(made, bearing(ISSUER.sign(None, alg="HS256", key=OctKey.import_key("x" * 32))))


def tampered(token: str, **claims: Any) -> str:
    head, body, signature = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(body + "=="))
    return ".".join([head, encode({**data, **claims}), signature])


def encode(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def claims() -> dict[str, Any]:
    return {"iss": NAME, "aud": "shop", "sub": "eve", "exp": int(time.time()) + 300}


def unsigned(alg: str) -> str:
    return f"{encode({'alg': alg, 'kid': 'rsa'})}.{encode(claims())}."


def confused() -> str:
    """Signed by HS256 with the public key as the secret."""
    text = f"{encode({'alg': 'HS256', 'kid': 'rsa'})}.{encode(claims())}"
    signature = hmac.digest(ISSUER.keys["rsa"].as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


BAD: dict[str, tuple[Any, str]] = {
    "tampered": (lambda: tampered(ISSUER.sign(), sub="eve"), "signature"),
    "none": (lambda: unsigned("none"), "algorithm"),
    "None": (lambda: unsigned("None"), "algorithm"),
    "unsigned": (lambda: unsigned("RS256"), "signature"),
    "a public key as a secret": (confused, "algorithm"),
    "another's key under the same id": (lambda: ISSUER.sign(key=STRANGER), "signature"),
    "another audience": (lambda: ISSUER.sign(aud="bank"), "audience"),
    "no audience": (lambda: ISSUER.sign(aud=None), "audience"),
    "expired": (lambda: ISSUER.sign(exp=int(time.time()) - 61), "expired"),
    "no end": (lambda: ISSUER.sign(exp=None), "no exp"),
    "an end that is a text": (lambda: ISSUER.sign(exp="2099"), "no number"),
    "not yet": (lambda: ISSUER.sign(nbf=int(time.time()) + 120), "not valid yet"),
    "from the future": (lambda: ISSUER.sign(iat=int(time.time()) + 120), "not valid yet"),
    "an unknown key": (lambda: ISSUER.sign("new", key=STRANGER), "signature"),
    "two parts": (lambda: "abc.def", "no JSON Web Token"),
    "no base64": (lambda: "%%.%%.%%", "no JSON Web Token"),
    "no JSON": (lambda: "YQ.YQ.YQ", "no JSON Web Token"),
    "a list": (lambda: "W10.W10.YQ", "no JSON Web Token"),
    "empty": (lambda: "", "no JSON Web Token"),
    "deep": (lambda: f"{encode({'alg': 'RS256'})}.{base64.urlsafe_b64encode(b'[' * 3000).decode()}.YQ", "no JSON Web"),
    "huge": (lambda: "x" * 9000, "too large"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_is_no_proof(kind: str) -> None:
    """Each is refused, with what is wrong and nothing of the token; and again the next time."""
    make, message = BAD[kind]
    async with provider() as customers:
        token = make()
        for _ in range(2):
            with pytest.raises(InvalidCredential, match=message) as invalid:
                await identify(customers, bearing(token))
            assert not token or token not in str(invalid.value)


@pytest.mark.parametrize(("typ", "is_good"), [("JWT", True), ("at+jwt", True), ("logout+jwt", False), ("x", False)])
async def test_only_access_tokens_are_proof(typ: str, is_good: bool) -> None:
    """By their type, where they have one (RFC 8725, section 3.11)."""
    token = jwt.encode({"alg": "RS256", "kid": "rsa", "typ": typ}, claims(), ISSUER.keys["rsa"])
    async with provider() as customers:
        if is_good:
            assert (await identify(customers, bearing(token))).id == "eve"
        else:
            with pytest.raises(InvalidCredential, match="access token"):
                await identify(customers, bearing(token))


async def test_a_token_of_another_issuer_is_left_to_the_next_provider() -> None:
    """Before its signature is looked at."""
    async with provider() as customers:
        with pytest.raises(InvalidCredential) as invalid:
            await identify(customers, bearing(ISSUER.sign(iss="https://other.example")))
        assert invalid.value.is_foreign


async def test_a_token_that_lives_too_long() -> None:
    """Where a maximum is set."""
    async with provider(max_lifetime="1m") as customers:
        with pytest.raises(InvalidCredential, match="longer"):
            await identify(customers, bearing(ISSUER.sign()))


async def test_where_a_token_may_be() -> None:
    """In a cookie or another header by choice; other schemes of `authorization` are others' affair."""
    token = ISSUER.sign()
    async with provider(cookie="token") as customers:
        assert customers.find(Request(frontend="web", headers={"authorization": "Basic YTpi"})) is MISSING
        assert customers.find(Request(frontend="web")) is MISSING
        for headers in ({"cookie": f"a=b; token={token}; c=d"}, {"authorization": f"bearer  {token}"}):
            assert (await customers.identify(Request(frontend="web", headers=headers))).id == "ada"
    async with provider(header="X-Token") as customers:
        assert customers.find(bearing(token)) is MISSING
        assert (await identify(customers, Request(frontend="web", headers={"x-token": token}))).id == "ada"


async def test_without_keys_nothing_can_be_verified() -> None:
    """This is not the caller's fault: 503, and no 401 that would sign people out."""
    async with provider() as customers:
        ISSUER.status = 500
        try:
            with pytest.raises(Refused) as refused:
                await identify(customers, bearing(ISSUER.sign()))
        finally:
            ISSUER.status = 200
        assert (refused.value.code, refused.value.status) == ("IDENTITY_UNAVAILABLE", 503)
        assert ISSUER.url not in refused.value.message


GOOD = {"algorithms": ["RS256"], "issuers": [NAME], "audiences": ["a"], "jwks": {"url": "https://issuer.example/k"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithms": []}, "at least 1"),
        ({"algorithms": ["none"]}, "Input should be"),
        ({"algorithms": ["HS256"]}, "HS256 needs a `secret`"),
        ({"secret": "s" * 32}, "either `jwks` or `secret`"),
        ({"jwks": None}, "either `jwks` or `secret`"),
        ({"jwks": None, "secret": "s" * 32}, "HS256, HS384 and HS512 only"),
        ({"jwks": None, "secret": "short", "algorithms": ["HS256"]}, "32 bytes"),
        ({"audiences": []}, "give `audiences`"),
        ({"issuers": []}, "give `issuers`"),
        ({"jwks": {"url": "issuer.example/jwks"}}, "is not a URL"),
        ({"jwks": {}}, "give one of `url`, `discovery` and `file`"),
    ],
)
def test_options_that_would_let_strangers_in(change: dict[str, Any], message: str) -> None:
    """Are refused before anything starts."""
    assert Jwt.model_validate(GOOD).clock_skew == 60
    with pytest.raises(ValueError, match=message):
        Jwt.model_validate({**GOOD, **change})
