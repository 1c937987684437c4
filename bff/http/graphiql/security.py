"""Security headers of GraphiQL's page and assets."""

from __future__ import annotations

from bff.contract import SECURITY_HEADERS
from bff.http.security_headers import FixedHeaders

HEADERS = {**SECURITY_HEADERS, "referrer-policy": "same-origin", "cross-origin-opener-policy": "same-origin"}
"""On the page and on every asset."""
ASSET = FixedHeaders(HEADERS)
"""HEADERS as an exchange takes them."""


def make_page_headers(*hosts: str) -> FixedHeaders:
    """The headers of the page; `hosts` as for `make_policy`."""
    return FixedHeaders({**HEADERS, "content-security-policy": make_policy(*hosts)})


def make_policy(*hosts: str) -> str:
    """Content-Security-Policy of the page; `hosts` may serve scripts, styles and fonts beside this one.

    No inline script runs: the page's configuration is a data block. Inline styles are allowed, because the editor
    writes its own at run time (colours, positions).
    """
    others = "".join(f" {host}" for host in hosts)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{others}",
            f"style-src 'self' 'unsafe-inline'{others}",
            f"font-src 'self' data:{others}",
            "img-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
