"""The reviews service: a GraphQL API of its own, many products at once."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import strawberry

from demo.control import Control
from demo.data import Data
from demo.data import Review as Record
from demo.http import HttpServer, Request, Response, json_response


@strawberry.type
class Author:
    """Who wrote a review."""

    name: str


@strawberry.type
class Review:
    """One customer's opinion."""

    id: strawberry.ID
    product_id: strawberry.ID
    rating: int
    title: str
    text: str
    author: Author
    created_at: str


@strawberry.type
class RatingSummary:
    """All opinions of a product in one number."""

    product_id: strawberry.ID
    average: float
    count: int


def _convert_review(record: Record) -> Review:
    return Review(
        id=strawberry.ID(record.id),
        product_id=strawberry.ID(record.product_id),
        rating=record.rating,
        title=record.title,
        text=record.text,
        author=Author(name=record.author),
        created_at=f"{record.created.isoformat()}T12:00:00+00:00",
    )


def _build_schema(data: Data) -> strawberry.Schema:
    by_product: dict[str, list[Record]] = defaultdict(list)
    for record in data.reviews:
        by_product[record.product_id].append(record)

    def find_reviews(product_ids: list[strawberry.ID], first: int | None = None) -> list[Review]:
        return [_convert_review(record) for each in product_ids for record in by_product.get(each, [])[:first]]

    def summarise(product_ids: list[strawberry.ID]) -> list[RatingSummary]:
        found = [(each, by_product[each]) for each in product_ids if by_product.get(each)]
        return [
            RatingSummary(
                product_id=each, average=round(sum(r.rating for r in records) / len(records), 2), count=len(records)
            )
            for each, records in found
        ]

    def write_review(product_id: strawberry.ID, rating: int, title: str, text: str) -> Review:
        if not 1 <= rating <= 5:
            raise ValueError("a rating is 1 to 5")
        latest = data.reviews[-1]
        record = Record(f"r-{len(data.reviews) + 1:04}", product_id, rating, title, text, "You", latest.created)
        data.reviews.append(record)
        by_product[product_id].append(record)
        return _convert_review(record)

    @strawberry.type
    class Query:
        reviews: list[Review] = strawberry.field(resolver=find_reviews)
        summary: list[RatingSummary] = strawberry.field(resolver=summarise)

    @strawberry.type
    class Mutation:
        add_review: Review = strawberry.mutation(resolver=write_review)

    return strawberry.Schema(query=Query, mutation=Mutation)


def server(data: Data, control: Control) -> HttpServer:
    """The reviews service, ready to start."""
    schema = _build_schema(data)

    async def answer(request: Request) -> Response:
        if request.path != "/graphql" or request.method != "POST":
            return json_response({"error": "POST to /graphql"}, 404)
        try:
            wanted = msgspec.json.decode(request.body)
            query, variables = wanted["query"], wanted.get("variables")
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            return json_response({"errors": [{"message": "send a JSON object with a query"}]}, 400)
        result = await schema.execute(query, variable_values=variables)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        return json_response(body)

    return HttpServer(answer, control, _describe_request)


def _describe_request(request: Request) -> tuple[str, int | None]:
    """Queries that look at the schema or at nothing are not the shop's work."""
    if b"__schema" in request.body:
        return "introspection", None
    if b"{ __typename }" in request.body:
        return "check", None
    return "query" if b'"mutation' not in request.body else "mutation", None
