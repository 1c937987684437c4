"""All checks of a loaded project, as findings. Called by the commands `check` and `serve`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from graphql import GraphQLSchema

from bff.authoring.nplusone import find_n_plus_one, find_types_in_lists
from bff.authoring.strawberry_insides import definition_of
from bff.authoring.untold_types import find_untold_types
from bff.checks.descriptions import compare_descriptions
from bff.checks.files import find_unusable_files
from bff.checks.findings import Finding, finding_of, place_lines
from bff.checks.resolver_calls import find_calls
from bff.checks.sources import Sources
from bff.checks.upstreams import find_wrong_upstreams
from bff.checks.uses import list_endpoints, list_uses
from bff.config import Settings


async def check_project(
    settings: Settings, schemas: Mapping[str, GraphQLSchema], config: Path, *, online: bool = False
) -> list[Finding]:
    """What is wrong with a project, in the order of files and lines. `schemas` are those of its frontends.

    With `online`, upstreams are asked for their descriptions where they have any.
    """
    sources = Sources(settings.folder, settings.module_folder)
    uses = list_uses(schemas.values())
    endpoints = list_endpoints(sources, uses)
    cached = {name for name, each in settings.upstreams.items() if each.policies.cache is not None}
    wrong_calls, repeated_calls = find_calls(sources, set(_list_classes_in_lists(schemas.values())), cached)
    wrong_upstreams = find_wrong_upstreams(endpoints, settings.upstreams)
    endpoints = [each for each in endpoints if id(each) not in wrong_upstreams]
    unusable = list(find_unusable_files(settings))
    readable = {name: each for name, each in settings.upstreams.items() if name not in {name for name, _ in unusable}}
    compared = await compare_descriptions(readable, endpoints, uses, sources, online=online)
    n_plus_one = [line for schema in schemas.values() for line in find_n_plus_one(schema, cached)]

    untold = [line for schema in schemas.values() for line in find_untold_types(schema)]

    def place(lines: Iterable[str], severity: str, code: str) -> Iterator[Finding]:
        return place_lines(lines, severity, code, sources, config)  # type: ignore[arg-type]  # literals below

    found = [
        *(finding_of(each, "note") for each in settings.warnings),
        *place([line for _, line in unusable if line], "error", "file"),
        *place(compared.unusable, "error", "file"),
        *place(wrong_upstreams.values(), "error", "upstream"),
        *place(wrong_calls, "error", "call"),
        *place(compared.requests, "error", "request"),
        *place(compared.replies, "error", "reply"),
        *place(compared.request_warnings, "warning", "request"),
        *place(compared.reply_warnings, "warning", "reply"),
        *place(untold, "warning", "type"),
        *place([*n_plus_one, *repeated_calls], "warning", "n-plus-one"),
    ]
    return sorted(set(found))


def _list_classes_in_lists(schemas: Iterable[GraphQLSchema]) -> Iterator[str]:
    """The classes whose objects stand in lists."""
    for schema in schemas:
        for name in find_types_in_lists(schema):
            definition = definition_of(schema.type_map[name])
            if definition is not None:
                yield f"{definition.origin.__module__}.{definition.origin.__name__}"
