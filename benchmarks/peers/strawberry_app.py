"""Peer: the usual Python stack. strawberry on its own ASGI view, aiodataloader per request, one shared httpx client."""

from __future__ import annotations

import os
from typing import Any

import httpx
import strawberry
from aiodataloader import DataLoader
from strawberry.asgi import GraphQL

client = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], limits=httpx.Limits(max_connections=100))
Info = strawberry.Info[Any, None]


async def _fetch(path: str, context: Any, ids: list[int] | None = None) -> Any:
    headers = {"authorization": context["request"].headers.get("authorization", "")}
    reply = await client.get(path, params={"id": ids} if ids else None, headers=headers)
    return reply.json()


def _loader(path: str, make: Any, context: Any) -> DataLoader[int, Any]:
    async def load(ids: list[int]) -> list[Any]:
        found = {each["id"]: make(each) for each in await _fetch(path, context, ids)}
        return [found[each] for each in ids]

    return DataLoader(load)


@strawberry.type
class Company:
    """Level three."""

    id: int
    name: str


@strawberry.type
class User:
    """Level two."""

    id: int
    name: str
    email: str
    company_id: strawberry.Private[int]

    @strawberry.field
    async def company(self, info: Info) -> Company:
        """Batched."""
        loaded: Company = await info.context["companies"].load(self.company_id)
        return loaded


@strawberry.type
class Post:
    """One of a hundred."""

    id: int
    user_id: int
    title: str
    views: int
    body: str

    @strawberry.field
    async def user(self, info: Info) -> User:
        """Batched."""
        loaded: User = await info.context["users"].load(self.user_id)
        return loaded


@strawberry.type
class Record:
    """One of ten thousand."""

    id: int
    name: str
    city: str
    score: float
    active: bool


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def hello(self) -> str:
        """No upstream."""
        return "world"

    @strawberry.field
    async def posts(self, info: Info) -> list[Post]:
        """All."""
        return [
            Post(id=each["id"], user_id=each["userId"], title=each["title"], views=each["views"], body=each["body"])
            for each in await _fetch("/posts", info.context)
        ]

    @strawberry.field
    async def records(self, info: Info) -> list[Record]:
        """All."""
        return [Record(**each) for each in await _fetch("/records", info.context)]


def _user(each: dict[str, Any]) -> User:
    return User(id=each["id"], name=each["name"], email=each["email"], company_id=each["companyId"])


def _company(each: dict[str, Any]) -> Company:
    return Company(id=each["id"], name=each["name"])


class View(GraphQL[Any, None]):
    """strawberry's own, with loaders of the request."""

    async def get_context(self, request: Any, response: Any) -> Any:
        """What resolvers share."""
        context: dict[str, Any] = {"request": request, "response": response}
        context["users"] = _loader("/users", _user, context)
        context["companies"] = _loader("/companies", _company, context)
        return context


app = View(strawberry.Schema(Query))
