"""The schema of the benchmark, as a product developer writes it."""

import strawberry

from bff.authoring import frontend, via
from connectors import rest

api = rest("api")
posts = api.get("/posts")
records = api.get("/records")
user = api.get("/users/{id}", many="/users?id={id}", key="id")
company = api.get("/companies/{id}", many="/companies?id={id}", key="id")


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
    company: Company = via(company, id="company_id")


@strawberry.type
class Post:
    """One of a hundred."""

    id: int
    user_id: int
    title: str
    views: int
    body: str
    user: User = via(user, id="user_id")


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

    posts: list[Post] = via(posts)
    records: list[Record] = via(records)

    @strawberry.field
    def hello(self) -> str:
        """No upstream."""
        return "world"


schema = frontend(query=Query)
