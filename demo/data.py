"""Products, prices, stock, reviews and orders of the shop. The same at every start."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

CATEGORIES = ("TOYS", "BOOKS", "GARDEN", "KITCHEN", "MUSIC", "SPORT")
PER_CATEGORY = 50
CUSTOMERS = tuple(f"c-{number:03}" for number in range(1, 6))
_FIRST_DAY = date(2026, 1, 1)

_THINGS = {
    "TOYS": (
        "Wooden train",
        "Kite",
        "Marble run",
        "Puzzle of a city",
        "Spinning top",
        "Toy theatre",
        "Building blocks",
    ),
    "BOOKS": (
        "Atlas of islands",
        "Book of knots",
        "Field guide",
        "Collected letters",
        "Short history",
        "Poems",
        "Diary",
    ),
    "GARDEN": ("Watering can", "Pruning shears", "Rake", "Seed box", "Garden lamp", "Bird house", "Hammock"),
    "KITCHEN": ("Cast-iron pan", "Bread knife", "Pepper mill", "Teapot", "Mixing bowl", "Cutting board", "Whisk"),
    "MUSIC": ("Ukulele", "Tin whistle", "Metronome", "Hand drum", "Music stand", "Tuning fork", "Harmonica"),
    "SPORT": (
        "Skipping rope",
        "Climbing chalk",
        "Swim goggles",
        "Badminton set",
        "Yoga mat",
        "Table-tennis bat",
        "Ball",
    ),
}
_KINDS = ("classic", "large", "small", "travel", "junior", "professional", "limited edition")
_BRANDS = ("Alder", "Birch & Sons", "Cobalt", "Dune", "Elm")
_OPINIONS = (
    (5, "Just right", "Does what it promises, and looks good doing it."),
    (4, "Good value", "Sturdy and simple. The box was a little dented."),
    (3, "It is fine", "Not what I expected, but it works."),
    (5, "Bought a second one", "The first one is with my sister now."),
    (2, "Hm", "The colour is not the one in the picture."),
)
_AUTHORS = ("Ada", "Björn", "Chiara", "Dmitri", "Eun-ji", "Fatima", "Gaël")


@dataclass(frozen=True, slots=True)
class Product:
    """One product. Weight in grams, money in cents."""

    id: str
    sku: str
    title: str
    description: str
    category: str
    brand: str
    tags: tuple[str, ...]
    image: str
    weight: int
    created: date
    amount: int
    was: int | None
    quantity: int
    location: str
    next_delivery: date | None


@dataclass(frozen=True, slots=True)
class Review:
    """One customer's opinion."""

    id: str
    product_id: str
    rating: int
    title: str
    text: str
    author: str
    created: date


@dataclass(slots=True)
class Order:
    """What somebody bought: SKUs and how many."""

    id: str
    customer: str
    status: str
    lines: list[dict[str, str | int]]
    created: str


@dataclass(slots=True)
class Data:
    """Everything the upstreams serve. What they change, they change in their own copy."""

    products: list[Product] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def make_data() -> Data:
    """All data, made anew."""
    draw = random.Random(2026)
    data = Data()
    for category in CATEGORIES:
        for index in range(PER_CATEGORY):
            data.products.append(_make_product(draw, len(data.products) + 1, category, index))
    for product in data.products:
        for _ in range(draw.randrange(13)):
            data.reviews.append(_make_review(draw, len(data.reviews) + 1, product))
    for number in range(12):
        data.orders.append(_make_order(draw, number + 1, data.products))
    return data


def _make_product(draw: random.Random, number: int, category: str, index: int) -> Product:
    things = _THINGS[category]
    amount = draw.randrange(299, 19999)
    return Product(
        id=f"p-{number:03}",
        sku=f"{category[:3]}-{index + 1:03}",
        title=f"{things[index % len(things)]}, {_KINDS[(index // len(things)) % len(_KINDS)]}",
        description=f"Made to last, and made to be repaired. From our {category.lower()} department.",
        category=category,
        brand=draw.choice(_BRANDS),
        tags=tuple(sorted(draw.sample(("gift", "new", "handmade", "outdoor", "repairable"), 2))),
        image=f"/images/{category.lower()}-{index + 1:03}.jpg",
        weight=draw.randrange(50, 5000),
        created=_FIRST_DAY + timedelta(days=draw.randrange(300)),
        amount=amount,
        was=amount + draw.randrange(100, 2000) if draw.random() < 0.25 else None,
        quantity=draw.choice((0, 0, 1, 3, 8, 20, 150)),
        location=draw.choice(("Rotterdam", "Lyon", "Leipzig")),
        next_delivery=_FIRST_DAY + timedelta(days=draw.randrange(330, 365)) if draw.random() < 0.5 else None,
    )


def _make_review(draw: random.Random, number: int, product: Product) -> Review:
    rating, title, text = draw.choice(_OPINIONS)
    return Review(
        id=f"r-{number:04}",
        product_id=product.id,
        rating=rating,
        title=title,
        text=text,
        author=draw.choice(_AUTHORS),
        created=product.created + timedelta(days=draw.randrange(1, 20)),
    )


def _make_order(draw: random.Random, number: int, products: list[Product]) -> Order:
    lines: list[dict[str, str | int]] = [
        {"sku": product.sku, "quantity": draw.randrange(1, 4)}
        for product in draw.sample(products, draw.randrange(1, 4))
    ]
    created = (_FIRST_DAY + timedelta(days=draw.randrange(300))).isoformat()
    return Order(
        f"o-{number:04}", draw.choice(CUSTOMERS), draw.choice(("PAID", "SHIPPED", "DELIVERED")), lines, created
    )
