"""Batching: the options by which authors describe it, and how the reply to a batch is dealt back to its keys.

Endpoints of every kind check their options here; the gateway's loaders and `Direct` deal replies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.contract import Operation, Reply
from connectors.endpoint import Batch, Endpoint, place_of_author, split_path
from connectors.error_details import AnswerFailure
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.messages.keys import KEY_CASES, KeyCase, choose_key_text, pair_decimals
from connectors.messages.paths import PathOption, at_path, format_path
from connectors.messages.templates import Parameters, find_batched_parameter
from connectors.messages.value_kinds import describe_kind
from connectors.reports import report_loss

KeyOption = str | tuple[PathOption, ...]
"""A path, or several where several parameters are one key together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The options of one endpoint that describe a batch, as the author wrote them: the same for every kind."""

    key: KeyOption | None = None
    """Path in each record to the requested value; where several parameters are one key, a tuple of paths."""
    group: bool = False
    batch: str | tuple[str, ...] | None = None
    """The parameter whose values are collected, or a tuple of those that are one key together."""
    limit: int = 100
    many_at: PathOption | None = None
    key_case: KeyCase = "exact"
    """How keys that are texts are compared: "exact", "insensitive" or "uuid" (connectors.messages.keys)."""

    def check(self, place: str, *, is_batch: bool, form: str = "many=", holds_lists: bool = False) -> None:
        """Raise DefinitionError for options that cannot work, beginning with `place`.

        `form` is the option that makes a batch. `holds_lists` says that one reply can hold a list for each value, as
        JSON can: then the values need not be in the records, and `group` works without `key`.
        """
        if not is_batch:
            for name in ("key", "group", "batch", "many_at"):
                if getattr(self, name):
                    reason = f"{name}= is an option of batches and there is no {form}"
                    raise DefinitionError(f"{place}: {reason}; write {form} too, or remove {name}=")
        elif self.group and not self.key and not holds_lists:
            raise DefinitionError(f"{place}: group=True needs key=, the path in each record to the requested value")
        check_at_least_one(place, limit=self.limit)
        if self.key_case not in KEY_CASES:
            shown = ", ".join(f'"{each}"' for each in KEY_CASES)
            raise DefinitionError(f"{place}: key_case={self.key_case!r} is not an option; write one of {shown}")
        if self.key_case != "exact" and not is_batch:
            raise DefinitionError(f"{place}: key_case= is an option of batches and there is no {form}; remove it")

    def choose_parameters(self, names: Collection[str]) -> Parameters:
        """The collected parameters of a batch that has these: chosen by `batch`, named by `key`, or the only one.

        A tuple where several are one key together. Raises DefinitionError.
        """
        if isinstance(self.batch, tuple):
            for name in self.batch:
                find_batched_parameter(dict.fromkeys(names, True), name)
            return self.batch
        if self.batch is None and isinstance(self.key, tuple) and len(self.key) > 1 and {*self.key} <= {*names}:
            return tuple(map(str, self.key))
        own = self.key if isinstance(self.key, str) and self.key in names else None
        return find_batched_parameter(dict.fromkeys(names, True), self.batch or own)

    def create_batch(self, collected: Parameters) -> Batch:
        """The batching rule of the endpoint, for the collected parameters. Raises DefinitionError."""
        key: Any = self.key
        parts = {}
        if isinstance(collected, tuple):
            if not isinstance(key, tuple) or len(key) != len(collected):
                reason = f"{len(collected)} parameters are one key, so key= is a tuple with the path to each of them"
                raise DefinitionError(f"{place_of_author()}: {reason} in a record, such as {collected!r}")
            parts = {name: split_path(path, "key", lists=False) for name, path in zip(collected, key, strict=True)}
            key, collected = key[0], collected[0]
        return Batch(
            parameter=collected,
            key=split_path(key, "key", lists=False),
            group=self.group,
            limit=self.limit,
            key_case=self.key_case,
            parts=parts,
        )


def check_at_least_one(place: str, **numbers: int | None) -> None:
    """Raise DefinitionError for a number of calls or values that is less than 1; None stands for no bound."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise DefinitionError(f"{place}: {name}={number} is less than 1; write 1 or more")


def check_key(operation: Operation, key: Any) -> Any:
    """The key. Raises UpstreamBadReply for an object or a list in the place of a key: keys come from other replies."""
    try:
        hash(key)
    except TypeError:
        reason = f"a key is of type {type(key).__name__}; expected a text, a number or another single value"
        raise UpstreamBadReply(operation, reason) from None
    return key


class InKeyOrder(list[Any]):
    """Records that the connector has put in the order of the call's keys, so that Batch.key need not be looked at."""


def limit_records(reply: Reply, operation: Operation, most: int | None) -> None:
    """Have reading the reply, or a part of it that `deal` gives, raise UpstreamReplyTooLarge for a longer list."""
    if most is not None:
        reply.bound = partial(_check_length, operation, most)


def _check_length(operation: Operation, most: int, records: Sequence[Any]) -> None:
    if len(records) > most:
        raise UpstreamReplyTooLarge(operation, f"the reply has {len(records)} records, more than max_records, {most}")


def single_reply(endpoint: Endpoint, reply: Reply) -> Reply:
    """The reply to an unbatched call, pointed at the part the endpoint is about."""
    return reply.point_at(endpoint.at) if endpoint.at else reply


def deal(endpoint: Endpoint, reply: Reply, keys: Sequence[Hashable]) -> list[Reply | UpstreamError]:
    """Deal a batch's reply back to its keys, in their order: a record or None each, or a list each when grouped.

    Keys are equal as connectors.messages.keys says: 7, 7.0 and "7" are. Records whose key was not requested, and all
    but the first record of a key where it has only one, are counted and logged.
    An UpstreamError in the place of a record is the answer to its key alone. Where only the key in a record says
    whose it is, the key of a missing record is unknown: it is then the answer to every key that has no record.
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
            raise UpstreamBadReply(operation, f"the batch reply has nothing at {format_path(endpoint.many_at)}")
        records: list[Any] = [None] * len(keys)
    elif isinstance(data, Mapping) and not batch.key:
        write = choose_key_text(batch.key_case)
        by_text = {write(key): value for key, value in data.items()}
        requested = list(map(write, keys))
        records = [by_text.get(key) for key in requested]
        report_unrequested(operation, by_text.keys() - requested)
    elif isinstance(data, list) and batch.key and not isinstance(data, InKeyOrder):
        records = _by_key(operation, batch, data, keys)
    elif isinstance(data, list):
        records = _in_order(operation, data, keys)
    else:
        raise UpstreamBadReply(operation, f"expected a list of records in the batch reply, got {describe_kind(data)}")
    return [_create_reply(record, reply, group=batch.group) for record in records]


def report_unrequested(operation: Operation, records: Collection[Any]) -> None:
    """Count and log the records of a batch's reply whose keys were not requested, where there are any."""
    if records:
        detail = f"{len(records)} records of a batch's reply have a key that was not requested"
        report_loss(operation, "records", len(records), detail)


def report_duplicates(operation: Operation, count: int) -> None:
    """Count and log the records of a batch's reply that came after the first one of their key, where there are any."""
    if count:
        detail = f"{count} records of a batch's reply have the key of another; group=True gives a list for each key"
        report_loss(operation, "duplicates", count, detail)


def _by_key(operation: Operation, batch: Batch, records: list[Any], keys: Sequence[Hashable]) -> list[Any]:
    found: dict[str, list[Any]] = {}
    lost: UpstreamError | None = None
    write = choose_key_text(batch.key_case)
    if batch.parts:
        write = partial(_write_together, write)
    for record in records:
        key = _find_keys(record, batch)
        if isinstance(key, UpstreamError):
            lost = lost or key
        elif record is not None:
            found.setdefault(write(key), []).append(record)
    requested = list(map(write, keys))
    if len(found) > len(keys) or not found.keys() <= set(requested):
        pairs = pair_decimals(found.keys() - requested, set(requested) - found.keys())
        for key, equal in pairs.items():
            found.setdefault(equal, []).extend(found.pop(key))
        report_unrequested(operation, [record for key in found.keys() - requested for record in found[key]])
    if batch.group:
        return [found.get(key, lost) for key in requested]
    report_duplicates(operation, sum(len(each) - 1 for key, each in found.items() if len(each) > 1))
    return [found[key][0] if key in found else lost for key in requested]


def _write_together(write: Callable[[Any], str], keys: Sequence[Any]) -> str:
    """The text of a key that is a tuple."""
    return "\0".join(map(write, keys))


def _find_keys(record: Any, batch: Batch) -> Any:
    """The key of a record; a tuple where it has several parts."""
    if not batch.parts:
        return _find_key(record, batch.key)
    keys = tuple([_find_key(record, path) for path in batch.parts.values()])
    return next((each for each in keys if isinstance(each, UpstreamError)), keys)


def _find_key(record: Any, path: tuple[str, ...]) -> Any:
    """The key of a record, also of one that reports a failure; the error in its place where it has none."""
    if not isinstance(record, UpstreamError):
        return at_path(record, path)
    is_in_record = any(isinstance(each, AnswerFailure) for each in record.details)
    key = at_path(record.body, path) if is_in_record else None
    return record if key is None else key


def _in_order(operation: Operation, records: list[Any], keys: Sequence[Hashable]) -> list[Any]:
    if len(records) != len(keys):
        raise UpstreamBadReply(operation, f"{len(keys)} keys were requested in order, {len(records)} records came back")
    return records


def _create_reply(record: Any, reply: Reply, *, group: bool) -> Reply | UpstreamError:
    if isinstance(record, UpstreamError):
        return record
    answer = Reply(
        [] if group and record is None else record, status=reply.status, headers=reply.headers, header=reply.header
    )
    answer.bound = reply.bound
    return answer
