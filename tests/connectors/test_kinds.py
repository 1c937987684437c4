"""The table of kinds: each has options and a connector, and an unused one costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Connector
from connectors.kinds import KINDS, load_kind, load_options
from connectors.options import ConnectorOptions

LIBRARIES = {"grpc": "grpc", "soap": "zeep", "websocket": "websockets"}
"""Protocol libraries that take long to import."""


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_options_of_its_own(name: str) -> None:
    """And they extend what all connectors share."""
    kind = load_kind(name)
    assert kind.name == name
    assert kind.options is load_options(name)
    assert issubclass(kind.options, ConnectorOptions)
    assert kind.options.__module__ == f"connectors.{name}.options"


async def test_a_connector_is_made_by_name_and_options() -> None:
    """As the registry does it, without any I/O."""
    kind = load_kind("rest")
    connector = kind.connect("catalog", kind.options(address="http://127.0.0.1:9"), SYSTEM_CLOCK)
    assert isinstance(connector, Connector)
    await connector.close()


def test_there_is_no_other_kind() -> None:
    """A kind that no package has is no kind."""
    with pytest.raises(ModuleNotFoundError):
        load_kind("telnet")


@pytest.mark.parametrize("name", LIBRARIES)
def test_options_are_read_without_the_protocols_library(name: str) -> None:
    """`bff check` of a REST project imports no gRPC."""
    program = (
        f"import sys; from connectors.kinds import load_options; load_options({name!r}); "
        f"sys.exit({LIBRARIES[name]!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
