"""Callers of many users over all transports for a long time, with a tag on all data: no tag reaches another user.

Twenty minutes in `make soak`, twenty seconds in `make test`; BFF_SOAK_SECONDS sets another duration.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.abuse.promises import descriptors
from tests.abuse.tagged_callers import Caller, Findings
from tests.abuse.tagged_upstreams import tag, tagged_project
from tests.e2e.command import Running, running
from tests.seeds import IS_SOAK, seeds
from tests.waiting import GENEROUS

SECONDS = float(os.environ.get("BFF_SOAK_SECONDS", 1200 if IS_SOAK else 20))
USERS, CALLERS_EACH = 8, 3
"""Several callers of one user, so that something is shared."""
FAULT_SHARE = 0.02
SAMPLE_SECONDS = 0.25
MAX_GROWTH = 1.03 if SECONDS > 600 else 1.2
"""Between the sixth and the last tenth of the time; a short run is warm in its last seconds only."""
MAX_NOISE = 4.0
"""Megabytes that come and go with what is under way."""
KEPT_CONNECTIONS = 60
"""Descriptors for connections to upstreams that may stay when all callers are gone."""


@dataclass
class Sample:
    """One look at the process."""

    memory: float
    descriptors: int


def _look_at(pid: int) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    return Sample(int(status.split("VmRSS:")[1].split()[0]) / 1024, descriptors(pid))


async def _watch(pid: int, samples: list[Sample]) -> None:
    while True:
        samples.append(_look_at(pid))
        await asyncio.sleep(SAMPLE_SECONDS)


def _check_flat(samples: Sequence[Sample], growth: float = MAX_GROWTH) -> None:
    """In the last half of the time, neither memory nor descriptors grow: the last tenth holds hardly more than the sixth.

    Medians of each window, and the lowest tenth of it: garbage that waits for its collection makes a sawtooth, whose
    floor shows a leak that is smaller than its teeth.
    """
    size = len(samples) // 10
    windows = [samples[number * size : (number + 1) * size] for number in range(5, 10)]
    for name, find in (("median", statistics.median), ("floor", _find_floor)):
        memory = [find([each.memory for each in window]) for window in windows]
        opened = [find([each.descriptors for each in window]) for window in windows]
        print(f"{name} of the last five tenths: {[round(each, 1) for each in memory]} MB, {opened} descriptors")
        assert memory[-1] <= memory[0] * growth + MAX_NOISE, (name, memory)
        assert opened[-1] <= opened[0] * 1.2 + 20, (name, opened)


def _find_floor(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 10]


async def _stop(gateway: Running, at_rest: Sample) -> None:
    """Its descriptors are back, and a signal ends it with exit code 0."""
    end = time.monotonic() + GENEROUS
    while (now := _look_at(gateway.process.pid)).descriptors > at_rest.descriptors + KEPT_CONNECTIONS:
        assert time.monotonic() < end, (at_rest, now)
        await asyncio.sleep(0.1)
    print(f"at rest {at_rest}, at the end {now}")
    assert await asyncio.to_thread(gateway.stop, signal.SIGTERM) == 0, gateway.output[-4000:]
    assert "Traceback" not in gateway.output, gateway.output[-4000:]


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 600)
async def test_no_tag_reaches_another_user(tmp_path: Path) -> None:
    """Sharing, merging, caching and windows are on; upstreams fail and callers leave all the time."""
    (seed,) = list(seeds(1, fresh=0, short=1))
    draw = random.Random(seed)
    findings, samples = Findings(), list[Sample]()
    async with tagged_project(tmp_path, draw, FAULT_SHARE) as faults:
        with running("serve", cwd=tmp_path) as gateway:
            await asyncio.to_thread(gateway.ask_when_up, "{ __typename }")
            at_rest = _look_at(gateway.process.pid)
            watcher = asyncio.create_task(_watch(gateway.process.pid, samples))
            until = time.monotonic() + SECONDS
            callers = [
                Caller(gateway.url, user, random.Random(draw.randrange(10**9)), findings)
                for user in range(1, USERS + 1)
                for _ in range(CALLERS_EACH)
            ]
            try:
                await asyncio.gather(*(each.run(until) for each in callers))
            finally:
                watcher.cancel()
                with suppress(asyncio.CancelledError):
                    await watcher
            print(f"{dict(findings.counts)}, {findings.tags} tags, {dict(findings.errors)}, {faults.count} faults")
            assert findings.wrong == [], findings.wrong[0]
            _check_flat(samples)
            await _stop(gateway, at_rest)
    ways = {"post", "get", "batch", "defer", "say", "event", "message", "hang-up", "attack"}
    assert findings.counts.keys() >= ways, findings.counts
    assert findings.tags > 10 * SECONDS
    assert findings.errors, "no upstream failed"


async def test_a_foreign_tag_is_found() -> None:
    """In texts and in numbers: a soak that finds nothing has looked."""
    for answer in (tag("1") + tag("2"), '{"data":{"price":{"amount":2}}}', '{"data":{"stock":{"quantity": 2}}}'):
        findings = Findings()
        Caller("http://127.0.0.1:9", 1, random.Random(0), findings).check_bytes("post", answer.encode())
        assert len(findings.wrong) == 1, answer
    Caller("http://127.0.0.1:9", 2, random.Random(0), nothing := Findings()).check_bytes("post", tag("2").encode())
    assert (nothing.wrong, nothing.tags) == ([], 8)


@pytest.mark.parametrize("leak", [0.0, 0.02, 0.2])
def test_a_leak_is_found(leak: float) -> None:
    """Of some megabytes in the last half, below a sawtooth of garbage; and none where there is only the sawtooth."""
    samples = [Sample(120 + leak * number + number % 97 / 3, 40) for number in range(4800)]
    if not leak:
        _check_flat(samples, 1.03)
        return
    with pytest.raises(AssertionError):
        _check_flat(samples, 1.03)


def test_descriptors_that_are_kept_are_found() -> None:
    """One in ten seconds of a run of twenty minutes."""
    with pytest.raises(AssertionError):
        _check_flat([Sample(120, 40 + number // 40) for number in range(4800)])
