"""`at=` that leads nowhere is one warning for each endpoint, not a silent null."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bff.loading.lost_paths import warn_of_lost_path
from connectors import rest
from connectors.contract import Reply


@pytest.mark.parametrize(("data", "missing"), [
    ({"data": {"itmes": []}}, "items"),
    ({"dat": {}}, "data"),
    ({"data": None}, None),
    ({"data": {"items": None}}, None),
    (None, None),
])  # fmt: skip
def test_what_is_lost(data: Any, missing: str | None) -> None:
    """The first name that is not there, with those that are; null is null."""
    endpoint = rest("shop").get(f"/things/{len(str(data))}", at="data.items")
    endpoint.place = f"a.py:{data}"
    reply = Reply(data, at=endpoint.at)
    assert reply.data is None or data == {"data": {"itmes": []}}
    with capture_logs() as lines:
        warn_of_lost_path(endpoint, reply)
        warn_of_lost_path(endpoint, reply)
    assert [line["missing"] for line in lines] == ([missing] if missing else [])
    if lines:
        assert lines[0]["event"] == "path_leads_nowhere"
        assert lines[0]["reply_has"] in ("itmes", "dat")
        assert lines[0]["at"] == "data.items"
