"""The context of a request."""

from __future__ import annotations

from bff.authoring import Context
from bff.authoring.context import Degraded
from connectors.contract import Operation
from connectors.errors import UpstreamTimeout


def test_what_is_degraded_is_in_the_extensions() -> None:
    """With its response path and the code of what failed."""
    context = Context(frontend="web")
    assert context.degraded_extension() == {"degraded": []}
    late = UpstreamTimeout(Operation(upstream="shop", name="price"), "no reply")
    context.degraded.append(Degraded(path=("items", 0, "price"), error=late))
    assert context.degraded_extension() == {"degraded": [{"path": ["items", 0, "price"], "code": "UPSTREAM_TIMEOUT"}]}


def test_contexts_share_nothing() -> None:
    """Each has containers of its own, and is equal to itself only."""
    one, two = Context(), Context()
    one.state["key"] = 1
    assert two.state == {}
    assert one != two
