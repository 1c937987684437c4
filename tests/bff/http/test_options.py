"""The options of the server that are checked as a whole."""

from __future__ import annotations

import pytest

from bff.http.options import Options


@pytest.mark.parametrize("network", ["10.0.0.0/33", "10.0.0.1/8", "proxy.example", ""])
def test_a_network_is_written_as_one(network: str) -> None:
    """Names would have to be resolved, and may be anyone's tomorrow."""
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/8"):
        Options(trusted_proxies=(network,))


@pytest.mark.parametrize("host", ["http://shop.example", "shop.example:80", "a.*.example", "*shop.example", "a b", ""])
def test_a_host_is_a_name_without_port(host: str) -> None:
    """With a star for the first labels at most."""
    with pytest.raises(ValueError, match=r"\*\.shop\.example"):
        Options(hosts=(host,))


def test_hosts_are_compared_in_lower_case() -> None:
    """And without the brackets of IPv6."""
    assert Options(hosts=("Shop.Example", "*.A", "[::1]", "*")).hosts == ("shop.example", "*.a", "::1", "*")
    assert Options().hosts is None
