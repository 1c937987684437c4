"""OpenAPI as a Description: paths, parameters, bodies, replies. Used through the connector by `bff check`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, unquote_plus

from connectors.contract import Operation
from connectors.descriptions import ANYTHING, DataType, RequestUse, check_written, suggest_name
from connectors.errors import DefinitionError
from connectors.messages.templates import parse_text
from connectors.rest.encode.body import BodyTemplate
from connectors.rest.operations import RequestTemplate, RestOperation
from connectors.rest.options import Options
from connectors.rest.schema_bodies import describe_body, describe_content
from connectors.rest.schema_document import Document, get_list, get_mapping, is_true
from connectors.rest.schema_paths import Match, find_matches, list_paths, suggest_path
from connectors.rest.schema_types import TypeReader

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_NUMBERS = {"integer": re.compile(r"[+-]?\d+"), "number": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")}


@dataclass(slots=True)
class _Findings:
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    parameters: dict[str, DataType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    type: DataType
    is_required: bool
    is_spread: bool
    """Whether the fields of the object are parameters of their own."""


@dataclass(frozen=True, slots=True)
class _Described:
    """The operation that an endpoint's URL and method certainly are."""

    match: Match
    operation: Mapping[str, Any]


class OpenApiDescription:
    """Of one upstream."""

    def __init__(self, document: Document, options: Options) -> None:
        self._document = document
        self._options = options
        self._paths = list_paths(document)
        self._url_types = TypeReader(document, is_reply=False, as_text=True)
        self._replies = TypeReader(document, is_reply=True)

    def check_request(self, operation: Operation) -> RequestUse:
        """As Description."""
        assert isinstance(operation, RestOperation)
        found = _Findings()
        for template in (operation.one, operation.many):
            if template is not None:
                self._check_template(operation, template, found)
        label = f"{operation.upstream}: {operation.name}"
        return RequestUse(
            problems=tuple(dict.fromkeys(found.problems)),
            doubts=tuple(dict.fromkeys(f"{label}: {each}" for each in found.doubts)),
            parameters=found.parameters,
        )

    def describe_reply(self, operation: Operation, *, is_batch: bool) -> DataType:
        """As Description."""
        assert isinstance(operation, RestOperation)
        template = operation.many if is_batch or operation.one is None else operation.one
        described = None if template is None else self._find(operation, template, _Findings())
        if described is None or operation.method == "HEAD":
            return ANYTHING
        kind = None if operation.reply is None else operation.reply.kind
        return describe_content(self._document, self._replies, described.operation, kind)

    def _find(self, operation: RestOperation, template: RequestTemplate, found: _Findings) -> _Described | None:
        """None where the URL may be one of several. Raises DefinitionError where it is none."""
        label = f"{operation.upstream}: {operation.method} {template.url.path}"
        matches = find_matches(self._paths, self._options.address, template.url)
        if not matches:
            hint = suggest_path(self._paths, template.url)
            raise DefinitionError(f"{label}: the OpenAPI description has no such path; {hint}")
        method = operation.method.lower()
        fitting = [each for each in matches if method in each.path.item]
        if not fitting:
            if method == "options" or (method == "head" and any("get" in each.path.item for each in matches)):
                return None
            names = [each.upper() for each in _METHODS if each in matches[0].path.item]
            raise DefinitionError(
                f"{label}: the OpenAPI description has {matches[0].path.text} with {', '.join(names) or 'no method'}, "
                f"not with {operation.method}"
            )
        best = fitting[0]
        if best.missing_base:
            base = "/" + "/".join(best.missing_base)
            found.doubts.append(f"the description has {best.path.text} below {base}, which the address lacks")
        if best.is_slash_wrong:
            found.doubts.append(f"the description has {best.path.text}, which differs in the slash at its end")
        node = self._document.resolve(best.path.item[method])
        rivals = [
            each for each in fitting[1:] if each.constants >= best.constants and (each.is_exact or each.path.is_vague)
        ]
        if not best.is_exact or rivals or not isinstance(node, Mapping):
            return None
        return _Described(best, node)

    def _check_template(self, operation: RestOperation, template: RequestTemplate, found: _Findings) -> None:
        described = self._find(operation, template, found)
        if described is None:
            return
        parameters, is_complete = self._list_parameters(described)
        _check_path(template, described.match, parameters["path"], found)
        self._check_query(template, parameters["query"], is_complete, found)
        _check_headers(template, parameters["header"], found)
        self._check_body(template.body, template.headers.written, described.operation, found)

    def _list_parameters(self, described: _Described) -> tuple[dict[str, dict[str, _Parameter]], bool]:
        """By place and name, and whether all are known. Those of the operation replace those of its path."""
        found: dict[str, dict[str, _Parameter]] = {"path": {}, "query": {}, "header": {}}
        is_complete = True
        for written in [
            *get_list(described.match.path.item, "parameters"),
            *get_list(described.operation, "parameters"),
        ]:
            node = self._document.resolve(written)
            if not isinstance(node, Mapping) or not isinstance(node.get("name"), str):
                is_complete = False
                continue
            place = found.get(str(node.get("in")))
            if place is not None:
                parameter = self._read_parameter(node)
                place[parameter.name.lower() if node["in"] == "header" else parameter.name] = parameter
        return found, is_complete

    def _read_parameter(self, node: Mapping[str, Any]) -> _Parameter:
        name = node["name"]
        schema = node if self._document.is_swagger else node.get("schema")
        type_ = self._url_types.describe(schema, f"the parameter {name}")
        style = node.get("style") or "form"
        is_spread = style == "form" and ("explode" not in node or is_true(node["explode"])) and "content" not in node
        plain = self._document.resolve(schema)
        return _Parameter(
            name=name,
            type=type_,
            is_required=is_true(node.get("required")) and not (isinstance(plain, Mapping) and "default" in plain),
            is_spread=is_spread and type_.fields is not None,
        )

    def _check_query(
        self, template: RequestTemplate, known: Mapping[str, _Parameter], is_complete: bool, found: _Findings
    ) -> None:
        spread = [each.type for each in known.values() if each.is_spread]
        names = {*known, *self._list_key_names(), *(name for each in spread for name in _list_fields(each))}
        is_open = not is_complete or any(each.is_open for each in spread)
        has_any = False
        for written, parts in template.url.pairs:
            name = unquote_plus(written.removesuffix("="))
            if not written:
                has_any = True  # {filter*}: the names are those of its entries
                continue
            parameter = known.get(name)
            if parameter is not None and not parameter.is_spread:
                _check_value(parts, parameter.type, f"the query parameter {name}", found)
            elif not (is_open or name in names or _has_brackets(name, names, parts)):
                hint = suggest_name(name, tuple(sorted(names)))
                found.doubts.append(f'the description has no query parameter "{name}"; {hint}')
        if has_any:
            return
        given = {unquote_plus(written.removesuffix("=")).partition("[")[0] for written, _ in template.url.pairs}
        given |= {each.partition("[")[0] for each in self._options.query}
        found.problems += [
            f'the query parameter "{name}" is required, and is not in the path'
            for name, each in known.items()
            if each.is_required and not each.is_spread and name.partition("[")[0] not in given
        ]

    def _list_key_names(self) -> Iterator[str]:
        """The names of API keys, which descriptions have apart from parameters."""
        components = get_mapping(self._document.data, "components")
        for schemes in (
            get_mapping(components, "securitySchemes"),
            get_mapping(self._document.data, "securityDefinitions"),
        ):
            for written in schemes.values():
                each = self._document.resolve(written)
                if isinstance(each, Mapping) and each.get("in") == "query" and isinstance(each.get("name"), str):
                    yield each["name"]

    def _check_body(
        self, body: BodyTemplate | None, headers: Any, operation: Mapping[str, Any], found: _Findings
    ) -> None:
        kind = None if body is None else body.kind
        content_type = headers.get("content-type", "") if isinstance(headers, Mapping) else ""
        described = describe_body(self._document, operation, kind, content_type)
        if body is None:
            if described.is_required:
                found.problems.append("the description requires a body, and none is sent; write json= or form=")
            return
        if described.problem:
            found.doubts.append(described.problem)
        if described.describe is None or kind in ("text", "file"):
            return
        place = "the body" if kind == "json" else "the form"
        as_text = kind != "json"
        uses = [
            check_written(
                body.written,
                described.describe(TypeReader(self._document, is_reply=False, is_closed=each, as_text=as_text)),
                place,
            )
            for each in (False, True)
        ]
        found.problems += uses[0].problems
        found.doubts += [each for each in uses[1].problems if each not in uses[0].problems]
        found.parameters.update(uses[1].parameters)


def _list_fields(type_: DataType) -> Iterator[str]:
    yield from type_.fields() if type_.fields is not None else ()


def _has_brackets(name: str, names: set[str], parts: tuple[Any, ...]) -> bool:
    """Whether a name is a part of a parameter, `page[size]`, `ids[]`, or a parameter is a part of it."""
    base, bracket, _ = name.partition("[")
    is_deep = bool(bracket) or any(not isinstance(part, str) and part.style == "deep" for part in parts)
    return (bool(bracket) and base in names) or (is_deep and any(each.startswith(f"{base}[") for each in names))


def _check_path(template: RequestTemplate, match: Match, known: Mapping[str, _Parameter], found: _Findings) -> None:
    for index, name in enumerate(match.path.names):
        place = index + match.offset
        parameter = known.get(name)
        if parameter is not None and 0 <= place < len(template.url.segments):
            _check_value(template.url.segments[place], parameter.type, f"the path parameter {name}", found)


def _check_headers(template: RequestTemplate, known: Mapping[str, _Parameter], found: _Findings) -> None:
    """Names that are nearly those of a header described; others are sent for reasons that descriptions do not have."""
    written = template.headers.written
    for name, value in written.items() if isinstance(written, Mapping) else ():
        if name in known:
            parts = parse_text(value) if isinstance(value, str) else (str(value),)
            _check_value(parts, known[name].type, f"the header {name}", found, is_quoted=False)
            continue
        near = get_close_matches(name, [each for each in known if each not in written], n=1, cutoff=0.8)
        if near:
            found.doubts.append(f'the description has no header "{name}"; did you mean "{known[near[0]].name}"?')


def _check_value(
    parts: tuple[Any, ...], type_: DataType, place: str, found: _Findings, *, is_quoted: bool = True
) -> None:
    """A value of a URL or header: a constant, or a parameter whose type it is."""
    if len(parts) == 1 and not isinstance(parts[0], str):
        if type_.fields is None or getattr(parts[0], "style", "") == "deep":
            found.parameters.setdefault(parts[0].name, type_)
        return
    if not all(isinstance(part, str) for part in parts):
        return
    text = "".join(parts)
    decode = (unquote_plus if place.startswith("the query") else unquote) if is_quoted else str
    single = type_.item() if type_.item is not None else type_
    problem = _find_mismatch(decode(text), single)
    if problem and type_.item is not None:
        each = re.split(r"[,|; ]|%2C|%7C", text)
        problem = next(filter(None, (_find_mismatch(decode(item), single) for item in each)), "")
    if problem:
        found.problems.append(f"{place} is {problem}")


def _find_mismatch(text: str, type_: DataType) -> str:
    if not text:
        return ""
    if type_.values:
        if text in type_.values:
            return ""
        return f'one of an enum, which has no value "{text}"; {suggest_name(text, type_.values)}'
    pattern = _NUMBERS.get(type_.scalar or "")
    return f'of kind {type_.scalar}, and "{text}" is sent' if pattern and not pattern.fullmatch(text) else ""
