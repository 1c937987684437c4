"""What one batch of keys is loaded from, and its result. Shared by scopes and windows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import msgspec

from connectors.aio.single_flight import SharedResult
from connectors.batching import deal, single_reply
from connectors.contract import Reply, Selection
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError, UpstreamError

Outcome = Reply | Exception
"""Errors travel as values, so that a result for which no task waits any more is never an unretrieved exception."""


class LoadKey(msgspec.Struct, frozen=True):
    """What the keys of one batch have in common: the endpoint, its arguments beside the batched one, the selection."""

    endpoint: Endpoint
    arguments: Hashable
    selection: Selection | None


@dataclass(slots=True)
class BatchResult:
    """The reply to one call for some keys, and the outcome of each key."""

    keys: Sequence[Hashable]
    reply: Outcome
    is_single: bool
    """Whether it was the single form that was sent, for the one key."""
    by_key: dict[Hashable, Outcome] | None = None

    def outcomes(self, endpoint: Endpoint) -> dict[Hashable, Outcome]:
        """The outcome of each key; the reply is dealt once."""
        if self.by_key is None:
            self.by_key = dict(zip(self.keys, self._deal_reply(endpoint), strict=True))
        return self.by_key

    def _deal_reply(self, endpoint: Endpoint) -> Sequence[Outcome]:
        if isinstance(self.reply, Exception):
            return [self.reply] * len(self.keys)
        try:
            return [single_reply(endpoint, self.reply)] if self.is_single else deal(endpoint, self.reply, self.keys)
        except (UpstreamError, DefinitionError) as error:
            return [error] * len(self.keys)


class Batch(SharedResult[list[BatchResult]]):
    """Keys that are sent together, and their results."""

    def __init__(self) -> None:
        self.keys: list[Hashable] = []


async def read_large(results: Sequence[BatchResult]) -> None:
    """Decode large replies in pieces before they are dealt to their keys."""
    for result in results:
        if isinstance(result.reply, Reply) and result.reply.is_large and not result.is_single:
            await result.reply.read_if_large()


def list_outcomes(endpoint: Endpoint, results: Sequence[BatchResult], keys: Sequence[Hashable]) -> list[Outcome]:
    """The outcome of each key, in the keys' order."""
    outcomes = {key: each for result in results for key, each in result.outcomes(endpoint).items()}
    return [outcomes[key] for key in keys]
