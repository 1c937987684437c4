"""The gateway, as the HTTP room sees it. Implemented by `bff.app.Generation` and `bff.gateway`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bff.contract.answer import Response
from bff.contract.caller import Caller
from bff.contract.frontend_card import FrontendCard
from bff.contract.request import Request


class AnswersRequests(Protocol):
    """The gateway, as the HTTP room sees it."""

    @property
    def cards(self) -> Sequence[FrontendCard]:
        """The frontends, in the order of bff.yaml."""

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> FrontendCard:
        """The frontend for a request with these headers; `fixed` is the name in the path. Raises Refused.

        It says nothing of the caller; `admit` does, and `answer`.
        """

    async def admit(self, head: Request) -> Caller:
        """The caller of a request of which only frontend, headers and client are known yet. Raises Refused.

        Transports call it before they read more of a request, or answer anything by themselves. `answer` asks again, so
        that a transport which forgets it admits no caller.
        """

    async def answer(self, request: Request) -> Response:
        """Answer a query or mutation, or start a subscription. Raises nothing; cancelling it cancels all its calls.

        Parts are answered only to a request with `increments`.
        """

    def readiness(self) -> Mapping[str, str]:
        """What is not ready yet, by upstream name, in safe words; empty when all is."""
