"""Endpoints of upstreams that bff.yaml lacks, or has of another kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bff.authoring.problems import suggest_nearest
from bff.checks.uses import AnyEndpoint, kind_of
from bff.upstreams import UpstreamSettings


def find_wrong_upstreams(endpoints: Iterable[AnyEndpoint], upstreams: Mapping[str, UpstreamSettings]) -> dict[int, str]:
    """A line for each such endpoint, by its id. It begins with the endpoint's place."""
    found = ((endpoint, _find_problem(endpoint, upstreams)) for endpoint in endpoints)
    return {id(endpoint): f"{endpoint.place} {problem}" for endpoint, problem in found if problem}


def _find_problem(endpoint: AnyEndpoint, upstreams: Mapping[str, UpstreamSettings]) -> str | None:
    name, kind = endpoint.operation.upstream, kind_of(endpoint)
    if name not in upstreams:
        return f'bff.yaml has no upstream "{name}"; {suggest_nearest(name, upstreams)}'
    if kind is not None and kind != upstreams[name].kind:
        return (
            f'the upstream "{name}" is {upstreams[name].kind} in bff.yaml, and this endpoint is {kind}; '
            f'write {upstreams[name].kind}("{name}"), or change the key in bff.yaml'
        )
    return None
