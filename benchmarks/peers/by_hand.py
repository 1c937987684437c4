"""Floor: the same fetches written by hand for each query, without GraphQL. CLIENT chooses who speaks HTTP.

`own` is our transport, `pyreqwest` the fastest client that we know; msgspec decodes only what is selected.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from connectors.contract import Operation
from connectors.transport import HttpOptions, open_transport

URL = os.environ["UPSTREAM"]
Fetch = Callable[[str, str], Awaitable[bytes]]
"""Target and Authorization to the body of the reply."""


class Asked(msgspec.Struct):
    """The request."""

    query: str


class Company(msgspec.Struct):
    """Level three."""

    id: int
    name: str


class User(msgspec.Struct):
    """Level two."""

    id: int
    name: str
    email: str


class Employee(msgspec.Struct):
    """Level two, over level three."""

    id: int
    name: str
    companyId: int  # noqa: N815


class Flat(msgspec.Struct):
    """All five fields."""

    id: int
    userId: int  # noqa: N815
    title: str
    views: int
    body: str


class Post(msgspec.Struct):
    """What is needed of a post with its user."""

    id: int
    userId: int  # noqa: N815
    title: str


class Record(msgspec.Struct):
    """One of ten thousand."""

    id: int
    name: str
    city: str
    score: float
    active: bool


_decode = msgspec.json.Decoder
ASKED, FLAT, POSTS = _decode(Asked), _decode(list[Flat]), _decode(list[Post])
USERS, EMPLOYEES, COMPANIES = _decode(list[User]), _decode(list[Employee]), _decode(list[Company])
RECORDS = _decode(list[Record])


def _ids(keys: list[int]) -> str:
    return "&id=".join(map(str, dict.fromkeys(keys)))


async def _hello(fetch: Fetch, token: str) -> Any:
    return {"hello": "world"}


async def _flat(fetch: Fetch, token: str) -> Any:
    return {"posts": FLAT.decode(await fetch("/posts", token))}


async def _records(fetch: Fetch, token: str) -> Any:
    return {"records": RECORDS.decode(await fetch("/records", token))}


async def _posts_users(fetch: Fetch, token: str) -> Any:
    posts = POSTS.decode(await fetch("/posts", token))
    found = USERS.decode(await fetch("/users?id=" + _ids([post.userId for post in posts]), token))
    users = {user.id: user for user in found}
    return {"posts": [{"id": post.id, "title": post.title, "user": users[post.userId]} for post in posts]}


async def _three_levels(fetch: Fetch, token: str) -> Any:
    posts = POSTS.decode(await fetch("/posts", token))
    found = EMPLOYEES.decode(await fetch("/users?id=" + _ids([post.userId for post in posts]), token))
    below = COMPANIES.decode(await fetch("/companies?id=" + _ids([user.companyId for user in found]), token))
    companies = {company.id: company for company in below}
    users = {user.id: {"id": user.id, "name": user.name, "company": companies[user.companyId]} for user in found}
    return {"posts": [{"id": post.id, "title": post.title, "user": users[post.userId]} for post in posts]}


ANSWERS = {
    "{ hello }": _hello,
    "{ posts { id userId title views body } }": _flat,
    "{ posts { id title user { id name email } } }": _posts_users,
    "{ posts { id title user { id name company { id name } } } }": _three_levels,
    "{ records { id name city score active } }": _records,
}


def _own() -> Fetch:
    transport = open_transport(HttpOptions(address=URL))
    operation = Operation(upstream="api", name="GET", is_safe=True, is_idempotent=True)

    async def fetch(target: str, token: str) -> bytes:
        return (await transport.request(operation, "GET", URL + target, headers={"authorization": token})).body

    return fetch


def _pyreqwest() -> Fetch:
    from pyreqwest.client import ClientBuilder  # type: ignore[import-not-found,unused-ignore]  # a peer's

    client = ClientBuilder().build()

    async def fetch(target: str, token: str) -> bytes:
        response = await client.get(URL + target).header("authorization", token).build().send()
        return bytes(await response.bytes())

    return fetch


_fetches: list[Fetch] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] != "http":
        return
    if not _fetches:
        _fetches.append(_own() if os.environ["CLIENT"] == "own" else _pyreqwest())
    body = (await receive())["body"]
    token = next((value.decode() for name, value in scope["headers"] if name == b"authorization"), "")
    data = await ANSWERS[ASKED.decode(body).query](_fetches[0], token)
    answer = msgspec.json.encode({"data": data})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
