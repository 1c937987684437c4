"""Seeds of drawn tests: a few fixed ones in `make test`, all of them and fresh ones in `make soak`.

A fresh seed that fails is kept in tests/.failed_seeds, and the failure names the command that repeats it. Fresh seeds
run in `make soak` only, so they never decide whether an innocent change passes `make test`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

SEED = "BFF_SEED"
"""Set this variable to a seed that a failure names, and only that one is tried."""
IS_SOAK = bool(os.environ.get("BFF_SOAK"))
"""`make soak` sets it: full counts and fresh seeds."""
HAS_FRESH = os.environ.get("BFF_FRESH_SEEDS") != "0"
"""A gate sets BFF_FRESH_SEEDS=0, so that no seed that nobody has seen decides about an innocent change."""
FAILED = Path(__file__).parent / ".failed_seeds"
SHARE = 6
"""Without a count of its own `make test` takes one in so many of the fixed seeds."""

fresh_ones: list[str] = []
"""What was drawn anew in the test that runs, to be printed at the end."""
_current: list[int] = []
"""The seed that is being tried, if any."""


def seeds(count: int, fresh: int | None = None, short: int | None = None) -> Iterator[int]:
    """The fixed seeds 0 to `count`, then `fresh` new ones (a quarter as many); without BFF_SOAK the first `short`.

    With BFF_SEED that one alone.
    """
    if chosen := os.environ.get(SEED):
        return _noted([int(chosen)])
    if not IS_SOAK:
        return _noted(range(short or max(1, count // SHARE)))
    if not HAS_FRESH:
        return _noted(range(count))
    first = random.SystemRandom().randrange(10**9)
    number = count // 4 if fresh is None else fresh
    fresh_ones.append(f"{number} from {first} on")
    return _noted([*range(count), *range(first, first + number)])


def is_single() -> bool:
    """Whether one chosen seed is tried alone, for which no floor of comparisons holds."""
    return SEED in os.environ


def scaled(full: int, short: int | None = None) -> int:
    """A floor of what all seeds must show together: `full` in `make soak`, else its share; none for a single seed."""
    if is_single():
        return 0
    if IS_SOAK and not HAS_FRESH:
        return full * 4 // 5  # fresh seeds are a fifth of all
    return full if IS_SOAK else short if short is not None else full // SHARE


def forget() -> None:
    """Before each test."""
    _current.clear()
    fresh_ones.clear()


def keep_failed(test: str) -> str | None:
    """Keep the seed that was being tried when this test failed; what to tell about it."""
    if not _current:
        return None
    seed = _current[-1]
    command = f"{SEED}={seed} .venv/bin/python -m pytest '{test}'"
    FAILED.mkdir(exist_ok=True)
    kept = FAILED / f"{''.join(sign if sign.isalnum() else '_' for sign in test)[-120:]}_{seed}.txt"
    kept.write_text(command + "\n")
    return f"seed {seed} failed; it is kept in {kept.relative_to(FAILED.parent.parent)}; repeat it with\n  {command}"


def _noted(chosen: range | list[int]) -> Iterator[int]:
    for seed in chosen:
        _current[:] = [seed]
        yield seed
    _current.clear()
