"""How an endpoint's replies become the values of one step. Used by bff.engine.execute.fetch.

Optimistic, then exact: replies are read as projected records, which costs a fraction, and where one does not fit, as
the author's own types, whose every misfit is an error at its path. The first reply is always read so: what is read
once is not worth a class of its own, and it shows what the upstream calls things.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any

from graphql import GraphQLSchema

from bff.authoring.computed import RECORDS
from bff.authoring.cooperative import convert_in_slices
from bff.authoring.records import Convert, Records, choose_converter
from bff.engine.compile.projection import Names, NoProjection, Projection, learn_names, project
from bff.engine.compile.shapes import ListOutput, ObjectOutput, Output
from bff.loading.batch_result import BatchResult
from bff.loading.lost_paths import warn_of_lost_path
from connectors.batching import InKeyOrder, report_duplicates, report_unrequested, single_reply
from connectors.contract import Reply, at_path
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamError
from connectors.forms import Record, Unfit
from connectors.messages.keys import choose_key_text, pair_decimals

Values = dict[Hashable, Any]
MAX_SKIPPED = 1000
"""Replies read the exact way at most, before the fast way is tried again on an upstream whose replies do not fit it."""


class ReplyReader:
    """Reads the replies of one endpoint for one step."""

    def __init__(
        self,
        schema: GraphQLSchema,
        output: Output,
        convert: Convert,
        endpoint: Endpoint,
        *,
        has_empty_lists: bool = False,
    ) -> None:
        records = schema.extensions.get(RECORDS)
        self._records: Records | None = records if isinstance(records, Records) else None
        if has_empty_lists and self._records is not None:
            self._records, convert = self._records.with_empty_lists, choose_converter(convert)
        self._output = output
        self._convert = convert
        self._endpoint = endpoint
        self._names: Names = {}
        self._projection: Projection | None = None
        self._to_skip, self._skips = 1, 1
        self._is_in_order = endpoint.batch is not None and not endpoint.batch.key
        """Whether a batch's answers come in the order of its keys: always, or because the connector sees to it."""

    async def read_one(self, reply: Reply) -> Any:
        """The value of a reply about one thing. Raises what reading it raises."""
        projection = self._choose_projection()
        if projection is not None:
            try:
                value = reply.fit_into(projection.form)
            except Unfit:
                self._note_misfit()
            else:
                self._skips = 1
                return value
        data = await reply.read()
        self._learn_names(data)
        if data is None:
            warn_of_lost_path(self._endpoint, reply)
        return data if isinstance(data, UpstreamError) else await convert_in_slices(self._convert, data)

    async def read_batch(self, answers: Sequence[BatchResult], *, may_complete: bool) -> tuple[Values, bool]:
        """The value, or the exception in its place, of each key; and whether values are the response's already.

        They are not where they may not be, because other values of the same column will have to be completed.
        """
        projection = self._choose_projection()
        if projection is not None:
            try:
                values = self._read_records(answers, projection)
            except Unfit:
                self._note_misfit()
            else:
                self._skips = 1
                return _complete_values(values, projection.finish if may_complete else None)
        return await self._read_exactly(answers), False

    def _read_records(self, answers: Sequence[BatchResult], projection: Projection) -> Values:
        values: Values = {}
        for each in answers:
            if isinstance(each.reply, Exception):
                values.update(dict.fromkeys(each.keys, each.reply))
            elif each.is_single:
                values[each.keys[0]] = single_reply(self._endpoint, each.reply).fit_into(projection.form)
            else:
                values.update(self._assign_to_keys(each.keys, each.reply, projection))
        return values

    def _assign_to_keys(self, keys: Sequence[Hashable], reply: Reply, projection: Projection) -> Values:
        """As connectors.batching.deal."""
        batch = self._endpoint.batch
        if batch is None or not (projection.key or self._is_in_order):
            raise Unfit
        at = self._endpoint.many_at
        records: list[Record] = (reply.point_at(at) if at else reply).fit_into(projection.batch)
        if batch.key and isinstance(records, InKeyOrder) != self._is_in_order:
            raise Unfit
        if self._is_in_order:
            return _assign_in_order(keys, reply, records, is_grouped=batch.group)
        record_keys = list(map(attrgetter(projection.key), records))
        kinds = {*map(type, keys), *map(type, record_keys)}
        requested = list(keys)
        if batch.key_case != "exact" or (kinds != {int} and kinds != {str}):  # else "7" may be meant by 7
            write = choose_key_text(batch.key_case)
            requested, record_keys = list(map(write, keys)), list(map(write, record_keys))
        operation = self._endpoint.operation
        if batch.group:
            grouped: dict[Any, list[Record]] = {}
            for key, record in zip(record_keys, records, strict=True):
                grouped.setdefault(key, []).append(record)
            if unknown := grouped.keys() - requested:
                _refuse_decimals(unknown, requested, grouped)
                report_unrequested(operation, [record for key in unknown for record in grouped[key]])
            return {key: grouped.get(own, []) for key, own in zip(keys, requested, strict=True)}
        if record_keys == requested:
            return dict(zip(keys, records, strict=True))
        found = dict(zip(reversed(record_keys), reversed(records), strict=True))  # the first of those with one key
        if unknown := found.keys() - requested:
            _refuse_decimals(unknown, requested, found)
            report_unrequested(operation, [key for key in record_keys if key in unknown])
        report_duplicates(operation, len(records) - len(found))
        return {key: found.get(own) for key, own in zip(keys, requested, strict=True)}

    async def _read_exactly(self, answers: Sequence[BatchResult]) -> Values:
        values: Values = {}
        for each in answers:
            is_large = isinstance(each.reply, Reply) and each.reply.is_large
            if is_large:
                await _read_large(each, self._endpoint)
            for key, outcome in each.outcomes(self._endpoint).items():
                data = _get_data(outcome)
                if isinstance(data, Exception):
                    values[key] = data
                elif is_large:
                    values[key] = await convert_in_slices(self._convert, data)
                else:
                    values[key] = self._convert(data)
            if isinstance(each.reply, Reply) and each.reply.is_read:
                at = self._endpoint.at if each.is_single else self._endpoint.many_at
                data = at_path(each.reply.data, at)
                if self._endpoint.batch is not None and self._endpoint.batch.key and not each.is_single:
                    self._is_in_order = isinstance(data, InKeyOrder)
                self._learn_names(data)
        return values

    def _choose_projection(self) -> Projection | None:
        """The fast way, where there is one and it is not being passed over."""
        if self._to_skip:
            self._to_skip -= 1
            return None
        if self._projection is None and self._records is not None:
            try:
                self._projection = project(
                    self._records, self._output, self._names, key=self._batch_key(), in_order=self._is_in_order
                )
            except NoProjection:
                self._records = None
        return self._projection

    def _batch_key(self) -> str | None:
        """The field that identifies the records of a batch, where they are a list of the field's own objects."""
        batch = self._endpoint.batch
        if batch is None or len(batch.key) != 1 or batch.parts or self._is_in_order:
            return None
        record = self._output.items if batch.group and isinstance(self._output, ListOutput) else self._output
        return batch.key[0] if isinstance(record, ObjectOutput) else None

    def _note_misfit(self) -> None:
        """Pass the fast way over: not now, and the more often it misses, the longer."""
        self._projection = None
        self._skips = min(self._skips * 2, MAX_SKIPPED)
        self._to_skip = self._skips - 2

    def _learn_names(self, data: Any) -> None:
        if self._records is not None and self._projection is None:
            learn_names(self._records, self._output, data, self._names)


async def _read_large(answer: BatchResult, endpoint: Endpoint) -> None:
    """Decode a large reply before its parts are read."""
    outcomes = answer.outcomes(endpoint).values() if answer.is_single else (answer.reply,)
    for outcome in outcomes:
        if isinstance(outcome, Reply):
            await outcome.read_if_large()


def _get_data(outcome: Reply | Exception) -> Any:
    """The data of a reply, or the exception in its place."""
    if isinstance(outcome, Exception):
        return outcome
    try:
        return outcome.data
    except Exception as error:  # noqa: BLE001 - reading may fail as sending may
        return error


def _refuse_decimals(unknown: Collection[Any], requested: Collection[Any], found: Collection[Any]) -> None:
    """Leave keys such as "7.00" for 7 to the exact way. Raises Unfit."""
    if pair_decimals([str(key) for key in unknown], [str(key) for key in requested if key not in found]):
        raise Unfit


def _assign_in_order(keys: Sequence[Hashable], reply: Reply, answers: Sequence[Any], *, is_grouped: bool) -> Values:
    """As connectors.batching.deal, where answers come in the order of their keys."""
    if len(answers) != len(keys):
        raise Unfit
    if reply.bound is not None:
        try:
            for answer in answers:
                if isinstance(answer, list):
                    reply.bound(answer)
        except UpstreamError as error:
            raise Unfit from error
    if is_grouped:
        answers = [[] if answer is None else answer for answer in answers]
    return dict(zip(keys, answers, strict=True))


def _complete_values(values: Values, finish: Callable[[Sequence[Any]], list[Any]] | None) -> tuple[Values, bool]:
    """The response's own values at once, where that takes nothing but the records and nothing failed."""
    if finish is None:
        return values, False
    kinds = set(map(type, values.values()))
    if any(issubclass(kind, Exception) for kind in kinds):
        return values, False
    if NoneType not in kinds:
        return dict(zip(values, finish(list(values.values())), strict=True)), True
    present = {key: value for key, value in values.items() if value is not None}
    return {**values, **dict(zip(present, finish(list(present.values())), strict=True))}, True
