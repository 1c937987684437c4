"""What bff.yaml may say about a gRPC upstream."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.grpc.options import Options


@pytest.mark.parametrize(
    ("address", "target", "is_secure"),
    [
        ("127.0.0.1:9002", "127.0.0.1:9002", False),
        ("grpc://pricing:9002", "pricing:9002", False),
        ("grpcs://pricing.example.com:443/", "pricing.example.com:443", True),
        ("[::1]:9002", "[::1]:9002", False),
    ],
)
def test_addresses(address: str, target: str, is_secure: bool) -> None:
    """A host with a port, with or without a scheme."""
    options = Options(address=address, reflection=True)
    assert (options.target, options.is_secure) == (target, is_secure)


@pytest.mark.parametrize(
    "address", ["pricing", "http://pricing:80", "u:p@pricing:1", "pricing:0", "pricing:70000", ":1", ""]
)
def test_addresses_that_are_none(address: str) -> None:
    """Mistakes are explained."""
    with pytest.raises(ValidationError, match=r"write a host and a port|is not a port"):
        Options(address=address, reflection=True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "exactly one of protos, descriptor_set, reflection; found none"),
        ({"reflection": True, "protos": ["a.proto"]}, "found protos and reflection"),
        ({"reflection": True, "proto_path": ["protos"]}, "proto_path has no effect without protos"),
        ({"reflection": True, "secure": True, "tls": {"verify": False}}, "set tls.ca to the upstream's CA"),
        ({"reflection": True, "secure": True, "address": "grpc://a:1"}, "write grpcs://"),
        ({"reflection": True, "reflecton": True}, "Extra inputs are not permitted"),
    ],
)
def test_combinations_that_make_no_sense(given: dict[str, Any], says: str) -> None:
    """Found before anything runs."""
    with pytest.raises(ValidationError, match=re.escape(says)):
        Options.model_validate({"address": "a:1", **given})


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    """As everywhere in bff.yaml."""
    options = Options.model_validate({"address": "a:1", "protos": ["p/a.proto"]}, context={"folder": tmp_path})
    assert options.protos == (tmp_path / "p" / "a.proto",)


def test_authoring_and_options_load_no_grpc_library() -> None:
    """`bff check` and schemas start fast; only connecting needs grpcio."""
    code = "import sys, connectors.grpc.endpoints, connectors.grpc.options; print('grpc' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
