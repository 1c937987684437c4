"""One frontend: its schema, its limits, its plans. Made from `frontends.<name>` of bff.yaml by `load_frontends`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import strawberry
from graphql import GraphQLSchema

from bff.authoring import FrontendSchema, SchemaError
from bff.authoring.constraints import adopt_constraints
from bff.authoring.frontend import adopt_records
from bff.authoring.strawberry_insides import core_schema
from bff.contract import CrossOrigin, Example, FrontendCard, HeaderRules, UploadLimits
from bff.documents.documents import Documents
from bff.documents.open import open_documents
from bff.engine.adapters import reference
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import Plans, RequestRule, Rule
from bff.frontends.api_keys import ApiKeys
from bff.frontends.modules import import_from
from bff.frontends.options import Options
from bff.frontends.sdl import adopt_federation, print_sdl
from bff.identity.chain import IdentityChain
from bff.identity.provider import IdentityProvider
from bff.validation.constraints import ConstraintRule
from bff.validation.cost import CostLimit
from bff.validation.document_limits import DocumentLimits
from bff.validation.introspection import IntrospectionLimit
from bff.validation.no_introspection import NoIntrospection
from bff.validation.variables import VariablesLimit

__all__ = ["Frontend", "load_frontends", "make_frontend"]


@dataclass(frozen=True, kw_only=True)
class Frontend:
    """A frontend that can answer."""

    name: str
    options: Options
    schema: strawberry.Schema
    core: GraphQLSchema
    plans: Plans
    documents: Documents
    has_extensions: bool
    """Whether the schema has extensions of its author's. They need graphql-core's executor."""
    identity: IdentityChain | None = None
    """Finds its callers; None where all are anonymous."""

    @property
    def card(self) -> FrontendCard:
        """What the HTTP room knows of it."""
        examples: Sequence[Example] = getattr(self.schema, "examples", ())
        description = self.options.description or getattr(self.schema, "description", "") or ""
        match, cors, upload = self.options.match, self.options.cors, self.options.upload
        chosen_by = (*match.header, *([match.api_key.header] if match.api_key else ()))
        proofs = self.identity.headers if self.identity is not None else frozenset[str]()
        sent = (*chosen_by, *sorted(proofs - {*chosen_by}))
        return FrontendCard(
            name=self.name,
            description=description,
            examples=examples,
            batch=self.options.batch.max_operations if self.options.batch else None,
            origins=cors.allow_origins,
            cross_origin=CrossOrigin(
                credentials=cors.allow_credentials, max_age=cors.max_age, headers=(*sent, *cors.allow_headers)
            ),
            chosen_by=chosen_by,
            credential_headers=sent[len(match.header) :],
            payload_headers=frozenset({*self.options.connection_init.headers, *sent}),
            upload=None
            if upload is None
            else UploadLimits(max_files=upload.max_files, max_file_size=upload.max_file_size, timeout=upload.timeout),
            header_rules=None
            if self.options.headers is None
            else HeaderRules(set=tuple(self.options.headers.set.items()), remove=self.options.headers.remove),
            has_identity=self.identity is not None,
        )

    @cached_property
    def not_compiled(self) -> str | None:
        """Why graphql-core runs all of it; None where the compiled engine does."""
        if self.options.engine != "compiled":
            return "engine: reference"
        return "schema extensions" if self.has_extensions else None

    @cached_property
    def is_compiled(self) -> bool:
        """Whether the compiled engine may run it."""
        return self.not_compiled is None

    @property
    def may_share(self) -> bool:
        """Whether callers may share an execution. An author's extension may count or log every one."""
        return self.options.share and not self.has_extensions

    @property
    def sdl(self) -> str:
        """The schema in GraphQL's schema language, as checked in beside it."""
        return print_sdl(self.schema)


def make_frontend(
    name: str,
    options: Options,
    schema: strawberry.Schema,
    providers: Mapping[str, IdentityProvider] = MappingProxyType({}),
) -> Frontend:
    """A frontend from its schema, which may be any strawberry schema. Raises SchemaError for a faulty manifest.

    `providers` has the identity providers that the options name.
    """
    adopt_records(schema)
    reference.adopt(schema)
    adopt_federation(schema)
    limits = options.limits
    core = core_schema(schema)
    rules: list[Rule] = [] if options.introspection else [NoIntrospection(core)]
    rules.append(
        DocumentLimits(
            max_depth=limits.max_depth,
            max_fields=limits.max_fields,
            max_aliases=limits.max_aliases,
            max_root_fields=limits.max_root_fields,
            max_directives=limits.max_directives,
        )
    )
    if problems := adopt_constraints(core):
        raise SchemaError(problems)
    variables = VariablesLimit(
        limits.max_variables_size, max_string_length=limits.max_string_length, max_list_size=limits.max_list_size
    )
    per_request: list[RequestRule] = [variables]
    if limits.max_cost is not None:
        per_request.append(CostLimit(core, limits.max_cost))
    constraints = ConstraintRule(core)
    if constraints.is_needed:
        per_request.append(constraints)
    plans = Plans(
        core,
        CompiledProgram,
        rules=[*rules, IntrospectionLimit(core)],
        request_rules=per_request,
        max_tokens=limits.max_tokens,
    )
    documents = open_documents(name, options.documents, plans)
    return Frontend(
        name=name,
        options=options,
        schema=schema,
        core=core,
        plans=plans,
        documents=documents,
        has_extensions=not set(schema.extensions) <= {reference.FromPlan},
        identity=_create_chain(options, providers),
    )


def _create_chain(options: Options, providers: Mapping[str, IdentityProvider]) -> IdentityChain | None:
    chain = [providers[name] for name in options.identity]
    if options.match.api_key is not None:
        chain.insert(0, ApiKeys(options.match.api_key))
    return IdentityChain(chain, allows_anonymous=options.when_missing == "anonymous") if chain else None


def load_frontends(
    options: Mapping[str, Options],
    folder: Path,
    providers: Mapping[str, IdentityProvider] = MappingProxyType({}),
) -> dict[str, Frontend]:
    """Import every frontend's schema, looking beside bff.yaml first. Raises SchemaError with all problems at once.

    `providers` has the identity providers that the options name.
    """
    loaded: dict[str, Frontend] = {}
    problems: list[str] = []
    for name, own in options.items():
        try:
            loaded[name] = make_frontend(name, own, _import_schema(folder, own.schema_module), providers)
        except SchemaError as error:
            problems += [f"frontends.{name}: {problem}" for problem in error.problems]
    if problems:
        raise SchemaError(problems)
    return loaded


def _import_schema(folder: Path, module_name: str) -> strawberry.Schema:
    module = import_from(folder, module_name)
    schema = getattr(module, "schema", None)
    if not isinstance(schema, FrontendSchema | strawberry.Schema):
        where = Path(getattr(module, "__file__", None) or module_name)
        raise SchemaError([f"{where.name} of {module_name} has no `schema`; add `schema = frontend(query=Query)`"])
    return schema
