"""Random valid operations over GitHub's schema: graphql-core's executor and ours give the same bytes and errors.

Half of them are written by hypothesis-graphql, which knows nothing of us. Values are wrong, null, exceptions or come
later by a hash of their path. Seeds are as in tests.seeds.
"""

from __future__ import annotations

import gc
import random
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    execute,
    get_introspection_query,
    get_named_type,
    is_abstract_type,
    is_scalar_type,
    is_specified_scalar_type,
    parse,
    print_ast,
    validate,
)
from graphql.execution.execute import experimental_execute_incrementally
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from bff.engine.adapters.executor import SetExecutor, fallbacks, natives
from tests.bff.engine.drawing import Values, nulled, outcome, text_of, told
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.writing import Writer
from tests.public_schemas.github import github
from tests.seeds import IS_SOAK, scaled, seeds

pytestmark = pytest.mark.timeout(300)  # a minute of one core; others may need it too
SHORT = 25
"""Root fields that hypothesis-graphql draws from in `make test`."""
TROUBLES = (0, 30, 200)
"""Of 1000 values so many are wrong."""


async def same(document: DocumentNode, number: int, variables: dict[str, Any], done: Comparisons) -> None:
    """Run it with several sets of values, at once and with awaitables among them."""
    schema = github()
    for trouble in TROUBLES:
        for is_async in (False, True):
            asked, expected_of = (Values(number, trouble=trouble, is_async=is_async) for _ in range(2))
            expected = await outcome(schema, document, expected_of, variables, ours=False)
            done.note(expected)
            actual = await outcome(schema, document, asked, variables, ours=True)
            label = f"seed {number}, trouble {trouble}, is_async {is_async}, {variables}: {print_ast(document)}"
            assert text_of(actual) == text_of(expected), label
            if is_async:  # which of several errors is told for one null depends on which comes first
                assert nulled(actual) == nulled(expected), label
            else:
                assert told(actual) == told(expected), label


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # graphql-core's own: see `Later`
async def test_operations_of_our_own() -> None:
    """Aliases, merged fields, fragments on whatever fits, directives, variables: all that a document can hold."""
    before = natives.total(), fallbacks.total()
    tried, done = 0, Comparisons()
    for number in seeds(400):
        writer = Writer(github(), number)
        document = parse(writer.document())
        if not validate(github(), document):
            tried += 1
            await same(document, number, writer.variables, done)
    gc.collect()  # what graphql-core left alone is found here and not in another test
    assert natives.total() - before[0] == tried * len(TROUBLES) * 2
    assert fallbacks.total() == before[1]
    assert tried > scaled(300)
    done.check(soak=1500, short=250)
    print(f"{tried} documents, {natives.total() - before[0]} comparisons")


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "count"), [("query", 100), ("deep", 10), ("mutation", 25)])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_operations_of_hypothesis_graphql(kind: str, count: int) -> None:
    """Written by a stranger to this project."""
    done = Comparisons()
    for number in seeds(1, fresh=1):
        for document in drawn(kind, count if IS_SOAK else count // 5, number):
            await same(document, number, {}, done)
    done.check(soak=count * 6 // 2, short=count // 5 * 6 // 2)
    gc.collect()


def drawn(kind: str, count: int, number: int) -> list[DocumentNode]:
    """Operations by hypothesis-graphql; `deep` ones start from fields of hundreds of types, and take long to draw."""
    schema = github()
    scalars = {
        name: st.just(nodes.String("x"))
        for name, type_ in schema.type_map.items()
        if is_scalar_type(type_) and not is_specified_scalar_type(type_)
    }
    root = schema.mutation_type if kind == "mutation" else schema.query_type
    assert root is not None
    fields = [
        name for name, field in root.fields.items() if is_abstract_type(get_named_type(field.type)) == (kind == "deep")
    ]
    if not IS_SOAK:  # all of them take ten seconds and more to prepare
        fields = random.Random(number).sample(fields, min(len(fields), SHORT))
    make: Any = mutations if kind == "mutation" else queries
    found: list[DocumentNode] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(make(schema, fields=fields, custom_scalars=scalars, print_ast=lambda document: document))
    def draw(document: DocumentNode) -> None:
        found.append(parse(print_ast(document)))  # with locations, to be compared in errors

    draw()
    return found


async def test_introspection() -> None:
    """Everything that tools ask about 1,600 types."""
    document = parse(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    expected = execute(github(), document)
    actual: Any = experimental_execute_incrementally(github(), document, executor_class=SetExecutor)
    assert text_of(actual) == text_of(expected)  # type: ignore[arg-type]
    assert len(text_of(actual)) > 1_000_000
