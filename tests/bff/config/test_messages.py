"""Unknown keys: the nearest name of the same place."""

from __future__ import annotations

from bff.config.messages import explain_unknown_key


def test_an_unknown_key_gets_the_nearest_name_or_all_of_them() -> None:
    """A misspelt key resembles one name; another key gets the list."""
    assert explain_unknown_key("retyr", ["retry", "timeout"]) == 'unknown key; did you mean "retry"?'
    assert explain_unknown_key("zzz", ["retry", "timeout"]) == "unknown key; there is retry, timeout"
