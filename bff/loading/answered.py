"""What is asked of an endpoint for several keys at once, and what that came to. Shared by scopes and windows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import msgspec

from connectors.batching import deal, single_reply
from connectors.contract import Reply, Selection
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError, UpstreamError

Outcome = Reply | Exception
"""Errors travel as values, so that an answer nobody waits for any more is never an unretrieved exception."""


class Asked(msgspec.Struct, frozen=True):
    """What one loader is for: an endpoint, its arguments but the batched one, and what is wanted."""

    endpoint: Endpoint
    arguments: Hashable
    selection: Selection | None


@dataclass(slots=True)
class Answered:
    """What one call for some keys came to."""

    keys: Sequence[Hashable]
    reply: Outcome
    is_single: bool
    """Whether it was the single form that was sent, for the one key."""
    dealt: dict[Hashable, Outcome] | None = None

    def outcomes(self, endpoint: Endpoint) -> dict[Hashable, Outcome]:
        """The outcome of each key, dealt once."""
        if self.dealt is None:
            self.dealt = dict(zip(self.keys, self._dealt(endpoint), strict=True))
        return self.dealt

    def _dealt(self, endpoint: Endpoint) -> Sequence[Outcome]:
        if isinstance(self.reply, Exception):
            return [self.reply] * len(self.keys)
        try:
            return [single_reply(endpoint, self.reply)] if self.is_single else deal(endpoint, self.reply, self.keys)
        except (UpstreamError, DefinitionError) as error:
            return [error] * len(self.keys)
