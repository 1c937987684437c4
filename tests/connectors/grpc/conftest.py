"""Fixtures of the gRPC connector's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from connectors.grpc.connector import GrpcConnector
from tests.connectors.grpc.shop import FILES, Shop, serving


@pytest.fixture(scope="session", autouse=True)
def descriptor_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled proto as a file."""
    Shop.descriptor_set = tmp_path_factory.mktemp("grpc") / "shop.binpb"
    Shop.descriptor_set.write_bytes(FileDescriptorSet(file=FILES).SerializeToString())
    return Shop.descriptor_set


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A running shop with server reflection."""
    async with serving(Shop(), reflect=True) as shop:
        yield shop


@pytest.fixture
async def connector(shop: Shop) -> AsyncIterator[GrpcConnector]:
    """A started connector to the shop."""
    connector = shop.connector()
    await connector.start()
    yield connector
    await connector.close()
