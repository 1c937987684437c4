"""One upstream: its connector and the policies around it. Made by the registry, called by loading."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Hashable, Mapping
from dataclasses import dataclass

from bff.policies.outbound.headers import stream_headers
from bff.policies.outbound.identity import TRACING
from bff.policies.outbound.options import Options
from bff.policies.outbound.order import Placed, list_fixed_headers, outbound, wrap
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Connector, Event, KeepsDeadlines, Publishes, Reply, SendsFixedHeaders, Streams
from connectors.errors import DefinitionError
from connectors.options import ConnectorOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """One entry of `upstreams` in bff.yaml, checked."""

    name: str
    kind: str
    connector: ConnectorOptions
    policies: Options


class Upstream:
    """One upstream. Calls and messages go through its policies; calls are sent even before a check finds it ready."""

    def __init__(self, settings: UpstreamSettings, connector: Connector, clock: Clock = SYSTEM_CLOCK) -> None:
        options = settings.policies
        self.settings = settings
        self.connector = connector
        keeps_deadlines = isinstance(connector, KeepsDeadlines)
        self.policies: list[Placed] = outbound(options, clock=clock, connector_keeps_deadlines=keeps_deadlines)
        self.send = wrap(connector.send, self.policies)
        """Send one call; raises UpstreamError when no usable reply comes back."""
        self._publish = wrap(self._hand_over, [each for each in self.policies if not each.needs_reply])
        self._forward, self._fixed = options.forward, list_fixed_headers(options)
        if isinstance(connector, SendsFixedHeaders):
            connector.set_fixed_headers(dict(self._fixed))
        self._told_of_caller = tuple(name for name in options.forward if name not in TRACING)
        self.window = options.batch_window
        """Seconds that a batch waits for keys of other requests; None for not at all."""
        self.timeout: float | None = options.timeout
        """Seconds that a call may take."""
        self.max_records: int | None = settings.connector.max_records
        """Most records of one reply."""
        self.has_empty_lists = settings.connector.absent_lists == "empty"
        """Whether a list that a reply lacks is an empty one."""

    @property
    def name(self) -> str:
        """Its key in bff.yaml."""
        return self.settings.name

    def identity(self, incoming: Mapping[str, str]) -> Hashable:
        """Equal for requests from whose headers the upstream is sent the same."""
        return tuple(incoming.get(name) for name in self._told_of_caller)

    def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield events until the upstream ends the stream or it is closed. Raises UpstreamError while iterating.

        Raises DefinitionError at once when this kind of upstream has no streams.
        """
        if not isinstance(self.connector, Streams):
            raise DefinitionError(f"{self.name} ({self.settings.kind}) has no streams; subscribe to another upstream")
        return stream_headers(self.connector.stream, self._forward, self._fixed)(call)

    async def publish(self, call: Call) -> None:
        """Hand over one message. Raises UpstreamError, or DefinitionError when this kind takes no messages."""
        await self._publish(call)

    async def _hand_over(self, call: Call) -> Reply:
        if not isinstance(self.connector, Publishes):
            raise DefinitionError(f"{self.name} ({self.settings.kind}) takes no messages; publish to a queue")
        await self.connector.publish(call)
        return Reply(None)
