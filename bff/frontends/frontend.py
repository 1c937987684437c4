"""One frontend: its schema, its limits, its plans. Made from `frontends.<name>` of bff.yaml by `load_frontends`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import strawberry
from graphql import DocumentNode, FieldNode, GraphQLSchema, OperationDefinitionNode, Visitor, visit

from bff.authoring import FrontendSchema, SchemaError
from bff.authoring.frontend import adopt as adopt_records
from bff.contract import Example, FrontendCard, Refused
from bff.engine import reference
from bff.engine.plan import Plans, Rule
from bff.frontends.documents import Documents
from bff.frontends.documents_open import open_documents
from bff.frontends.modules import import_from
from bff.frontends.options import Options
from bff.policies.inbound.cost import CostLimit
from bff.policies.inbound.depth import DepthLimit
from bff.policies.inbound.introspection import IntrospectionLimit
from bff.policies.inbound.variables import limit_variables

__all__ = ["Frontend", "load_frontends", "make_frontend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontend:
    """A frontend that can answer."""

    name: str
    options: Options
    schema: strawberry.Schema
    core: GraphQLSchema
    plans: Plans
    documents: Documents

    @property
    def card(self) -> FrontendCard:
        """What the HTTP room knows of it."""
        examples: Sequence[Example] = getattr(self.schema, "examples", ())
        description = self.options.description or getattr(self.schema, "description", "") or ""
        batch = self.options.batch.most if self.options.batch else None
        return FrontendCard(name=self.name, description=description, examples=examples, batch=batch)

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled engine may run it: an author's schema extensions need graphql-core's executor."""
        return self.options.engine == "compiled" and set(self.schema.extensions) <= {reference.FromPlan}

    @property
    def sdl(self) -> str:
        """The schema in GraphQL's schema language, as checked in beside it."""
        return self.schema.as_str().strip() + "\n"


def make_frontend(name: str, options: Options, schema: strawberry.Schema) -> Frontend:
    """A frontend from its schema, which may be any strawberry schema. Raises SchemaError for a faulty manifest."""
    adopt_records(schema)
    reference.adopt(schema)
    limits = options.limits
    rules: list[Rule] = []
    if limits.depth is not None:
        rules.append(DepthLimit(limits.depth))
    if not options.introspection:
        rules.append(_refuse_introspection)
    core = schema._schema  # noqa: SLF001 - strawberry has no public name for it
    rules.append(IntrospectionLimit(core))
    costs = [CostLimit(limits.cost)] if limits.cost is not None else []
    plans = Plans(core, rules=rules, request_rules=[limit_variables, *costs], most_tokens=limits.tokens)
    documents = open_documents(name, options.documents, plans)
    return Frontend(name=name, options=options, schema=schema, core=core, plans=plans, documents=documents)


def load_frontends(options: Mapping[str, Options], folder: Path) -> dict[str, Frontend]:
    """Import every frontend's schema, looking beside bff.yaml first. Raises SchemaError with all problems at once."""
    loaded: dict[str, Frontend] = {}
    problems: list[str] = []
    for name, own in options.items():
        try:
            loaded[name] = make_frontend(name, own, _schema(folder, own.schema_module))
        except SchemaError as error:
            problems += [f"frontends.{name}: {problem}" for problem in error.problems]
    if problems:
        raise SchemaError(problems)
    return loaded


def _schema(folder: Path, module_name: str) -> strawberry.Schema:
    module = import_from(folder, module_name)
    schema = getattr(module, "schema", None)
    if not isinstance(schema, FrontendSchema | strawberry.Schema):
        where = Path(getattr(module, "__file__", None) or module_name)
        raise SchemaError([f"{where.name} of {module_name} has no `schema`; add `schema = frontend(query=Query)`"])
    return schema


def _refuse_introspection(document: DocumentNode, operation: OperationDefinitionNode) -> None:
    class Find(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            if node.name.value in {"__schema", "__type"}:
                raise Refused(
                    "INTROSPECTION_DISABLED", "This frontend does not show its schema; ask its team for the SDL."
                )

    visit(document, Find())
