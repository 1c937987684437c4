"""Resolve one field for all objects of a set (GraphQL specification, section 6.4.2). Used by bff.engine.execute.run.

Exceptions are values here: what a resolver raises stands in the place of what it would have returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo, default_field_resolver

from bff.engine.compile.resolvers import RESOLVER_CALL, Attribute, Method, RecordPart
from bff.engine.compile.shapes import Step
from bff.engine.execute.attributes import read_attributes, read_entries
from bff.engine.execute.paths import Paths, core_path_to
from bff.engine.graphql_core import Executor

Values = list[Any]


def resolve_values(executor: Executor[Any], step: Step, sources: Values, paths: Paths) -> Values:
    """The values of attributes, and what resolvers return."""
    resolution = step.resolution if executor.middleware_manager is None else RESOLVER_CALL
    if isinstance(resolution, RecordPart):
        return list(map(resolution.get, sources))
    if isinstance(resolution, Method) and not resolution.is_simple:
        return _call_methods(executor, resolution, step, sources, paths)
    if isinstance(resolution, Attribute | Method):
        return read_attributes(resolution, sources)
    return _call_resolvers(executor, step, sources, paths)


def build_info(executor: Executor[Any], step: Step, paths: Paths, row: int) -> GraphQLResolveInfo[Any]:
    """The info that a resolver gets about the field of one object."""
    path = core_path_to(paths, row)
    return executor.build_resolve_info(step.field, step.nodes, step.parent_type, path)


def _call_methods(executor: Executor[Any], method: Method, step: Step, sources: Values, paths: Paths) -> Values:
    """What methods return that take more than the object, or that are for objects of one class only."""
    if method.only_class is not None and set(map(type, sources)) != {method.only_class}:
        return _call_resolvers(executor, step, sources, paths)
    try:
        method = method.bind(step.coerce_arguments(executor.variable_values))
    except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
        return [error] * len(sources)
    make_info = method.make_info
    if make_info is None:
        return read_attributes(method, sources)
    infos = (make_info(build_info(executor, step, paths, row)) for row in range(len(sources)))
    return read_attributes(method, sources, infos)


def _call_resolvers(executor: Executor[Any], step: Step, sources: Values, paths: Paths) -> Values:
    """What resolvers with graphql-core's signature return, or raise."""
    resolve: Callable[..., Any] = step.field.resolve or executor.field_resolver
    try:
        arguments = step.coerce_arguments(executor.variable_values)
    except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
        return [error] * len(sources)
    shared = None
    if executor.middleware_manager is not None:
        resolve = executor.middleware_manager.get_field_resolver(resolve)
    elif step.is_introspective:
        shared = build_info(executor, step, paths, 0)
    elif resolve is default_field_resolver:
        return _resolve_by_default(executor, step, sources, paths, arguments)
    values: Values = []
    for row, source in enumerate(sources):
        try:
            values.append(resolve(source, shared or build_info(executor, step, paths, row), **arguments))
        except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
            values.append(error)
    return values


def _resolve_by_default(
    executor: Executor[Any], step: Step, sources: Values, paths: Paths, arguments: dict[str, Any]
) -> Values:
    """As graphql-core's default resolver: what objects hold under the field's name; callables are called."""
    values = read_entries(step.name, sources)
    if any(map(callable, dict(zip(map(type, values), values, strict=True)).values())):  # one of each kind
        for row, call in enumerate(values):
            if callable(call):
                try:
                    values[row] = call(build_info(executor, step, paths, row), **arguments)
                except Exception as error:  # noqa: BLE001 - as above
                    values[row] = error
    return values
