"""Calls of endpoints in the project's own code, found in its syntax trees: wrong parameters, and calls per object."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from types import ModuleType
from typing import Any

from bff.checks.sources import Sources, shorten
from bff.checks.uses import AnyEndpoint
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint

_OF_PUBLISH = ("key", "headers")
"""What every PublishEndpoint takes beside its parameters."""
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class CallFinder:
    """Walks the functions of one module."""

    def __init__(self, path: Path, module: ModuleType, listed: Set[str], cached_upstreams: Set[str]) -> None:
        """`listed` are the classes whose objects stand in lists, as `module.Class`."""
        self._shown = shorten(path)
        self._module = module
        self._listed = listed
        self._cached = cached_upstreams
        self.wrong: list[str] = []
        self.repeated: list[str] = []

    def visit_module(self, tree: ast.Module) -> None:
        """Find the calls in all functions, also those of classes."""
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, _Function):
                    self._visit_function(child, node)

    def _visit_function(self, function: _Function, parent: ast.AST) -> None:
        local = _list_local_names(function)
        owner = f"{self._module.__name__}.{parent.name}" if isinstance(parent, ast.ClassDef) else ""
        first = function.args.args[0].arg if owner in self._listed and function.args.args else ""
        for call, loops in _iterate_calls(function):
            endpoint = self._resolve(call.func, local)
            if endpoint is None:
                continue
            place = f"{self._shown}:{call.lineno}:{call.col_offset + 1}"
            if problem := _check_call(endpoint, call):
                self.wrong.append(f"{place} {problem}")
            if isinstance(endpoint, Endpoint):
                self._check_repetition(endpoint, call, loops, first, place)

    def _check_repetition(
        self, endpoint: Endpoint, call: ast.Call, loops: list[ast.AST], first: str, place: str
    ) -> None:
        """An endpoint without a list form that is called for each object of a list, or in a loop."""
        if endpoint.batch is not None or endpoint.each is not None or endpoint.operation.upstream in self._cached:
            return
        used = {
            node.id for each in (*call.args, *call.keywords) for node in ast.walk(each) if isinstance(node, ast.Name)
        }
        hint = f"Give it a list form with many=, or allow it with each=8 at {endpoint.place}"
        if first and first in used:
            self.repeated.append(f"{place} {endpoint.name} is called once per object of a list (N+1). {hint}")
        elif any(used & _list_targets(loop) for loop in loops):
            self.repeated.append(f"{place} {endpoint.name} is called once per round of a loop (N+1). {hint}")

    def _resolve(self, node: ast.expr, local: Set[str]) -> AnyEndpoint | None:
        """The endpoint that an expression such as `catalog.products` names, by the globals of the module."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in local:
            return None
        value: Any = vars(self._module).get(node.id)
        for name in reversed(names):
            if value is None or isinstance(value, AnyEndpoint):
                return None
            value = _read_plainly(value, name)
        return value if isinstance(value, Endpoint | StreamEndpoint | PublishEndpoint) else None


def find_calls(
    sources: Sources, listed: Set[str], cached_upstreams: Set[str] = frozenset()
) -> tuple[list[str], list[str]]:
    """Wrong calls and repeated ones, one line each, which begins with `file:line:column`."""
    wrong: list[str] = []
    repeated: list[str] = []
    for path, module in sources.modules.items():
        tree = sources.read_tree(path)
        if tree is not None:
            finder = CallFinder(path, module, listed, cached_upstreams)
            finder.visit_module(tree)
            wrong += finder.wrong
            repeated += finder.repeated
    return wrong, repeated


def _read_plainly(value: Any, name: str) -> Any:
    """An attribute of a module, class or object, without running code of its author."""
    inside = getattr(value, "__dict__", None)
    return inside.get(name) if isinstance(inside, Mapping) else None


def _check_call(endpoint: AnyEndpoint, call: ast.Call) -> str | None:
    given = [each.arg for each in call.keywords if each.arg is not None]
    takes_message = isinstance(endpoint, PublishEndpoint)
    if any(isinstance(each, ast.Starred) for each in call.args):
        return None
    if len(call.args) > int(takes_message):
        return f"{endpoint.name} takes its parameters by name: {', '.join(endpoint.parameters) or 'none'}"
    if takes_message:
        given = [name for name in given if name not in _OF_PUBLISH]
    if any(each.arg is None for each in call.keywords):  # **arguments may give all that is needed
        given += [name for name, is_required in endpoint.parameters.items() if is_required]
    return endpoint.problem_with(given)


def _iterate_calls(function: _Function) -> Iterator[tuple[ast.Call, list[ast.AST]]]:
    """The calls in a function, and the loops around each. Functions inside have their own turn."""
    todo: list[tuple[ast.AST, list[ast.AST]]] = [(each, []) for each in function.body]
    while todo:
        node, loops = todo.pop()
        if isinstance(node, _Function):
            continue
        if isinstance(node, ast.Call):
            yield node, loops
        inner = [*loops, node] if isinstance(node, _LOOPS) else loops
        todo += [(each, inner) for each in ast.iter_child_nodes(node)]


def _list_targets(loop: ast.AST) -> set[str]:
    """The names that a loop changes with every round."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        targets: list[ast.AST] = [loop.target]
    else:
        targets = [each.target for each in getattr(loop, "generators", ())]
    return {node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name)}


def _list_local_names(function: _Function) -> set[str]:
    """The names that mean something else in a function than in its module."""
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
    return names | {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
