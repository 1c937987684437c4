"""Prepare: a document becomes a Plan, parsed, limited and validated once. Called by the gateway for every request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    Source,
    parse,
    specified_rules,
    validate,
)

from bff.authoring.inputs import MaybeNullRule
from bff.authoring.strawberry_insides import OneOfInputValidationRule
from bff.contract import Caching, Problem, Refused
from bff.engine.graphql_core import limit_merge_comparisons
from bff.engine.prepare.cache_control import caching_of
from bff.engine.prepare.history import History
from bff.engine.prepare.increments import MAX_INCREMENTS, count_increments, strip_increments
from bff.engine.prepare.program import MakeProgram, Program
from bff.engine.prepare.queue import PrepareQueue
from connectors.aio.lru import LRU
from connectors.aio.segmented_lru import SegmentedLRU

_RULES = (*specified_rules, MaybeNullRule, OneOfInputValidationRule)
"""Those of the specification, and those that strawberry adds for its own input types."""

limit_merge_comparisons(50_000)
"""The rule compares every two fields of one name; 250,000 comparisons, its own bound, are 0.7 s of CPU (measured)."""

MAX_ERRORS = 5
"""Of validation: each holds a print of what it complains of, so that twenty were 0.13 s of CPU (measured)."""
MAX_CHARACTERS = 100_000
"""Of a document: strings, comments and blank lines are few tokens, however long they are."""

FAULT_SECONDS = 60.0
"""How long the refusal of a document at fault is kept."""
MAX_FAULTS = 1000
"""Of each frontend; each is a few hundred bytes, because nothing of the document is kept."""

_MAX_MESSAGE = 1_000
_MAX_LOCATIONS = 20
"""What is kept of each of its errors, and as much as is shown (bff.engine.errors)."""
_NO_SOURCE = Source("")
_PLAN_BYTES = 10_000
_TOKEN_BYTES = 800
_CHARACTER_BYTES = 2
"""What plans take of the memory, with what is compiled when they first run (measured)."""

Rule = Callable[[DocumentNode, OperationDefinitionNode], None]
"""Looks at a document before it is validated; raises Refused to stop it."""
Check = Callable[[Mapping[str, Any]], None]
"""Looks at the variables of one request; raises Refused to stop it."""
RequestRule = Callable[[DocumentNode, OperationDefinitionNode], Check | None]
"""Looks at a valid document once, and makes the check for each of its requests, None for none; may raise Refused."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation, ready to run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    whole: DocumentNode
    """The document as it runs for one response, without @defer and @stream."""
    is_incremental: bool
    """Whether it has @defer or @stream, and not more than MAX_INCREMENTS."""
    program: Program
    """`whole`, compiled."""
    program_in_parts: Program | None = None
    """The document itself, where it has @defer or @stream."""
    caching: Caching | None = None
    """How long an answer without errors may be kept; None for not at all."""
    checks: Sequence[Check] = ()
    """What the variables of each request must pass."""
    history: History = field(default_factory=History)
    """What its executions have shown so far: the one thing of a plan that changes."""
    size: int = 0
    """Bytes of memory, estimated."""
    kind: str = field(init=False)
    """`query`, `mutation` or `subscription`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.operation.operation.value)  # read several times in each request


class Invalid(Exception):
    """The document does not parse or does not fit the schema. `errors` are the specification's."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors

    def detach(self) -> Invalid:
        """The same without the document, which errors hold by the nodes that they speak of."""
        return Invalid([_detach_error(error) for error in self.errors])


@dataclass(frozen=True, slots=True)
class _Fault:
    """The refusal of a document, which holds nothing of it."""

    problem: Invalid | Refused
    until: float
    """When it is forgotten, in seconds of `time.monotonic()`."""

    def copy(self) -> Invalid | Refused:
        """The refusal, to be raised once more: an exception that is raised holds the frames that it went through."""
        if isinstance(self.problem, Invalid):
            return Invalid(self.problem.errors)
        return _copy_refusal(self.problem)


class Plans:
    """The plans of one frontend, in a cache that is bounded by count and by the memory that they take.

    A document that is sent again is kept apart from those that came once. Refusals of documents are kept for a while.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        make_program: MakeProgram,
        *,
        rules: Sequence[Rule] = (),
        request_rules: Sequence[RequestRule] = (),
        max_tokens: int,
        max_plans: int = 1000,
        max_bytes: int = 40_000_000,
    ) -> None:
        self._schema = schema
        self._make_program = make_program
        self._rules = rules
        self._request_rules = request_rules
        self._max_tokens = max_tokens
        self._plans: SegmentedLRU[tuple[str, str | None], Plan] = SegmentedLRU(max_plans, max_weight=max_bytes)
        self._kept: dict[tuple[str, str | None], Plan] = {}
        self._faults: LRU[tuple[bytes, str | None], _Fault] = LRU(MAX_FAULTS)

    def keep(self, query: str, operation_name: str | None) -> None:
        """Prepare an operation for good: its plan is never evicted. It is found under its name and without a name.

        Raises Invalid for the document's faults and Refused for limits.
        """
        plan = self._make_plan(query, operation_name)
        name = plan.operation.name
        self._kept[query, None] = self._kept[query, name.value if name else None] = plan

    def prepare(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan:
        """The plan of an operation. Raises Invalid for the document's faults and Refused for limits."""
        return self._check_variables(self._get_or_make(query, operation_name), variables)

    def _check_variables(self, plan: Plan, variables: Mapping[str, Any]) -> Plan:
        if plan.checks:
            try:
                for check in plan.checks:
                    check(variables)
            except RecursionError as error:
                raise _nesting_refusal() from error
        return plan

    def find(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan | None:
        """The plan of an operation that is known; None for an unknown one. Raises Refused for limits."""
        key = (query, operation_name)
        plan = self._plans.get(key) or self._kept.get(key)
        return None if plan is None else self._check_variables(plan, variables)

    async def prepare_in_thread(
        self,
        query: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
        *,
        queue: PrepareQueue,
        client: str = "",
    ) -> Plan:
        """`prepare`, which keeps the event loop free while it makes the plan of an unknown document.

        `client` is the address for which it waits in the queue, with others. Raises Refused also when it is full.
        """
        _check_length(query)
        key = (query, operation_name)
        plan = self._plans.get(key) or self._kept.get(key)
        if plan is None:
            fault_key = (blake2b(query.encode("utf-8", "surrogatepass"), digest_size=16).digest(), operation_name)
            self._raise_known_fault(fault_key)
            try:
                plan = await queue.run((id(self), *key), partial(self._make_plan, *key), client)
            except Invalid as invalid:
                self._faults.put(fault_key, _Fault(invalid.detach(), time.monotonic() + FAULT_SECONDS))
                raise
            except Refused as refusal:
                if refusal.code != Problem.TOO_MANY_DOCUMENTS.name:
                    self._faults.put(fault_key, _Fault(_copy_refusal(refusal), time.monotonic() + FAULT_SECONDS))
                raise
            self._remember(key, plan)
        return self._check_variables(plan, variables)

    def _raise_known_fault(self, key: tuple[bytes, str | None]) -> None:
        fault = self._faults.get(key)
        if fault is None:
            return
        if fault.until > time.monotonic():
            raise fault.copy()
        self._faults.discard(key)

    def _get_or_make(self, query: str, operation_name: str | None) -> Plan:
        key = (query, operation_name)
        if key in self._kept:
            return self._kept[key]
        plan = self._plans.get(key)
        if plan is not None:
            return plan
        plan = self._make_plan(query, operation_name)
        self._remember(key, plan)
        return plan

    def _remember(self, key: tuple[str, str | None], plan: Plan) -> None:
        if key not in self._plans:  # two requests may have had it made at once
            self._plans.put(key, plan, plan.size)

    def _make_plan(self, query: str, operation_name: str | None) -> Plan:
        _check_length(query)
        with _refuse_deep_nesting():
            return self._parse_and_compile(query, operation_name)

    def _parse_and_compile(self, query: str, operation_name: str | None) -> Plan:
        try:
            document = parse(query, max_tokens=self._max_tokens)
        except GraphQLSyntaxError as error:
            raise _limit_refusal(error, self._max_tokens) or Invalid([error]) from error
        operation = get_operation(document, operation_name)
        for rule in self._rules:
            rule(document, operation)
        if errors := validate(self._schema, document, _RULES, max_errors=MAX_ERRORS):
            raise Invalid(errors)
        if self._schema.get_root_type(operation.operation) is None:
            raise Invalid([GraphQLError(f"The schema has no {operation.operation.value} type.", operation)])
        count = count_increments(document)
        whole = strip_increments(document) if count else document
        program = self._make_program(self._schema, whole, get_operation(whole, operation_name))
        is_incremental = 0 < count <= MAX_INCREMENTS
        in_parts = self._make_program(self._schema, document, operation) if is_incremental else None
        caching = caching_of(self._schema, document, operation)
        checks = [check for rule in self._request_rules if (check := rule(document, operation)) is not None]
        size = _estimate_size(query, document)
        return Plan(document, operation, whole, is_incremental, program, in_parts, caching, checks, size=size)


def _check_length(query: str) -> None:
    if len(query) > MAX_CHARACTERS:
        message = f"The document has {len(query)} characters; at most {MAX_CHARACTERS} are allowed."
        raise Problem.DOCUMENT_TOO_LARGE.refusal(message)


def _estimate_size(query: str, document: DocumentNode) -> int:
    """Bytes that a plan takes: comments and strings cost their characters, everything else the nodes it becomes."""
    tokens = 0
    token = document.loc.start_token if document.loc else None
    while token is not None:
        tokens += 1
        token = token.next
    return _PLAN_BYTES + _TOKEN_BYTES * tokens + _CHARACTER_BYTES * len(query)


def _copy_refusal(refusal: Refused) -> Refused:
    return Refused(refusal.code, refusal.message, status=refusal.status, headers=refusal.headers, errors=refusal.errors)


def _detach_error(error: GraphQLError) -> GraphQLError:
    if isinstance(error, GraphQLSyntaxError):
        detached: GraphQLError = GraphQLSyntaxError(_NO_SOURCE, 0, "")
        detached.message = error.message[:_MAX_MESSAGE]
    else:
        detached = GraphQLError(error.message[:_MAX_MESSAGE], path=error.path, extensions=error.extensions)
    detached.locations = error.locations[:_MAX_LOCATIONS] if error.locations else None
    return detached


@contextmanager
def _refuse_deep_nesting() -> Iterator[None]:
    """Turn RecursionError into a refusal: of long chains of fragments each is shallow, so that no parser stops them."""
    try:
        yield
    except RecursionError as error:
        raise _nesting_refusal() from error


def _nesting_refusal() -> Refused:
    return Problem.TOO_DEEP.refusal("The document is nested too deeply; select less at once.")


def get_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """GetOperation of the GraphQL specification, section 6.1."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not operations:
        raise Problem.OPERATION_NOT_FOUND.refusal(
            "The document has no operation; write a query, mutation or subscription."
        )
    if name is None:
        if len(operations) > 1:
            names = ", ".join(node.name.value for node in operations if node.name)
            raise Problem.OPERATION_NAME_NEEDED.refusal(
                f"The document has several operations; send operationName: {names}."
            )
        return operations[0]
    for node in operations:
        if node.name and node.name.value == name:
            return node
    raise Problem.OPERATION_NOT_FOUND.refusal(f'The document has no operation named "{name[:100]}".')


def _limit_refusal(error: GraphQLSyntaxError, max_tokens: int) -> Refused | None:
    """Only its text distinguishes an error of the parser's own limits from a fault of the document."""
    if "more than" in error.message and "tokens" in error.message:
        message = f"The document has more than {max_tokens} tokens, the most that this frontend takes."
        return Problem.TOO_MANY_TOKENS.refusal(message)
    if "nested too deeply" in error.message:
        return _nesting_refusal()
    return None
