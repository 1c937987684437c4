"""What others think of a product."""

import strawberry

from bff.authoring import take


@strawberry.type(description="One customer's opinion.")
class Review:
    rating: int = strawberry.field(description="1 to 5.")
    title: str
    author: str = take("author.name")


@strawberry.type(description="All opinions in one number.")
class Rating:
    average: float
    count: int
