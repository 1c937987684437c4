"""What browsers may do with GraphiQL's page."""

from __future__ import annotations

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""On the page and on every asset."""


def policy(*hosts: str) -> str:
    """Content-Security-Policy of the page; `hosts` may give scripts, styles and fonts besides us.

    No script runs that is written in the page: its configuration is a data block, which is no script. Styles are
    another matter: the editor writes its own at run time (colours, positions), hence 'unsafe-inline' for them alone.
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
