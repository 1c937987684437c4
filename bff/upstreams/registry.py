"""All upstreams of a configuration. Made by bff.app from the settings; loading calls them, health asks them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress

from bff.observability.logger import get_logger
from bff.policies.outbound.options import Options
from bff.upstreams.upstream import Upstream, UpstreamSettings
from bff.upstreams.watch import Watch
from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.contract import Connector
from connectors.kinds import load_kind
from connectors.options import ConnectorOptions

log = get_logger("bff.upstreams")

GRACE = 1.0
"""Seconds that opening waits for upstreams. Those that are not up then are watched in the background."""
CLOSING = 5.0
"""Seconds that a connector gets to close."""


class Upstreams(Mapping[str, Upstream]):
    """All upstreams of a configuration, by name, in its order."""

    def __init__(
        self,
        settings: Mapping[str, UpstreamSettings],
        *,
        connectors: Mapping[str, Connector] | None = None,
        used: Set[str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Creates every connector, without I/O; `connectors` replaces some of them, for tests.

        `used` are those that endpoints belong to, all if it is None: no other keeps the gateway from being ready.
        """
        replaced = connectors or {}
        self._clock = clock
        self._upstreams = {
            name: Upstream(
                each,
                replaced[name] if name in replaced else load_kind(each.kind).connect(name, each.connector, clock),
                clock,
            )
            for name, each in settings.items()
        }
        self._watches = [Watch(each, clock) for each in self._upstreams.values()]
        self._awaited = [each for each in self._watches if _is_awaited(each.upstream, used)]
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def with_connectors(
        cls, connectors: Mapping[str, Connector], policies: Options | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> Upstreams:
        """Upstreams without a configuration, all with the same policies: for tests and scripts."""
        settings = {
            name: UpstreamSettings(
                name=name, kind="given", connector=ConnectorOptions(address=name), policies=policies or Options()
            )
            for name in connectors
        }
        return cls(settings, connectors=connectors, clock=clock)

    def __getitem__(self, name: str) -> Upstream:
        return self._upstreams[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._upstreams)

    def __len__(self) -> int:
        return len(self._upstreams)

    async def open(self) -> None:
        """Start all at once; return when all are ready or after `GRACE`. The rest is watched until it is ready.

        Required ones are watched as long as they are open.
        """
        starting = [asyncio.create_task(each.until_ready()) for each in self._watches]
        self._tasks = list(starting)
        if starting:
            with suppress(TimeoutError):
                async with timeout_after(GRACE, self._clock):
                    await asyncio.wait(starting)
        self._tasks += [
            asyncio.create_task(_follow(each, first))
            for each, first in zip(self._watches, starting, strict=True)
            if each.upstream.settings.policies.required
        ]

    def readiness(self) -> Mapping[str, str]:
        """The upstreams that are not ready, in words that name no address."""
        return {each.upstream.name: "not ready" for each in self._awaited if not each.is_ready}

    async def close(self) -> None:
        """Stop watching and close every connector. Never raises; what goes wrong is logged."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*map(self._close, self._upstreams.values()))

    async def _close(self, upstream: Upstream) -> None:
        try:
            async with timeout_after(CLOSING, self._clock):
                await upstream.connector.close()
        except TimeoutError:
            log.warning("close_timeout", upstream=upstream.name, seconds=CLOSING)
        except Exception:
            log.exception("close_failed", upstream=upstream.name)


def _is_awaited(upstream: Upstream, used: Set[str] | None) -> bool:
    """Whether the gateway is ready only when the upstream is."""
    required = upstream.settings.policies.required
    if required is not None:
        return required
    return used is None or upstream.name in used


async def _follow(watch: Watch, first: asyncio.Task[None]) -> None:
    """Watch a required upstream after it was ready once."""
    await asyncio.wait([first])
    await watch.follow()
