"""What resolvers chose of a response, as the log has it."""

from __future__ import annotations

from bff.contract import ResponseHead


def test_a_log_line_has_no_values() -> None:
    """Cookies and headers may be secrets."""
    head = ResponseHead(status=201, lines=(("set-cookie", "a=secret"), ("set-cookie", "b=2"), ("x-a", "secret")))
    assert head.describe() == {"status": 201, "headers": ["set-cookie", "x-a"]}


def test_no_cache_keeps_it_by_default() -> None:
    """It is for one caller."""
    assert ResponseHead().cache_control == "no-store"
