"""Bodies of requests and replies in an OpenAPI description: which content it is, and its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.descriptions import ANYTHING, DataType
from connectors.rest.schema_document import Document, get_list, get_mapping, is_true
from connectors.rest.schema_types import TypeReader, unite

_KINDS = {
    "form": ("application/x-www-form-urlencoded",),
    "multipart": ("multipart/form-data", "multipart/mixed", "multipart/related"),
}
_BY_ANY = ("*/*", "application/*")


@dataclass(frozen=True, slots=True)
class DescribedBody:
    """What a request may send."""

    describe: Callable[[TypeReader], DataType] | None = None
    """None where nothing is known of it."""
    is_required: bool = False
    problem: str = ""
    """Why the kind of body does not fit."""


def describe_body(
    document: Document, operation: Mapping[str, Any], kind: str | None, content_type: str
) -> DescribedBody:
    """The body of a request; `kind` is that of the endpoint, None where it sends none."""
    if document.is_swagger:
        return _describe_old_body(document, operation, kind)
    body = document.resolve(operation.get("requestBody"))
    if not isinstance(body, Mapping):
        is_unknown = "requestBody" in operation or kind is None
        return DescribedBody(problem="" if is_unknown else "the description has no body here, and one is sent")
    is_required = is_true(body.get("required"))
    content = get_mapping(body, "content")
    if kind is None or not content:
        return DescribedBody(is_required=is_required)
    found = [each for media, each in content.items() if _is_media(media, kind, content_type)]
    if not found:
        shown = ", ".join(content)
        return DescribedBody(problem=f"the description takes {shown}, and {kind}= is sent")
    if len(found) > 1 or not isinstance(found[0], Mapping):
        return DescribedBody()
    name = "the form" if kind in _KINDS else "the body"
    return DescribedBody(lambda reader: reader.describe(found[0].get("schema"), name))


def _is_media(media: str, kind: str, content_type: str) -> bool:
    name = media.partition(";")[0].strip().lower()
    if content_type:
        return name in (content_type.partition(";")[0].strip().lower(), *_BY_ANY)
    if kind == "json":
        return is_json_media(name)
    return kind not in _KINDS or name in _KINDS[kind] or name in _BY_ANY


def is_json_media(media: str) -> bool:
    """Whether a media type, or range, is that of JSON."""
    name = media.partition(";")[0].strip().lower()
    return name in (*_BY_ANY, "application/json", "text/json") or name.endswith("+json")


def _describe_old_body(document: Document, operation: Mapping[str, Any], kind: str | None) -> DescribedBody:
    """Of Swagger 2.0, where bodies and the fields of forms are parameters."""
    parameters = [document.resolve(each) for each in get_list(operation, "parameters")]
    if not all(isinstance(each, Mapping) for each in parameters):
        return DescribedBody()
    bodies = [each for each in parameters if each.get("in") == "body"]
    form = {str(each.get("name")): each for each in parameters if each.get("in") == "formData"}
    is_required = any(is_true(each.get("required")) for each in (*bodies, *form.values()))
    if kind is None:
        return DescribedBody(is_required=is_required)
    if bodies and kind == "json":
        return DescribedBody(lambda reader: reader.describe(bodies[0].get("schema"), "the body"))
    if form and kind in _KINDS:
        return DescribedBody(lambda reader: _describe_form(reader, form))
    if form and kind == "json":
        return DescribedBody(problem=f"the description takes a form, and {kind}= is sent")
    is_known = bool(bodies or form)
    return DescribedBody(problem="" if is_known else "the description has no body here, and one is sent")


def _describe_form(reader: TypeReader, form: Mapping[str, Any]) -> DataType:
    fields = {
        name: replace(
            reader.describe(each, f"the field {name}"),
            is_required=is_true(each.get("required")) and "default" not in each,
        )
        for name, each in form.items()
    }
    return DataType(name="the form", fields=lambda: fields)


def describe_content(
    document: Document, reader: TypeReader, operation: Mapping[str, Any], kind: str | None
) -> DataType:
    """The data of good replies. `kind` is the format that the endpoint reads, None for that of the content type."""
    responses = get_mapping(operation, "responses")
    good = [each for status, each in responses.items() if str(status).startswith("2")]
    if not good:
        good = [responses["default"]] if "default" in responses else []
    types = [
        found for each in good if (found := _describe_response(document, reader, operation, each, kind)) is not None
    ]
    return unite(types) if types else ANYTHING


def _describe_response(
    document: Document, reader: TypeReader, operation: Mapping[str, Any], node: Any, kind: str | None
) -> DataType | None:
    """None for a response without content."""
    response = document.resolve(node)
    if not isinstance(response, Mapping):
        return ANYTHING
    if document.is_swagger:
        if "schema" not in response:
            return None
        produces = get_list(operation, "produces") or get_list(document.data, "produces")
        is_json = kind in (None, "json") and (not produces or any(is_json_media(str(each)) for each in produces))
        return reader.describe(response["schema"], "the reply") if is_json else ANYTHING
    content = get_mapping(response, "content")
    if not content:
        return None
    if kind not in (None, "json"):
        return ANYTHING
    found = [each for media, each in content.items() if is_json_media(media)]
    if not found:
        return ANYTHING
    return unite(
        [reader.describe(each.get("schema") if isinstance(each, Mapping) else None, "the reply") for each in found]
    )
