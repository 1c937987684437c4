"""The data that all servers serve, the queries, and the answers they must give: made here, by none of the servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

POSTS: list[dict[str, Any]] = [
    {"id": n, "userId": n * 7 % 10 + 1, "title": f"title {n}", "views": n * 3, "body": f"{n} " + "text " * 20}
    for n in range(1, 101)
]
USERS: dict[int, dict[str, Any]] = {
    n: {"id": n, "name": f"User {n}", "email": f"user{n}@example.com", "companyId": n % 5 + 1, "phone": "1"}
    for n in range(1, 11)
}
COMPANIES: dict[int, dict[str, Any]] = {n: {"id": n, "name": f"Company {n}", "city": "Oslo"} for n in range(1, 6)}
RECORDS: list[dict[str, Any]] = [
    {"id": n, "name": f"record {n}", "city": f"City {n % 97}", "score": n + 0.5, "active": n % 3 == 0}
    for n in range(1, 10_001)
]


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the answer to it."""

    query: str
    data: dict[str, Any]

    @property
    def answer(self) -> bytes:
        """The whole answer as JSON, keys in the order of the query."""
        return orjson.dumps({"data": self.data})


def _only(record: dict[str, Any], names: Sequence[str], **more: Any) -> dict[str, Any]:
    return {name: record[name] for name in names} | more


def _posts_users() -> list[dict[str, Any]]:
    users = {n: _only(user, ("id", "name", "email")) for n, user in USERS.items()}
    return [_only(post, ("id", "title"), user=users[post["userId"]]) for post in POSTS]


def _three_levels() -> list[dict[str, Any]]:
    users = {
        n: _only(user, ("id", "name"), company=_only(COMPANIES[user["companyId"]], ("id", "name")))
        for n, user in USERS.items()
    }
    return [_only(post, ("id", "title"), user=users[post["userId"]]) for post in POSTS]


QUESTIONS = {
    "hello": Question("{ hello }", {"hello": "world"}),
    "flat": Question(
        "{ posts { id userId title views body } }",
        {"posts": [_only(post, ("id", "userId", "title", "views", "body")) for post in POSTS]},
    ),
    "posts-users": Question("{ posts { id title user { id name email } } }", {"posts": _posts_users()}),
    "three-level": Question("{ posts { id title user { id name company { id name } } } }", {"posts": _three_levels()}),
    "records": Question("{ records { id name city score active } }", {"records": RECORDS}),
}
