"""The departments of the shop."""

from enum import Enum

import strawberry


@strawberry.enum(description="A department of the shop.")
class Category(Enum):
    TOYS = "TOYS"
    BOOKS = "BOOKS"
    GARDEN = "GARDEN"
    KITCHEN = "KITCHEN"
    MUSIC = "MUSIC"
    SPORT = "SPORT"
