"""The small gateway of `world`, with frontends as a test describes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bff.contract import Answer, Answers, FrontendCard, Request
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.http.world import FakeGateway, World
from tests.serving import serving
from tests.waiting import GENEROUS


class CardGateway(FakeGateway):
    """Its frontends are those of the cards that a test gives, and `changes` are made to each answer."""

    def __init__(self, cards: Sequence[FrontendCard]) -> None:
        super().__init__()
        self.frontend_cards = list(cards)
        self.changes: dict[str, Any] = {}
        """Fields of Answer that replace those of every answer."""

    @property
    def cards(self) -> list[FrontendCard]:
        return self.frontend_cards

    async def answer(self, request: Request) -> Answer | Answers:
        answer = await super().answer(request)
        if not isinstance(answer, Answer) or not self.changes:
            return answer
        given = {name: getattr(answer, name) for name in Answer.__slots__}
        return Answer(**{**given, **self.changes})


@asynccontextmanager
async def open_frontends(
    web: Mapping[str, Any] | None = None, phone: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[World]:
    """A served gateway whose frontends have these cards, and a client of it."""
    cards = [FrontendCard(name="web", **(web or {})), FrontendCard(name="phone", **(phone or {}))]
    gateway = CardGateway(cards)
    chosen = Options.model_validate(options)
    async with (
        serving(http_app(lambda: gateway, chosen), chosen) as url,
        httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client,
    ):
        yield World(gateway, url, client)
