"""The shop's control surface and catalog, through a plain HTTP client."""

from collections.abc import AsyncIterator

import httpx
import pytest

from demo import shop as shop_module
from demo.shop import Shop, open_shop
from tests.e2e.command import free_port
from tests.waiting import GENEROUS


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop(tick=0.05) as opened:
        yield opened


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as opened:
        yield opened


async def test_the_control_surface_sets_counts_and_resets(shop: Shop, client: httpx.AsyncClient) -> None:
    """An upstream fails as told, its calls are counted, and a reset forgets both."""
    catalog, control = shop.addresses["CATALOG_URL"], shop.addresses["CONTROL_URL"]
    assert (await client.post(f"{control}/catalog", json={"fail": "error", "delay": 0.01})).status_code == 200
    assert (await client.get(f"{catalog}/categories")).status_code == 500
    assert (await client.get(control)).json()["catalog"]["calls"] == {"GET /categories": 1}
    assert (await client.post(f"{control}/catalog", json={"fail": "sulk"})).status_code == 400
    await client.delete(control)
    assert (await client.get(control)).json()["catalog"] == {"delay": 0.0, "fail": None, "calls": {}}
    assert (await client.get(f"{catalog}/categories")).status_code == 200


async def test_a_stopped_upstream_comes_back_on_its_port(shop: Shop, client: httpx.AsyncClient) -> None:
    """So that whoever knows the address needs not be told again."""
    address = shop.addresses["CATALOG_URL"]
    await shop.stop("catalog")
    with pytest.raises(httpx.TransportError):
        await client.get(f"{address}/health")
    await shop.start("catalog")
    assert shop.addresses["CATALOG_URL"] == address
    assert (await client.get(f"{address}/health")).status_code == 200


async def test_an_idempotency_key_is_one_order(shop: Shop, client: httpx.AsyncClient) -> None:
    """The same order again is the first one; another order under the same key is a conflict."""
    address = f"{shop.addresses['CATALOG_URL']}/orders"
    order = {"customer": "c-001", "lines": [{"sku": "TOY-001", "quantity": 1}]}
    headers = {"idempotency-key": "k-1"}
    first = await client.post(address, json=order, headers=headers)
    assert first.status_code == 201
    assert (await client.post(address, json=order, headers=headers)).json() == first.json()
    other = await client.post(address, json={**order, "customer": "c-002"}, headers=headers)
    assert other.status_code == 409


async def test_fixed_ports(monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient) -> None:
    """Those of PORTS; where one is in use, a free one, which the shop reports."""
    ports = {name: free_port() for name in shop_module.PORTS}
    monkeypatch.setattr(shop_module, "PORTS", ports)
    async with open_shop(fixed=True) as first, open_shop(fixed=True) as second:
        assert first.addresses["CATALOG_URL"].endswith(f":{ports['catalog']}")
        assert first.taken == {}
        assert len(second.taken) == len(ports)
        assert second.taken["PRICING_ADDRESS"] == ports["pricing"]
        for each in (first, second):
            assert (await client.get(f"{each.addresses['CATALOG_URL']}/health")).status_code == 200
