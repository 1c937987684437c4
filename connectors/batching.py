"""How asks become calls and replies become answers. Used by every scope: the gateway's loaders and `Direct`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.contract import Operation, Reply, at_path
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge


class InKeyOrder(list[Any]):
    """Records that the connector has put in the order of the call's keys, so that Batch.key need not be looked at."""


def bound_records(reply: Reply, operation: Operation, most: int | None) -> None:
    """Have reading the reply, or a part of it that `deal` gives, raise UpstreamReplyTooLarge for a longer list."""
    if most is not None:
        reply.bound = partial(_check_length, operation, most)


def _check_length(operation: Operation, most: int, records: Sequence[Any]) -> None:
    if len(records) > most:
        raise UpstreamReplyTooLarge(operation, f"the reply has {len(records)} records, more than max_records, {most}")


def single_reply(endpoint: Endpoint, reply: Reply) -> Reply:
    """The reply to an unbatched call, pointed at the part the endpoint is about."""
    return reply.pointed(endpoint.at) if endpoint.at else reply


def deal(endpoint: Endpoint, reply: Reply, keys: Sequence[Hashable]) -> list[Reply | UpstreamError]:
    """Deal a batch's reply back to its keys, in their order: a record or None each, or a list each when grouped.

    Keys are compared by value and, failing that, by their text, because an id often is `"7"` in GraphQL and 7 upstream.
    An UpstreamError in the place of a record is the answer to its key alone. Where records are told apart by the key in
    them, nobody can say whose record is missing: it is then the answer to every key that has no record.
    Raises UpstreamBadReply when the reply has another shape than the endpoint's Batch says.
    """
    batch = endpoint.batch
    assert batch is not None
    data = at_path(reply.data, endpoint.many_at)
    operation = endpoint.operation
    if isinstance(data, UpstreamError):
        raise data
    if reply.bound is not None and isinstance(data, list):
        reply.bound(data)
    if data is None:
        if endpoint.many_at:
            raise UpstreamBadReply(operation, f"the batch reply has nothing at {'.'.join(endpoint.many_at)}")
        records: list[Any] = [None] * len(keys)
    elif isinstance(data, Mapping) and not batch.key:
        by_text = {str(key): value for key, value in data.items()}
        records = [by_text.get(str(key)) for key in keys]
    elif isinstance(data, list) and batch.key and not isinstance(data, InKeyOrder):
        records = _by_key(data, batch.key, keys, group=batch.group)
    elif isinstance(data, list):
        records = _in_order(operation, data, keys)
    else:
        raise UpstreamBadReply(operation, f"expected a list of records in the batch reply, got {type(data).__name__}")
    return [_answer(record, reply, group=batch.group) for record in records]


def _by_key(records: list[Any], path: tuple[str, ...], keys: Sequence[Hashable], *, group: bool) -> list[Any]:
    found: dict[str, Any] = {}
    lost: UpstreamError | None = None
    for record in records:
        key = record if isinstance(record, UpstreamError) else at_path(record, path)
        if isinstance(key, UpstreamError):
            lost = lost or key
        elif group:
            found.setdefault(str(key), []).append(record)
        else:
            found.setdefault(str(key), record)
    return [found.get(str(key), lost) for key in keys]


def _in_order(operation: Operation, records: list[Any], keys: Sequence[Hashable]) -> list[Any]:
    if len(records) != len(keys):
        raise UpstreamBadReply(operation, f"{len(keys)} keys were asked for in order, {len(records)} records came back")
    return records


def _answer(record: Any, reply: Reply, *, group: bool) -> Reply | UpstreamError:
    if isinstance(record, UpstreamError):
        return record
    answer = Reply([] if group and record is None else record, status=reply.status, headers=reply.headers)
    answer.bound = reply.bound
    return answer
