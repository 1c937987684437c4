"""Policies around calls towards upstreams. `order.py` shows their order and the reason for each."""
