"""Prepare: a document becomes a Plan, parsed, limited and validated once. Called by the gateway for every request."""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from bff.contract import Caching, Refused
from bff.engine.adapters.compiled import Program
from bff.engine.incremental.by_id import MOST, increments_in, whole
from bff.engine.prepare.cache_control import caching_of

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""Those of the specification, and those that strawberry adds for its own input types."""

overlapping.MAX_COMPLEXITY_BUDGET = 50_000
"""The rule compares every two fields of one name; 250,000 comparisons, its own bound, are 0.7 s of CPU (measured)."""

MOST_ERRORS = 5
"""Of validation: each holds a print of what it complains of, so that twenty were 0.13 s of CPU (measured)."""
MOST_CHARACTERS = 100_000
"""Of a document: strings, comments and blank lines are few tokens, however long they are."""

_SWITCH_SECONDS = 0.0005
"""How long the event loop waits for each turn while a document is made. Python's own 5 ms, many times a request, had
others wait for 0.2 s (measured)."""
_MAKER = ThreadPoolExecutor(
    1, thread_name_prefix="bff-prepare", initializer=sys.setswitchinterval, initargs=(_SWITCH_SECONDS,)
)
"""Where unknown documents are made, one at a time, so that whoever asks known ones does not wait for them."""

Rule = Callable[[DocumentNode, OperationDefinitionNode], None]
"""Looks at a document before it is validated; raises Refused to stop it."""
Check = Callable[[Mapping[str, Any]], None]
"""Looks at the variables of one request; raises Refused to stop it."""
RequestRule = Callable[[DocumentNode, OperationDefinitionNode], Check]
"""Looks at a valid document once, and makes what is asked for each of its requests; may raise Refused at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation, ready to run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    whole: DocumentNode
    """The document as it runs for one response, without @defer and @stream."""
    is_incremental: bool
    """Whether it asks for an answer in parts, and not in too many."""
    program: Program
    """`whole`, compiled."""
    program_in_parts: Program | None = None
    """The document itself, where it asks for an answer in parts."""
    caching: Caching | None = None
    """How long an answer without errors may be kept; None for not at all."""
    checks: Sequence[Check] = ()
    """What the variables of each request must pass."""
    kind: str = field(init=False)
    """`query`, `mutation` or `subscription`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.operation.operation.value)  # asked for several times in each request


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
        *,
        rules: Sequence[Rule] = (),
        request_rules: Sequence[RequestRule] = (),
        most_tokens: int,
        most: int = 1000,
        most_bytes: int = 500_000,
    ) -> None:
        self._schema = schema
        self._rules = rules
        self._request_rules = request_rules
        self._most_tokens = most_tokens
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._plans: OrderedDict[tuple[str, str | None], Plan] = OrderedDict()
        self._kept: dict[tuple[str, str | None], Plan] = {}
        self._making: dict[tuple[str, str | None], asyncio.Future[Plan]] = {}

    def keep(self, query: str, operation_name: str | None) -> None:
        """Prepare an operation for good: whatever else is asked, its plan stays, under its name and under none.

        Raises Invalid for the document's faults and Refused for limits.
        """
        plan = self._make(query, operation_name)
        name = plan.operation.name
        self._kept[query, None] = self._kept[query, name.value if name else None] = plan

    def prepare(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan:
        """The plan of an operation. Raises Invalid for the document's faults and Refused for limits."""
        return self._checked(self._known(query, operation_name), variables)

    def _checked(self, plan: Plan, variables: Mapping[str, Any]) -> Plan:
        if plan.checks:
            try:
                for check in plan.checks:
                    check(variables)
            except RecursionError as error:
                raise _too_deep() from error
        return plan

    def ready(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan | None:
        """The plan of an operation that is known; None for another one. Raises Refused for limits."""
        key = (query, operation_name)
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
        else:
            plan = self._kept.get(key)
        return None if plan is None else self._checked(plan, variables)

    async def prepare_aside(self, query: str, operation_name: str | None, variables: Mapping[str, Any]) -> Plan:
        """`prepare`, which keeps the event loop free while it makes the plan of an unknown document."""
        key = (query, operation_name)
        if key not in self._plans and key not in self._kept:
            self._keep(key, await asyncio.shield(self._made_aside(key)))
        return self.prepare(query, operation_name, variables)

    def _made_aside(self, key: tuple[str, str | None]) -> asyncio.Future[Plan]:
        """The plan that is being made, once for all who ask for it meanwhile; nobody who leaves ends it for others."""
        making = self._making.get(key)
        if making is None:
            making = asyncio.get_running_loop().run_in_executor(_MAKER, self._make, *key)
            self._making[key] = making
            making.add_done_callback(lambda done: (self._making.pop(key), done.cancelled() or done.exception()))
        return making

    def _known(self, query: str, operation_name: str | None) -> Plan:
        key = (query, operation_name)
        if key in self._kept:
            return self._kept[key]
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
            return plan
        plan = self._make(query, operation_name)
        self._keep(key, plan)
        return plan

    def _keep(self, key: tuple[str, str | None], plan: Plan) -> None:
        if key in self._plans:
            return  # two requests brought it at once
        self._plans[key] = plan
        self._bytes += len(key[0])
        while len(self._plans) > self._most or self._bytes > self._most_bytes:
            (old, _), _ = self._plans.popitem(last=False)
            self._bytes -= len(old)

    def _make(self, query: str, operation_name: str | None) -> Plan:
        if len(query) > MOST_CHARACTERS:
            message = f"The document has {len(query)} characters; at most {MOST_CHARACTERS} are allowed."
            raise Refused("DOCUMENT_TOO_LARGE", message)
        with _bounded_nesting():
            return self._made(query, operation_name)

    def _made(self, query: str, operation_name: str | None) -> Plan:
        try:
            document = parse(query, max_tokens=self._most_tokens)
        except GraphQLSyntaxError as error:
            raise _limit(error, self._most_tokens) or Invalid([error]) from error
        operation = _operation(document, operation_name)
        for rule in self._rules:
            rule(document, operation)
        if errors := validate(self._schema, document, _RULES, max_errors=MOST_ERRORS):
            raise Invalid(errors)
        if self._schema.get_root_type(operation.operation) is None:
            raise Invalid([GraphQLError(f"The schema has no {operation.operation.value} type.", operation)])
        count = increments_in(document)
        alone = whole(document) if count else document
        program = Program(self._schema, alone, _operation(alone, operation_name))
        is_incremental = 0 < count <= MOST
        in_parts = Program(self._schema, document, operation) if is_incremental else None
        caching = caching_of(self._schema, document, operation)
        checks = [rule(document, operation) for rule in self._request_rules]
        return Plan(document, operation, alone, is_incremental, program, in_parts, caching, checks)


@contextmanager
def _bounded_nesting() -> Iterator[None]:
    """Turn RecursionError into a refusal: of long chains of fragments each is shallow, so that no parser stops them."""
    try:
        yield
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> Refused:
    return Refused("TOO_DEEP", "The document is nested too deeply; ask for less at once.")


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """GetOperation of the GraphQL specification, section 6.1."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not operations:
        raise Refused("OPERATION_NOT_FOUND", "The document has no operation; write a query, mutation or subscription.")
    if name is None:
        if len(operations) > 1:
            names = ", ".join(node.name.value for node in operations if node.name)
            raise Refused("OPERATION_NAME_NEEDED", f"The document has several operations; send operationName: {names}.")
        return operations[0]
    for node in operations:
        if node.name and node.name.value == name:
            return node
    raise Refused("OPERATION_NOT_FOUND", f'The document has no operation named "{name[:100]}".')


def _limit(error: GraphQLSyntaxError, most_tokens: int) -> Refused | None:
    """The parser's own limits are told apart from faults of the document by their words only."""
    if "more than" in error.message and "tokens" in error.message:
        message = f"The document has more than {most_tokens} tokens, the most that this frontend takes."
        return Refused("TOO_MANY_TOKENS", message)
    if "nested too deeply" in error.message:
        return _too_deep()
    return None
