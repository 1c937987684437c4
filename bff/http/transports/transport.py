"""What an HTTP transport is, and the one sequence of guards that every GraphQL request over HTTP passes.

The door finds the transport of a request among those of `table` and calls `serve_request`. A transport never sees the
gateway: it is handed an `Admitted` request, so no transport can answer one that the guards did not let through.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from bff.contract import AnswersRequests, FrontendCard, Request, Response
from bff.http.asgi import Exchange
from bff.http.guards.cors import check_cross_site
from bff.http.guards.disconnect import while_connected
from bff.http.security_headers import apply_rules

Message = TypeVar("Message")
T = TypeVar("T")


class Admitted:
    """An HTTP request that passed the guards: a transport's only way to the gateway."""

    __slots__ = ("_gateway", "card", "exchange")

    def __init__(self, exchange: Exchange, card: FrontendCard, gateway: AnswersRequests) -> None:
        """`card` is that of the frontend that answers."""
        self.exchange = exchange
        self.card = card
        self._gateway = gateway

    def answer(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Answer as long as the client is connected; ClientGone if it disconnects, and the work is cancelled then."""
        return while_connected(self._gateway.answer(request), self.exchange)

    def run(self, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Run other work as long as the client is connected; ClientGone if it disconnects."""
        return while_connected(work, self.exchange)

    def answer_detached(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Answer whether or not the client stays connected: the caller cancels it."""
        return self._gateway.answer(request)


class Transport(ABC, Generic[Message]):
    """One way to carry GraphQL over HTTP. `serve_request` calls the methods in the order in which they stand here.

    `Message` is what `read` makes of a request's content. What is awaited once may be a plain function that returns
    another's coroutine: a coroutine more costs every request.
    """

    shows_page = False
    """Whether a browser that navigates here, with no document in the URL, gets GraphiQL instead."""

    @abstractmethod
    def matches(self, exchange: Exchange) -> bool:
        """Whether a request is for this transport, by its method, headers and query string."""

    def check(self, exchange: Exchange, card: FrontendCard) -> None:
        """Raise Refused for a request that the transport, or this frontend by it, does not take. Reads no body."""

    @abstractmethod
    def read(self, exchange: Exchange, card: FrontendCard) -> Awaitable[Message]:
        """The content of the request. Raises Refused, and ClientGone."""

    @abstractmethod
    def respond(self, admitted: Admitted, message: Message) -> Awaitable[None]:
        """Answer the content and send the response. Raises Refused, and ClientGone."""

    async def close(self) -> None:
        """End what outlives its request. Called when the server stops."""


Transports = Sequence[Transport[Any]]


def find_transport(transports: Transports, exchange: Exchange) -> Transport[Any] | None:
    """The transport of a request; None if its method is none of GraphQL over HTTP."""
    for transport in transports:
        if transport.matches(exchange):
            return transport
    return None


async def serve_request(
    transport: Transport[Any], exchange: Exchange, gateway: AnswersRequests, fixed: str | None
) -> None:
    """Choose the frontend, check, find the caller, read, answer. `fixed` is the frontend in the path.

    Raises Refused, and ClientGone if the client disconnects.
    """
    card = gateway.choose(exchange.headers, fixed)
    if card.header_rules is not None:
        exchange.fixed = apply_rules(card.header_rules)
    transport.check(exchange, card)
    if card.has_identity:  # before a body is read
        await gateway.admit(Request(frontend=card.name, headers=exchange.headers, client=exchange.client))
    check_cross_site(exchange, gateway, card, fixed)
    message = await transport.read(exchange, card)
    await transport.respond(Admitted(exchange, card, gateway), message)
