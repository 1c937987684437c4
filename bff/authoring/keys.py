"""Values of an endpoint's parameters that `via` makes: constants, texts with fields in them, and those of functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.endpoint import place_of_author
from connectors.errors import DefinitionError, UpstreamError
from connectors.messages.templates import Placeholder, parse_text, text_of


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for all objects."""

    value: Any


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A value that is made of other fields of the object."""

    needs: tuple[str, ...]
    """The own fields of the type that it is made of; where one of them is null, there is nothing to request."""
    make: Callable[[Any], Any]
    is_text: bool = False
    """Whether it takes nothing but these fields of an object, whatever the object's class."""

    def read_from(self, source: Any) -> Any:
        """The value for an object; None where a part of it is null. Raises what the author's function raises."""
        for name in self.needs:
            value = getattr(source, name)
            if value is None:
                return None
            if isinstance(value, UpstreamError):
                raise value  # the upstream failed to give it
        return self.make(source)


def constant(value: Any) -> Any:
    """In `via`, a parameter with a fixed value: `via(orders.of, status=constant("OPEN"))`. Needed for texts only."""
    return Constant(value)


def key(make: Callable[[Any], Any], *, needs: str | tuple[str, ...] | list[str]) -> Any:
    """In `via`, a parameter that is made of fields of the object: `id=key(lambda self: self.id.upper(), needs="id")`.

    `needs` names the fields; they must be plain ones. None means that there is nothing to request.
    """
    names = (needs,) if isinstance(needs, str) else tuple(needs)
    if not names:
        raise DefinitionError(f"{place_of_author('bff')}: key() needs a field; write constant() for a fixed value")
    return MadeKey(names, make)


def parse_key_text(text: str) -> MadeKey | Constant:
    """`"Patient/{id}"`: a text with fields of the object in it. Raises DefinitionError."""
    parts = parse_text(text)
    names = tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Placeholder)))

    def make(source: Any) -> str:
        return "".join([part if isinstance(part, str) else text_of(getattr(source, part.name)) for part in parts])

    return MadeKey(names, make, is_text=True) if names else Constant("".join(map(str, parts)))
