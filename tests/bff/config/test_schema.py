"""The JSON Schema says the same as the check."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator

from bff.config import ConfigError, json_schema
from bff.config.messages import keys_of
from bff.policies.outbound.options import Options as PolicyOptions
from connectors.kinds import KINDS, load_options
from tests.bff.config.conftest import Load
from tests.bff.config.test_load import DESIGN


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


RIGHT = [
    DESIGN,
    "frontends: {a: {schema: a}}",
    'frontends: {a: {schema: a}}\nserver: {port: "${PORT}", graphiql: "${G:-true}", max_body_size: 8MB, request_timeout: 3s}',
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", retry: {attempts: 2, initial_delay: 10ms}, rate: 100/s}}',
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", timeout: "${T:-1s}", concurrency: "${N:-5}", retry: 0}}',
    "frontends: {a: {schema: a, match: {api_key: {keys: [abc]}, host: [h]}}}\nlog: {level: debug, format: console}",
]
WRONG = [
    "upstreams: {}",
    "frontends: {}",
    "frontends: {a: {schem: a}}",
    "frontends: {a: {schema: a}}\nsever: {}",
    "frontends: {a: {schema: a, limits: {max_depth: eight}}}",
    "frontends: {a: {schema: a, limits: {dept: 8}}}",
    "frontends: {'1': {schema: a}}",
    "frontends: {a: {schema: a}}\nserver: {request_timeout: 5}",
    "frontends: {a: {schema: a}}\nlog: {format: xml}",
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", retyr: 2}}',
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", grpc: "h:1", reflection: true}}',
    "frontends: {a: {schema: a}}\nupstreams: {a: {timeout: 1s}}",
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", timeout: soon}}',
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", breaker: {consecutive_failures: 0}}}',
    'frontends: {a: {schema: a}}\nupstreams: {a: {rest: "http://h", retry: -1}}',
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_for_one_is_right_for_both(validator, load_text: Load, text) -> None:
    """No red lines in the editor under what works."""
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []
    load_text(text, PORT="1")


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_for_one_is_wrong_for_both(validator, load_text: Load, text) -> None:
    """Mistakes are seen while typing."""
    assert not validator.is_valid(yaml.safe_load(text))
    with pytest.raises(ConfigError):
        load_text(text)


def described(schema, where="bff.yaml"):
    """Every property of the schema: its path, and whether it has a description."""
    for name, each in schema.get("properties", {}).items():
        yield f"{where}.{name}", bool(each.get("description"))
    for name, each in schema.get("$defs", {}).items():
        yield from described(each, name)


def test_every_key_is_described(validator) -> None:
    """The editor shows what a key is for: the docstring beside its field."""
    assert [path for path, has_text in described(validator.schema) if not has_text] == []


def test_defaults_are_shown_as_they_are_written(validator) -> None:
    """`5s`, not 5.0."""
    assert validator.schema["$defs"]["rest_upstream"]["properties"]["timeout"]["default"] == "5s"


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_means_two_things(kind) -> None:
    """A connector's options and the policies' stand flat beside each other, and beside the kinds."""
    own = keys_of(load_options(kind)) - {"address"}
    assert own & keys_of(PolicyOptions) == set()
    assert own & set(KINDS) == set()
