"""Upstreams: a connector with its policies around it, opened without waiting, watched until ready."""

from bff.upstreams.registry import Upstreams
from bff.upstreams.upstream import Upstream, UpstreamSettings

__all__ = ["Upstream", "UpstreamSettings", "Upstreams"]
