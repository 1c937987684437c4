"""GraphiQL from a public CDN, used if its assets were not built: exact versions, whose hashes the browser checks.

GraphiQL 5 has no single-file build, so the newest 4 stands in; React 18 is the last with one. The hashes are those of
the files in the npm packages (Subresource Integrity, W3C): `openssl dgst -sha384 -binary FILE | base64`.
"""

from __future__ import annotations

from html import escape

HOST = "https://cdn.jsdelivr.net"
_STYLE = ("graphiql@4.1.2/graphiql.min.css", "1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr")
_SCRIPTS = (
    ("react@18.3.1/umd/react.production.min.js", "DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z"),
    (
        "react-dom@18.3.1/umd/react-dom.production.min.js",
        "gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    ("graphiql@4.1.2/graphiql.min.js", "9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B"),
)


def render_style() -> str:
    """The <link> of the style sheet."""
    return f'<link rel="stylesheet" {_render_source("href", *_STYLE)}>'


def render_scripts() -> str:
    """The <script>s. They run in order when the document is parsed; one that fails to load does not stop the others."""
    return "".join(f"<script {_render_source('src', *script)} defer></script>" for script in _SCRIPTS)


def _render_source(attribute: str, path: str, digest: str) -> str:
    return f'{attribute}="{HOST}/npm/{escape(path)}" integrity="sha384-{digest}" crossorigin="anonymous"'
