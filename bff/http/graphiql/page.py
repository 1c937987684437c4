"""The GraphiQL page of a frontend. Called by the door for browsers.

With built assets everything comes from this process. Without them the page first shows a plain editor, and replaces it
by GraphiQL from a public CDN if that can be loaded. Without JavaScript the page is a form.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import orjson

from bff.contract import AnswersRequests, FrontendCard, Refused
from bff.http.asgi import Exchange
from bff.http.graphiql import cdn
from bff.http.graphiql.assets import ASSETS, Assets
from bff.http.graphiql.security import make_page_headers
from bff.http.responses.encode import to_json

_BUILT, _FROM_CDN = make_page_headers(), make_page_headers(cdn.HOST)


class Pages:
    """The pages of this process, and their assets."""

    def __init__(self, built: Path = ASSETS) -> None:
        """`built` is the folder of the assets built from npm packages, which may be missing."""
        self._assets = Assets(built)

    async def send_page(
        self, exchange: Exchange, gateway: AnswersRequests, fixed: str | None, *, shows_names: bool = True
    ) -> None:
        """Send the page of the frontend that the path names, or of the one that would answer. Raises Refused.

        `shows_names` links the pages of the other frontends.
        """
        card = _choose_card(exchange, gateway, fixed)
        is_built = self._assets.are_built
        names = [each.name for each in gateway.cards] if shows_names else [card.name]
        body = _render_page(exchange.root, card, names, is_built=is_built)
        exchange.fixed = _BUILT if is_built else _FROM_CDN
        headers = {"cache-control": "no-store", "vary": "accept"}
        await exchange.respond(200, body, "text/html; charset=utf-8", headers)

    async def send_asset(self, exchange: Exchange, name: str) -> None:
        """Send one file of the assets. Raises Refused for a name that is not an asset."""
        await self._assets.send(exchange, name)


def _choose_card(exchange: Exchange, gateway: AnswersRequests, fixed: str | None) -> FrontendCard:
    """The frontend of the page. A page shows no data, so it needs no API key: the key goes into its header editor."""
    cards = {card.name: card for card in gateway.cards}
    if fixed is not None:
        return gateway.choose(exchange.headers, fixed)
    try:
        return gateway.choose(exchange.headers, None)
    except Refused:
        if not cards:
            raise
        return next(iter(cards.values()))


def _render_page(root: str, card: FrontendCard, names: list[str], *, is_built: bool) -> bytes:
    assets = f"{root}/graphiql"
    endpoint = f"{root}/graphql/{card.name}"
    if is_built:
        head = (
            f'<link rel="stylesheet" href="{assets}/main.css">'
            "<noscript><style>.bff-loading { display: none }</style></noscript>"
        )
        scripts = f'<script src="{assets}/main.js" defer></script>'
        begin = '<p class="bff-loading">GraphiQL is loading.</p>'
    else:
        head = f'{cdn.render_style()}<link rel="stylesheet" href="{assets}/bar.css">'
        scripts = f'<script src="{assets}/fallback.js"></script>{cdn.render_scripts()}'
        begin = ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(card.name)} · GraphiQL</title>
<link rel="icon" href="data:,">
{head}
</head>
<body>
<script type="application/json" id="config">{_render_config(root, card, names, assets, endpoint)}</script>
<div id="root">{begin}</div>
<noscript>{_render_form(card, endpoint)}</noscript>
{scripts}
</body>
</html>
""".encode()


def _render_config(root: str, card: FrontendCard, names: list[str], assets: str, endpoint: str) -> str:
    """The configuration that the page's scripts read, as the text of a data block."""
    config = {
        "frontend": card.name,
        "description": card.description,
        "endpoint": endpoint,
        "assets": assets,
        "headers": [name for name in card.credential_headers if name != "cookie"],
        "frontends": [{"name": name, "path": f"{root}/graphql/{name}"} for name in names],
        "examples": [
            {"title": each.title, "query": each.query, "variables": orjson.Fragment(to_json(dict(each.variables)))}
            for each in card.examples
        ],
    }
    return to_json(config).decode().replace("<", "\\u003c")  # `</` would end the block (HTML, section 4.12.1.3)


def _render_form(card: FrontendCard, endpoint: str) -> str:
    """The page without JavaScript: the form sends a query as GET, and the browser shows the response."""
    query = escape(next((each.query for each in card.examples if not each.variables), "{ __typename }"))
    return (
        f"<h1>{escape(card.name)}</h1><p>{escape(card.description)}</p>"
        "<p>GraphiQL needs JavaScript, which is off here. This form sends a query without it; the browser shows the "
        f'response.</p><form action="{escape(endpoint)}">'
        f'<textarea name="query" rows="16" cols="80" aria-label="Query">{query}</textarea>'
        "<p><button>Run</button></p></form>"
    )
