"""What bff.yaml can say about a SOAP upstream, and what it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.soap.options import Options


def test_a_path_is_relative_to_the_configuration_file() -> None:
    """As every path in bff.yaml; URLs and absolute paths stay as they are."""
    folder = {"folder": Path("/etc/bff")}
    assert Options.model_validate({"address": "wsdl/w.wsdl"}, context=folder).address == "/etc/bff/wsdl/w.wsdl"
    assert Options.model_validate({"address": "/srv/w.wsdl"}, context=folder).address == "/srv/w.wsdl"
    url = Options.model_validate({"address": "https://host/w?wsdl"}, context=folder)
    assert url.address == "https://host/w?wsdl"
    assert url.is_remote


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"address": " "}, "is empty"),
        ({"address": "file:///w.wsdl"}, "not an http"),
        ({"address": "http://user:pa55@host/w"}, "take it out"),
        ({"address": "w.wsdl", "endpoint": "host/path"}, "not an http"),
        ({"address": "w.wsdl", "endpoint": "http://host:99999/"}, "is not a URL"),
        ({"address": "w.wsdl", "endpoint": "http://ho st/"}, "percent-encode"),
        ({"address": "w.wsdl", "password": "pa55"}, "add username"),
        ({"address": "w.wsdl", "username": "u", "digest": True}, "add password"),
        ({"address": "w.wsdl", "pasword": "pa55"}, "Extra inputs"),
    ],
)
def test_mistakes_are_told_with_the_next_step(options: dict[str, Any], told: str) -> None:
    """And never with what may be a password."""
    with pytest.raises(ValidationError, match=told) as caught:
        Options.model_validate(options)
    assert "pa55" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    """An Options in a log line tells nothing."""
    options = Options(address="w.wsdl", username="u", password="pa55", soap_headers={"Session": {"Token": "s3cret"}})
    assert "pa55" not in repr(options)
    assert "s3cret" not in repr(options)


def test_definitions_and_options_do_not_load_zeep() -> None:
    """Frontends without SOAP upstreams do not pay for it."""
    program = (
        "import sys, connectors, connectors.soap.endpoints, connectors.soap.options;"
        "sys.exit('zeep' in sys.modules or 'lxml' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0
