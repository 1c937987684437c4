from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.live import Live, live


@pytest.fixture(scope="module")
def hasty() -> Iterator[Live]:
    """A gateway that waits for clients for two seconds."""
    with live(is_hasty=True) as made:
        yield made


@pytest.fixture(scope="module")
def attacked() -> Iterator[Live]:
    """One gateway for all attacks of a file: what one leaves behind the next would meet."""
    with live() as made:
        yield made
