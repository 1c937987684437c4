"""Prepare: a document becomes a Plan, parsed, limited and validated once. Called by the gateway for every request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from bff.authoring.strawberry_insides import MaybeNullValidationRule, OneOfInputValidationRule
from bff.contract import Caching, Problem, Refused
from bff.engine.graphql_core import limit_merge_comparisons
from bff.engine.prepare.cache_control import caching_of
from bff.engine.prepare.history import History
from bff.engine.prepare.increments import MAX_INCREMENTS, count_increments, strip_increments
from bff.engine.prepare.program import MakeProgram, Program
from connectors.aio.attempt import Attempt
from connectors.aio.lru import LRU

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""Those of the specification, and those that strawberry adds for its own input types."""

limit_merge_comparisons(50_000)
"""The rule compares every two fields of one name; 250,000 comparisons, its own bound, are 0.7 s of CPU (measured)."""

MAX_ERRORS = 5
"""Of validation: each holds a print of what it complains of, so that twenty were 0.13 s of CPU (measured)."""
MAX_CHARACTERS = 100_000
"""Of a document: strings, comments and blank lines are few tokens, however long they are."""

_SWITCH_SECONDS = 0.0005
"""How often Python switches threads while a plan is made. With its own 5 ms, others waited for 0.2 s (measured)."""
_MAKER = ThreadPoolExecutor(
    1, thread_name_prefix="bff-prepare", initializer=sys.setswitchinterval, initargs=(_SWITCH_SECONDS,)
)
"""Makes plans of unknown documents, one at a time, so that requests with known documents do not wait for them."""

Rule = Callable[[DocumentNode, OperationDefinitionNode], None]
"""Looks at a document before it is validated; raises Refused to stop it."""
Check = Callable[[Mapping[str, Any]], None]
"""Looks at the variables of one request; raises Refused to stop it."""
RequestRule = Callable[[DocumentNode, OperationDefinitionNode], Check]
"""Looks at a valid document once, and makes the check for each of its requests; may raise Refused at once."""


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
    kind: str = field(init=False)
    """`query`, `mutation` or `subscription`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.operation.operation.value)  # read several times in each request


class Invalid(Exception):
    """The document does not parse or does not fit the schema. `errors` are the specification's."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Plans:
    """The plans of one frontend: a cache bounded by count and by the characters of the documents in it (LRU).

    A plan takes about 80 bytes of memory per character of its document (measured).
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
        max_characters: int = 500_000,
    ) -> None:
        self._schema = schema
        self._make_program = make_program
        self._rules = rules
        self._request_rules = request_rules
        self._max_tokens = max_tokens
        self._plans: LRU[tuple[str, str | None], Plan] = LRU(max_plans, max_weight=max_characters)
        self._kept: dict[tuple[str, str | None], Plan] = {}
        self._making: dict[tuple[str, str | None], Attempt[Plan]] = {}

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

    async def prepare_in_thread(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan:
        """`prepare`, which keeps the event loop free while it makes the plan of an unknown document."""
        key = (query, operation_name)
        if key not in self._plans and key not in self._kept:
            self._remember(key, await self._make_in_thread(key))
        return self.prepare(query, operation_name, variables)

    def _make_in_thread(self, key: tuple[str, str | None]) -> Awaitable[Plan]:
        """The plan in the making, once for all requests that need it; cancelling one does not end it for others."""
        if key not in self._making:
            self._making[key] = Attempt(partial(self._run_in_thread, key))
        return self._making[key].wait()

    async def _run_in_thread(self, key: tuple[str, str | None]) -> Plan:
        try:
            return await asyncio.get_running_loop().run_in_executor(_MAKER, self._make_plan, *key)
        finally:
            del self._making[key]

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
            self._plans.put(key, plan, len(key[0]))

    def _make_plan(self, query: str, operation_name: str | None) -> Plan:
        if len(query) > MAX_CHARACTERS:
            message = f"The document has {len(query)} characters; at most {MAX_CHARACTERS} are allowed."
            raise Problem.DOCUMENT_TOO_LARGE.refusal(message)
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
        checks = [rule(document, operation) for rule in self._request_rules]
        return Plan(document, operation, whole, is_incremental, program, in_parts, caching, checks)


@contextmanager
def _refuse_deep_nesting() -> Iterator[None]:
    """Turn RecursionError into a refusal: of long chains of fragments each is shallow, so that no parser stops them."""
    try:
        yield
    except RecursionError as error:
        raise _nesting_refusal() from error


def _nesting_refusal() -> Refused:
    return Problem.TOO_DEEP.refusal("The document is nested too deeply; ask for less at once.")


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
    """The parser's own limits are told apart from faults of the document by their words only."""
    if "more than" in error.message and "tokens" in error.message:
        message = f"The document has more than {max_tokens} tokens, the most that this frontend takes."
        return Problem.TOO_MANY_TOKENS.refusal(message)
    if "nested too deeply" in error.message:
        return _nesting_refusal()
    return None
