"""What differential tests compared: floors without a way out, so that they cannot pass by comparing nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import ExecutionResult

from tests.seeds import scaled


class Comparisons:
    """Counts those whose expected answer had data and no internal error: only these say much."""

    def __init__(self) -> None:
        self.total = self.good = 0

    def note(self, expected: Mapping[str, Any] | ExecutionResult) -> None:
        """Note what the reference answered."""
        self.total += 1
        if isinstance(expected, ExecutionResult):
            self.good += expected.data is not None
            return
        codes = {error.get("extensions", {}).get("code") for error in expected.get("errors") or ()}
        self.good += expected.get("data") is not None and "INTERNAL" not in codes

    def check(self, *, soak: int, short: int) -> None:
        """Fail with fewer good ones than this, in `make soak` or in `make test`. One seed alone has no floor."""
        print(f"{self.good} of {self.total} comparisons had data and no internal error")
        assert self.good >= scaled(soak, short), f"only {self.good} of {self.total} comparisons had data"
