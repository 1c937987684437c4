"""Callers."""

from __future__ import annotations

from bff.contract import ANONYMOUS, Caller


def test_two_credentials_are_two_callers() -> None:
    """Also where they say the same: what is shared between requests of one caller is shared by one credential."""
    one, other = Caller(kind="jwt", id="ada"), Caller(kind="jwt", id="ada")
    assert one != other
    assert len({one, other, one}) == 2


def test_claims_stay_out_of_logs() -> None:
    """They hold names and addresses of people."""
    assert "mail" not in repr(Caller(kind="jwt", id="ada", claims={"mail": "ada@example.org"}))


def test_who_is_anonymous() -> None:
    """Who proved nothing."""
    assert ANONYMOUS.is_anonymous
    assert not Caller(kind="api_key", id="acme").is_anonymous
    assert dict(ANONYMOUS.claims) == {}
