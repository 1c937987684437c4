"""API keys: whose they are, when they end, and how they change without a restart."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bff.contract import Caller, Request
from bff.identity.api_keys import ApiKeyProvider, KeyFileError, read_key_file
from bff.identity.options import ApiKeys
from bff.identity.provider import MISSING, UNKNOWN, InvalidCredential
from connectors.testing import ManualClock
from tests.waiting import until

ONE, TWO = "one-" + "1" * 20, "two-" + "2" * 20


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def provider(*keys: Any, now: Any = time.time, clock: Any = None, **options: Any) -> ApiKeyProvider:
    made = ApiKeys.model_validate({"header": "X-Partner", "keys": keys, **options})
    return ApiKeyProvider("partners", made, now=now, clock=clock or ManualClock())


def carrying(key: str, frontend: str = "partner") -> Request:
    return Request(frontend=frontend, headers={"x-partner": key})


def caller_of(keys: ApiKeyProvider, key: str) -> Caller:
    found = keys.find(carrying(key))
    assert isinstance(found, Caller)
    return found


async def test_several_keys_of_one_caller() -> None:
    """Written out or as digests: the caller and what it may do come with each."""
    keys = provider(
        {"caller": "acme", "key": ONE, "plan": "gold", "scopes": ["read"], "roles": ["shop"]},
        {"caller": "acme", "sha256": digest(TWO)},
    )
    first, second = caller_of(keys, ONE), caller_of(keys, TWO)
    assert (first.kind, first.id, first.issuer) == ("api_key", "acme", "partners")
    assert (first.plan, first.proof, first.scopes, first.roles) == ("gold", "x-partner", {"read"}, {"shop"})
    assert second.id == "acme"
    assert first is caller_of(keys, ONE)
    assert first is not second
    assert ONE not in repr(first)


@pytest.mark.parametrize("key", ["", ONE + " ", ONE[:-1], digest(ONE), digest(TWO), "x"])
async def test_what_is_no_key(key: str) -> None:
    """A digest is no key either."""
    keys = provider({"caller": "a", "key": ONE}, {"caller": "b", "sha256": digest(TWO)})
    assert keys.find(carrying(key)) is (UNKNOWN if key else MISSING)
    if key:
        with pytest.raises(InvalidCredential, match="x-partner header is not valid") as invalid:
            await keys.identify(carrying(key))
        assert key not in str(invalid.value).split()


async def test_a_key_ends() -> None:
    """On the last moment of its day, as UTC has it; and says so."""
    now = 1798761599.0  # 2026-12-31T23:59:59Z
    keys = provider({"caller": "a", "key": ONE, "expires": "2026-12-31"}, now=lambda: now)
    assert caller_of(keys, ONE).expires_at == pytest.approx(1798761600, abs=1)
    now += 2
    assert keys.find(carrying(ONE)) is UNKNOWN
    with pytest.raises(InvalidCredential, match="expired") as invalid:
        await keys.identify(carrying(ONE))
    assert invalid.value.is_expired


async def test_a_key_for_some_frontends() -> None:
    """Is none for others."""
    keys = provider({"caller": "a", "key": ONE, "frontends": ["partner"]})
    assert caller_of(keys, ONE).id == "a"
    assert keys.find(carrying(ONE, "web")) is UNKNOWN
    with pytest.raises(InvalidCredential, match="not for this frontend"):
        await keys.identify(carrying(ONE, "web"))


async def test_keys_change_in_their_file(tmp_path: Path) -> None:
    """Without a restart; a key that stays keeps its caller, and a broken file changes nothing."""
    file, clock = tmp_path / "keys.yaml", ManualClock()
    file.write_text(f"- {{caller: acme, sha256: {digest(ONE)}}}\n")
    keys = provider(file=file, clock=clock)
    await keys.open()
    try:
        first = caller_of(keys, ONE)

        async def change(text: str) -> None:
            _replace(file, text)
            await until(lambda: clock._timers)
            await clock.advance(5)

        await change(f"- {{caller: acme, sha256: {digest(ONE)}}}\n- {{caller: bolt, sha256: {digest(TWO)}}}\n")
        await until(lambda: keys.find(carrying(TWO)) is not UNKNOWN)
        assert caller_of(keys, ONE) is first
        await change("- {caller: acme, sha265: x}\n")
        await until(lambda: keys._modified is None)
        assert caller_of(keys, ONE) is first
        await change(f"- {{caller: bolt, sha256: {digest(TWO)}}}\n")
        await until(lambda: keys.find(carrying(ONE)) is UNKNOWN)
        assert caller_of(keys, TWO).id == "bolt"
    finally:
        await keys.close()


def _replace(file: Path, text: str) -> None:
    """As Kubernetes and editors do: another file takes its place."""
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b", "is no list"),
        ("- {caller: a", "keys.yaml:2: "),
        ("- {caller: a}", "entry 0: give either `key` or `sha256`"),
        ("- {caller: a, sha256: xyz}", "entry 0.sha256: "),
        ("- {caller: a, key: short}", "entry 0.key: "),
        (f"- {{caller: a, key: {ONE}, plam: x}}", "entry 0.plam: "),
        (f"- {{caller: a, key: {ONE}, expires: tomorrow}}", "entry 0.expires: 'tomorrow' is not a date"),
        ("\x00", "is not YAML"),
        (f"- {{caller: a, key: {ONE}, expires: 2027-13-01}}", "an impossible date"),
        ("[" * 3000, "is not YAML"),
    ],
)
def test_a_file_at_fault(tmp_path: Path, text: str, message: str) -> None:
    """Says where, and nothing of a key."""
    file = tmp_path / "keys.yaml"
    file.write_text(text + "\n")
    with pytest.raises(KeyFileError) as error:
        read_key_file(file)
    assert message in str(error.value)
    assert ONE not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is reported when the gateway starts."""
    with pytest.raises(KeyFileError, match=r"nothing\.yaml cannot be read"):
        provider(file=tmp_path / "nothing.yaml")
