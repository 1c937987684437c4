"""The choice of the engine."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.testing import ManualClock
from connectors.transport import HttpOptions, open_transport


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_the_named_engine_is_opened_with_the_clock(engine: str) -> None:
    """Without any I/O."""
    clock = ManualClock()
    transport = open_transport(HttpOptions.model_validate({"address": "http://unused", "engine": engine}), clock)
    assert type(transport).__module__ == f"connectors.transport.{engine}_engine"
    assert transport._clock is clock  # type: ignore[attr-defined]
    await transport.close()


def test_another_engine_is_refused() -> None:
    """When the configuration is read."""
    with pytest.raises(ValidationError, match="engine"):
        HttpOptions.model_validate({"address": "http://unused", "engine": "curl"})
