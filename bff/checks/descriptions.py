"""Compare endpoints and schemas with what upstreams say of themselves: WSDL, proto files, SDL, OpenAPI.

Files beside bff.yaml are always read. With `online`, upstreams that describe themselves are asked too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphql import GraphQLObjectType

from bff.authoring.strawberry_insides import is_default_resolver, own_field_of
from bff.checks.replies import ReplyChecker, check_paths, find_record_type
from bff.checks.requests import check_arguments
from bff.checks.sources import Sources
from bff.checks.uses import AnyEndpoint, Use
from bff.upstreams import Upstream, UpstreamSettings
from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Operation
from connectors.descriptions import Describes, Description, RequestUse
from connectors.errors import ConnectorError, DefinitionError
from connectors.kinds import load_kind

_SECONDS = 30.0
"""That reading one description may take."""
_PREFIX = re.compile(r"\A(?:upstreams\.)?[\w-]+(?:\.\w+)?: ")
"""The name of the upstream, with which connectors begin what they say of its files."""


@dataclass(slots=True)
class Compared:
    """What was found, one line each. Lines about endpoints and fields begin with a place."""

    unusable: list[str] = field(default_factory=list)
    """Descriptions that cannot be used."""
    requests: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    request_warnings: list[str] = field(default_factory=list)
    reply_warnings: list[str] = field(default_factory=list)


async def compare_descriptions(
    upstreams: Mapping[str, UpstreamSettings],
    endpoints: Iterable[AnyEndpoint],
    uses: Iterable[Use],
    sources: Sources,
    *,
    online: bool,
) -> Compared:
    """Read the descriptions and compare everything with them."""
    found = Compared()
    chosen = {
        name: each
        for name, each in upstreams.items()
        if each.connector.description_source == "file" or (online and each.connector.description_source == "upstream")
    }
    descriptions = await asyncio.gather(*(_read_description(each, found) for each in chosen.values()))
    known = {name: each for name, each in zip(chosen, descriptions, strict=True) if each is not None}
    parameters = _check_endpoints(endpoints, known, found)
    _check_uses(list(uses), known, parameters, ReplyChecker(sources), found)
    return found


async def _read_description(settings: UpstreamSettings, found: Compared) -> Description | None:
    """What an upstream says of itself; None, with a line of why, where it cannot be used."""
    name = settings.name
    try:
        connector = load_kind(settings.kind).connect(name, settings.connector, SYSTEM_CLOCK)
        Upstream(settings, connector)  # gives it the headers of bff.yaml
        try:
            async with asyncio.timeout(_SECONDS):
                return await connector.describe() if isinstance(connector, Describes) else None
        finally:
            await connector.close()
    except ConnectorError as error:
        problem = getattr(error, "detail", "") or str(error)
    except TimeoutError:
        problem = f"its description was not read in {_SECONDS:g} s"
    except OSError as error:
        problem = f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
    found.unusable.append(f"upstreams.{name}: {_PREFIX.sub('', problem, count=1)}")
    return None


def _check_endpoints(
    endpoints: Iterable[AnyEndpoint], known: Mapping[str, Description], found: Compared
) -> dict[int, RequestUse]:
    """What endpoints send and where they look for records; the types of their parameters by the endpoint's id."""
    requests: dict[int, RequestUse] = {}
    for endpoint in endpoints:
        description = known.get(endpoint.operation.upstream)
        if description is None or type(endpoint.operation) is Operation:  # of no kind: a test's or a connector's own
            continue
        try:
            use = description.check_request(endpoint.operation)
        except DefinitionError as error:
            found.requests.append(f"{endpoint.place} {error}")
            continue
        requests[id(endpoint)] = use
        found.requests += [f"{endpoint.place} {endpoint.name}: {problem}" for problem in use.problems]
        found.request_warnings += [f"{endpoint.place} {doubt}" for doubt in use.doubts]
        found.replies += [f"{endpoint.place} {endpoint.name}: {each}" for each in check_paths(endpoint, description)]
    return requests


def _check_uses(
    uses: list[Use],
    known: Mapping[str, Description],
    requests: Mapping[int, RequestUse],
    checker: ReplyChecker,
    found: Compared,
) -> None:
    for use in uses:
        endpoint = use.via.endpoint
        description = known.get(endpoint.operation.upstream)
        request = requests.get(id(endpoint))
        if description is None or request is None or request.problems:
            checker.add_free(use.field.type)
            continue
        found.request_warnings += [
            f"{use.via.place} {use.label}: {problem}" for problem in check_arguments(use, request.parameters)
        ]
        try:
            checker.add(use, find_record_type(endpoint, description))
        except DefinitionError:
            checker.add_free(use.field.type)  # reported with the endpoint
    for type_, field_ in _iterate_resolved(uses):
        checker.add_free(type_.fields[field_].type)
    found.replies += checker.list_errors()
    found.reply_warnings += checker.list_warnings()


def _iterate_resolved(uses: Iterable[Use]) -> Iterator[tuple[GraphQLObjectType, str]]:
    """The fields that an author's code resolves."""
    fetched = {(use.type.name, use.name) for use in uses}
    for schema in {id(use.schema): use.schema for use in uses}.values():
        for type_ in schema.type_map.values():
            if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
                continue
            for name, each in type_.fields.items():
                own = own_field_of(each)
                resolves = own is not None and own.base_resolver is not None
                if resolves and (type_.name, name) not in fetched and not is_default_resolver(each.resolve):
                    yield type_, name
