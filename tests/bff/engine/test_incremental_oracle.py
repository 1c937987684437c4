"""@defer and @stream on the engine against graphql-core's incremental executor: drawn queries, values drawn by path.

Where nothing is waited for, every part is the same: ids, labels, what is announced and completed when, errors, order.
Where values come later, all parts together are. Seeds are as in test_differential.
"""

from __future__ import annotations

import gc
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    ConstArgumentNode,
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLSchema,
    GraphQLStreamDirective,
    InlineFragmentNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    execute,
    get_nullable_type,
    is_list_type,
    parse,
    parse_value,
    print_ast,
    validate,
    visit,
)
from graphql.execution import ExperimentalIncrementalExecutionResults
from graphql.execution.execute import experimental_execute_incrementally
from graphql.language import NameNode

from bff.engine.adapters.executor import SetExecutor, fallbacks, natives
from bff.engine.prepare.increments import strip_increments
from tests.bff.engine.drawing import Values, arguments_of
from tests.bff.engine.merging import merged
from tests.bff.engine.test_differential import SCHEMA as WHOLE
from tests.bff.engine.writing import Writer
from tests.seeds import scaled, seeds

SCHEMA = GraphQLSchema(
    **{**WHOLE.to_kwargs(), "directives": (*WHOLE.directives, GraphQLDeferDirective, GraphQLStreamDirective)}
)


class Parting(Visitor):
    """Defers fragments and streams lists of a query, by chance."""

    def __init__(self, seed: int, types: TypeInfo) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.types = types

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: object) -> Any:
        return self.defer(node)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> Any:
        return self.defer(node)

    def enter_field(self, node: FieldNode, *_: object) -> Any:
        type_ = self.types.get_type()
        if type_ is not None and is_list_type(get_nullable_type(type_)) and self.chance.random() < 0.4:
            return self.add(node, "stream", initialCount=self.chance.choice(["0", "1", "2"]), label=self.label())
        return None

    def defer(self, node: InlineFragmentNode | FragmentSpreadNode) -> Any:
        if self.chance.random() < 0.6:
            chosen = {"if": self.chance.choice(["true", "$yes"]), "label": self.label()}
            return self.add(node, "defer", **{name: chosen[name] for name in chosen if self.chance.random() < 0.7})
        return None

    def label(self) -> str:
        return f'"l{self.chance.randrange(10**6)}"'

    def add(self, node: Any, name: str, **arguments: str) -> Any:
        given = tuple(
            ConstArgumentNode(name=NameNode(value=each), value=parse_value(text)) for each, text in arguments.items()
        )
        directive = DirectiveNode(name=NameNode(value=name), arguments=given)
        return replace(node, directives=(*(node.directives or ()), directive))


def drawn(seed: int) -> tuple[DocumentNode, dict[str, Any]] | None:
    """A valid query with parts, and its variables; None where the drawn one is not valid."""
    writer = Writer(SCHEMA, seed)
    document = parse(writer.document())
    types = TypeInfo(SCHEMA)
    document = parse(print_ast(visit(document, TypeInfoVisitor(types, Parting(seed, types)))))
    return None if validate(SCHEMA, document) else (document, writer.variables)


async def parts_of(document: DocumentNode, values: Values, variables: dict[str, Any], **options: Any) -> list[Any]:
    """Every part as it would be sent."""
    result: Any = experimental_execute_incrementally(SCHEMA, **arguments_of(document, values, variables), **options)
    if not isinstance(result, ExecutionResult | ExperimentalIncrementalExecutionResults):
        result = await result
    if isinstance(result, ExecutionResult):
        return [{**result.formatted, "hasNext": False}]
    later = [part.formatted async for part in result.subsequent_results]
    return [result.initial_result.formatted, *later]


def text_of(parts: Any) -> str:
    return json.dumps(parts, default=repr)


@pytest.mark.soak
@pytest.mark.parametrize("trouble", [0, 20, 100])
@pytest.mark.parametrize("is_early", [False, True])
async def test_the_same_parts(trouble: int, is_early: bool) -> None:
    """With nothing to wait for, byte for byte."""
    before, left, in_parts = natives.total(), fallbacks.total(), 0
    for seed in seeds(250):
        if (case := drawn(seed)) is None:
            continue
        document, variables = case
        values = Values(seed, trouble=trouble, is_async=False)
        expected = await parts_of(document, values, variables, enable_early_execution=is_early)
        actual = await parts_of(
            document, values, variables, enable_early_execution=is_early, executor_class=SetExecutor
        )
        assert text_of(actual) == text_of(expected), f"seed {seed}: {print_ast(document)}"
        in_parts += len(actual) > 1
    assert in_parts > scaled(50)
    assert natives.total() - before > in_parts
    assert fallbacks.total() == left


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # graphql-core's own: see `Later`
@pytest.mark.soak
@pytest.mark.parametrize("trouble", [0, 20])
@pytest.mark.parametrize("is_early", [False, True])
async def test_the_same_answer_when_values_come_later(trouble: int, is_early: bool) -> None:
    """All parts together; without trouble they are also the answer of the query without the directives."""
    for seed in seeds(150):
        if (case := drawn(seed)) is None:
            continue
        document, variables = case
        values = Values(seed, trouble=trouble, is_async=True)
        told = f"seed {seed}: {print_ast(document)}"
        expected = await parts_of(document, values, variables)  # begun early, graphql-core hangs with some of them
        actual = await parts_of(
            document, values, variables, enable_early_execution=is_early, executor_class=SetExecutor
        )
        if actual[0].get("data") is None:
            assert expected[0].get("data") is None, told
            continue
        data, errors = merged(json.loads(text_of(actual)))
        other, others = merged(json.loads(text_of(expected)))
        assert data == other, told
        assert bool(errors) == bool(others), told
        if not trouble:
            alone: Any = execute(WHOLE, **arguments_of(strip_increments(document), values, variables))
            answer = alone if isinstance(alone, ExecutionResult) else await alone
            assert data == json.loads(text_of(answer.data)), told
    gc.collect()  # so that what graphql-core left alone is found here and not in another test
