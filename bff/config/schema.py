"""The JSON Schema of bff.yaml, for editors: completion, descriptions and mistakes while typing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bff.config.settings import Sections
from bff.policies.outbound.options import Options as PolicyOptions
from connectors.kinds import KINDS, load_options

_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_NAMES = {"pattern": "^[A-Za-z][A-Za-z0-9_-]*$"}
_NOT_SCHEMAS = frozenset({"default", "enum", "examples", "required"})
_BY_NAME = frozenset({"properties", "$defs"})
_NOISE = frozenset({"gt", "title"})
"""`gt` is a word of pydantic and not of JSON Schema; titles repeat the names."""


def json_schema() -> dict[str, Any]:
    """A schema of draft 2020-12 with one branch for each kind of upstream."""
    models: dict[str, type[BaseModel]] = {kind: load_options(kind) for kind in KINDS}
    rooms: list[type[BaseModel]] = [Sections, PolicyOptions, *models.values()]
    # All at once, so that models of the same name do not clash.
    found, together = models_json_schema([(model, "validation") for model in rooms])
    names = {model: reference["$ref"].rpartition("/")[2] for (model, _), reference in found.items()}
    definitions: dict[str, Any] = together["$defs"]
    policies = definitions.pop(names[PolicyOptions])
    for kind, model in models.items():
        definitions[f"{kind}_upstream"] = _describe_upstream(kind, definitions.pop(names[model]), policies)
    root = definitions.pop(names[Sections])
    root["properties"] = {
        "upstreams": {
            "type": "object",
            "description": "The systems behind the gateway, by name.",
            "propertyNames": _NAMES,
            "additionalProperties": {"oneOf": [{"$ref": f"#/$defs/{kind}_upstream"} for kind in models]},
        },
        **root["properties"],
    }
    root["properties"]["frontends"]["propertyNames"] = _NAMES
    root |= {"description": "The configuration of a Backend-for-Frontend gateway.", "$defs": definitions}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "bff.yaml", **_allow_variables(root)}


def _describe_upstream(kind: str, own: dict[str, Any], policies: dict[str, Any]) -> dict[str, Any]:
    """The options of the kind and of the policies, flat in one object."""
    properties = {**own["properties"], **policies["properties"]}
    address = properties.pop("address")
    needed = [key for key in own.get("required", []) if key != "address"]
    return {
        "type": "object",
        "description": own.get("description", ""),
        "properties": {kind: {"description": "Address of the upstream.", **address}, **properties},
        "required": [kind, *needed],
        "additionalProperties": False,
    }


def _allow_variables(schema: Any) -> Any:
    """Accept a ${VARIABLE} for every number, boolean and word; write defaults as in YAML."""
    if isinstance(schema, list):
        return [_allow_variables(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    walked: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _BY_NAME:
            walked[key] = {name: _allow_variables(each) for name, each in value.items()}
        elif key not in _NOISE:
            walked[key] = value if key in _NOT_SCHEMAS else _allow_variables(value)
    if isinstance(walked.get("default"), float) and _is_text(walked):
        walked["default"] = f"{walked['default']:g}s"
    if walked.get("type") in ("integer", "number", "boolean") or (
        walked.get("type") == "string" and walked.keys() & {"const", "enum", "pattern"}
    ):
        about = {key: walked.pop(key) for key in ("description", "default") if key in walked}
        return {**about, "anyOf": [walked, _VARIABLE]}
    return walked


def _is_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "string" or any(each.get("type") == "string" for each in schema.get("anyOf", ()))
