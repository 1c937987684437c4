"""Key sets: when they are read, what is kept meanwhile, and what an issuer is protected from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bff.identity.key_source import KeySet, KeySource, KeysUnavailable
from bff.identity.options import Jwks
from connectors.testing import ManualClock
from tests.bff.identity.issuer import NAME, Issuer, make_key
from tests.waiting import until

RSA, NEW = make_key("RS256", "rsa"), make_key("RS256", "new")


@asynccontextmanager
async def source(
    of: Issuer, clock: ManualClock, changes: list[str] | None = None, **options: Any
) -> AsyncIterator[KeySource]:
    def note() -> None:
        if changes is not None:
            changes.append("gone")

    async with of.serving() as url:
        values = {
            name: each.replace("ISSUER", url) if isinstance(each, str) else each for name, each in options.items()
        }
        if not {"discovery", "file"} & options.keys():
            values["url"] = f"{url}/jwks"
        made = KeySource("customers", Jwks.model_validate(values), on_change=note, clock=clock)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


async def test_keys_are_read_before_they_are_needed() -> None:
    """And then again and again; a token never waits for it."""
    of, clock = Issuer(RSA), ManualClock()
    async with source(of, clock, refresh="100s") as keys:
        await until(lambda: of.fetches)
        assert len(await keys.find("rsa", "RS256")) == 1
        assert of.fetches == ["/jwks"]
        await clock.advance(100)
        await until(lambda: len(of.fetches) == 2)


async def test_many_tokens_at_once_are_one_fetch() -> None:
    """At the first token, where the keys are not read before."""
    of = Issuer(RSA)
    async with source(of, ManualClock(), prefetch=False) as keys:
        found = await asyncio.gather(*(keys.find("rsa", "RS256") for _ in range(50)))
        assert all(len(each) == 1 for each in found)
        assert of.fetches == ["/jwks"]


async def test_an_unknown_key_id_reads_the_keys_again_but_seldom() -> None:
    """A new key works at once; a flood of made-up ids reaches the issuer once in `unknown_key_interval`."""
    of, clock = Issuer(RSA), ManualClock()
    async with source(of, clock, prefetch=False) as keys:
        await keys.find("rsa", "RS256")
        of.keys["new"] = NEW
        assert len(await keys.find("new", "RS256")) == 1
        for number in range(200):
            assert await keys.find(f"flood-{number}", "RS256") == []
        assert len(of.fetches) == 2
        await clock.advance(30)
        assert await keys.find("another", "RS256") == []
        assert len(of.fetches) == 3


async def test_the_last_keys_serve_while_the_issuer_is_away() -> None:
    """A failed refresh is repeated sooner, and loses nothing."""
    of, clock = Issuer(RSA), ManualClock()
    async with source(of, clock, refresh="100s") as keys:
        await until(lambda: of.fetches)
        await keys.find("rsa", "RS256")
        of.status = 503
        await clock.advance(100)
        await until(lambda: keys._failed is not None)
        assert len(of.fetches) == 2
        assert len(await keys.find("rsa", "RS256")) == 1
        of.status = 200
        await clock.advance(5)
        await until(lambda: len(of.fetches) == 3)
        assert len(await keys.find("rsa", "RS256")) == 1


async def test_an_issuer_that_is_away_is_not_asked_for_each_token() -> None:
    """Once in a second."""
    of, clock = Issuer(RSA), ManualClock()
    of.status = 503
    async with source(of, clock, prefetch=False) as keys:
        with capture_logs() as lines:
            for _ in range(20):
                with pytest.raises(KeysUnavailable, match="503"):
                    await keys.find("rsa", "RS256")
        assert len(of.fetches) == 1
        assert [line["event"] for line in lines] == ["identity_keys_not_read"]
        of.status = 200
        await clock.advance(1)
        assert len(await keys.find("rsa", "RS256")) == 1


async def test_a_key_that_is_withdrawn_is_reported() -> None:
    """So that tokens that it signed are forgotten."""
    of, clock, changes = Issuer(RSA), ManualClock(), list[str]()
    async with source(of, clock, changes, prefetch=False) as keys:
        await keys.find("rsa", "RS256")
        of.keys["new"] = NEW
        await keys.find("new", "RS256")
        assert changes == []
        del of.keys["rsa"]
        await clock.advance(30)
        await keys.find("flood", "RS256")
        assert changes == ["gone"]
        assert await keys.find("rsa", "RS256") == []


async def test_an_openid_configuration_names_the_key_set() -> None:
    """And the issuer."""
    of = Issuer(RSA)
    async with source(of, ManualClock(), discovery="ISSUER/config", prefetch=False) as keys:
        assert len(await keys.find("rsa", "RS256")) == 1
        assert of.fetches == ["/config", "/jwks"]
        assert keys.issuer == NAME


async def test_a_file(tmp_path: Path) -> None:
    """Is read once, and what was read stays when it is gone."""
    of, file = Issuer(RSA), tmp_path / "keys.json"
    file.write_text(json.dumps(of.key_set))
    async with source(of, ManualClock(), file=file, prefetch=False) as keys:
        assert len(await keys.find("rsa", "RS256")) == 1
        file.unlink()
        assert len(await keys.find("rsa", "RS256")) == 1
        assert of.fetches == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "no JSON"),
        (b"[]", "no JSON Web Key Set"),
        (b'{"keys": 1}', "no JSON Web Key Set"),
        (b'{"keys": []}', "no public key"),
        (b'{"keys": [1, {}, {"kty": "RSA"}, {"kty": "oct", "k": "YWJj"}]}', "no public key"),
        (b" " * 600_000, "more than 512000 bytes"),
        (b"[" * 5000, "no JSON"),
    ],
)
async def test_what_is_no_key_set(body: bytes, message: str) -> None:
    """Is reported for the log."""
    of = Issuer(RSA)
    of.body = body
    async with source(of, ManualClock(), prefetch=False) as keys:
        with pytest.raises(KeysUnavailable, match=message):
            await keys.find("rsa", "RS256")


def test_which_keys_fit_a_token() -> None:
    """By id, by type, and by the key's own algorithm; keys for encryption never."""
    rsa = RSA.as_dict(private=False)
    keys = KeySet(
        {
            "keys": [
                {**rsa, "kid": "a"},
                {**rsa, "kid": "b", "alg": "RS512"},
                make_key("ES256", "c").as_dict(private=False),
                {**rsa, "kid": "d", "use": "enc"},
                {**make_key("Ed25519", "e").as_dict(private=False), "alg": "EdDSA"},
            ]
        }
    )

    def find(kid: str | None, algorithm: str) -> list[str | None]:
        return [key.kid for key in keys.find(kid, algorithm)]

    assert find(None, "RS256") == ["a"]
    assert find(None, "RS512") == ["a", "b"]
    assert find("b", "RS256") == []
    assert find("c", "ES256") == ["c"]
    assert find("c", "RS256") == []
    assert find("d", "RS256") == []
    assert find(None, "Ed25519") == ["e"]
