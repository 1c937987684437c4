"""Proto files as a Description."""

from __future__ import annotations

from pathlib import Path

from connectors import grpc
from connectors.descriptions import follow_path
from connectors.grpc.connector import connect
from connectors.grpc.options import Options
from tests.bff.checks.projects import PROTO


async def test_requests_and_replies_without_a_connection(tmp_path: Path) -> None:
    """The names of GraphQL are taken in requests, and those of the proto only are in replies."""
    (tmp_path / "a.proto").write_text(PROTO)
    connector = connect("prices", Options(address="127.0.0.1:1", protos=(tmp_path / "a.proto",)))
    description = await connector.describe()
    await connector.close()
    assert description is not None
    operation = grpc("prices").unary("shop.Shop/Find", {"isNew": "{new}"}).operation
    assert description.check_request(operation).parameters["new"].scalar == "boolean"
    reply = description.describe_reply(operation, is_batch=False)
    assert follow_path(reply, ("items", "0", "color")).values == ("COLOR_UNSPECIFIED", "RED")
