"""What all request bodies and files of a process may hold together."""

from __future__ import annotations

import pytest

from bff.contract import Refused
from bff.http.requests.budget import BodyBudget


def test_shares_together() -> None:
    """A share that does not fit is refused with what to do, and what is closed makes room."""
    budget = BodyBudget(100)
    one, other = budget.open(), budget.open()
    one.take(60)
    with pytest.raises(Refused) as refused:
        other.take(50)
    assert refused.value.status == 503
    assert refused.value.code == "SERVER_OVERLOADED"
    assert refused.value.headers["retry-after"] == "1"
    one.close()
    one.close()
    other.take(100)
