"""Brings one upstream up: starts its connector and asks whether it takes calls, until it does. Used by the registry."""

from __future__ import annotations

import random

from bff.observability.logger import get_logger
from bff.upstreams.upstream import Upstream
from connectors.aio.clock import Clock, timeout_after
from connectors.errors import ConnectorError

log = get_logger("bff.upstreams")

INITIAL_DELAY, MAX_DELAY = 0.1, 5.0
"""Seconds between attempts; they double, and are spread so that many gateways do not knock at once."""
PATIENCE = 10.0
"""Seconds that one attempt may take."""


CHECK_INTERVAL = 5.0
"""Seconds between checks of a required upstream that was ready."""
FAILURES, SUCCESSES = 3, 2
"""Checks in a row after which a required upstream is not ready any more, and is ready again."""


class Watch:
    """Whether one upstream is ready: until it was ready once, and later if it is required.

    Any other that fails later is left to its policies: taking the whole gateway out of service would not help.
    """

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self.upstream = upstream
        self._clock = clock
        self.is_ready = False
        self._has_complained = False

    async def until_ready(self) -> None:
        """Return when the upstream takes calls. Says so in the log, and the first time that it does not."""
        pause = INITIAL_DELAY
        while (problem := await self._find_problem()) is not None:
            if not self._has_complained:
                log.warning("upstream_not_ready", upstream=self.upstream.name, problem=problem)
                self._has_complained = True
            await self._clock.sleep(pause * random.uniform(0.75, 1.0))  # noqa: S311 - spreads attempts, guards nothing
            pause = min(pause * 2, MAX_DELAY)
        self.is_ready = True
        log.info("upstream_ready", upstream=self.upstream.name)

    async def follow(self) -> None:
        """Check it again and again, without end. One check that fails or succeeds changes nothing yet."""
        others = 0
        await self._clock.sleep(CHECK_INTERVAL * random.random())  # noqa: S311 - as above
        while True:
            problem = await self._find_problem()
            others = 0 if (problem is None) == self.is_ready else others + 1
            if others >= (FAILURES if self.is_ready else SUCCESSES):
                self._change(problem)
                others = 0
            await self._clock.sleep(CHECK_INTERVAL)

    def _change(self, problem: str | None) -> None:
        self.is_ready = problem is None
        if problem is None:
            log.info("upstream_ready", upstream=self.upstream.name)
        else:
            log.warning("upstream_lost", upstream=self.upstream.name, problem=problem)

    async def _find_problem(self) -> str | None:
        """Why it is not ready, in words for the log; None when it is."""
        try:
            async with timeout_after(PATIENCE, self._clock):
                await self.upstream.connector.start()
                await self.upstream.connector.check()
        except ConnectorError as error:
            return str(error)
        except TimeoutError:
            return f"no answer in {PATIENCE:g} s"
        except Exception as error:
            if not self._has_complained:
                log.exception("connector_broken", upstream=self.upstream.name)
            return type(error).__name__
        return None
