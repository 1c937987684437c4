"""`computed`: fields that are plain Python over other fields of the object, fetched and computed ones included."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from bff.authoring.arguments import find_python_name
from bff.authoring.fields import VIA, Via, fetch_one, find_own_field, is_nothing
from bff.authoring.lookahead import COMPUTED, leaves_of
from bff.authoring.records import unwrap
from bff.authoring.strawberry_insides import own_field_of, raw_info
from connectors.endpoint import place_of_author, requested
from connectors.errors import UpstreamError

RECORDS = "bff.records"
"""Key of a graphql-core schema's extensions: the `Records` that make declared types of replies."""
_INFO = "bff_info"


@dataclass(frozen=True, slots=True)
class Computed:
    """What a computed field needs, and how it is computed."""

    needs: tuple[str, ...]
    place: str
    compute: Callable[[Any, strawberry.Info], Awaitable[Any]]
    """Its value for one object, with the defaults of its own arguments."""
    has_required_arguments: bool
    method: Callable[[Any], Any] | None
    """The author's own, where it takes nothing but the object. What it returns may be awaitable."""

    def compute_directly(self, cls: type) -> Callable[[Any], Any] | None:
        """Computes it of an object of just this class, where all that it needs is there as soon as the object is."""
        fields = [find_own_field(cls, name) for name in self.needs]
        if self.method is None or not all(each and not {VIA, COMPUTED} & each.metadata.keys() for each in fields):
            return None
        return partial(_compute_directly, self.method, self.needs)


def computed(*, needs: str | tuple[str, ...] | list[str], **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a method a field that is computed from other fields of the object, `via` fields included.

    `needs` names them; fetched and computed ones are in place, as attributes, when the method runs. Fetched ones cost
    no extra call, except of a GraphQL upstream, of which all plain fields of what is needed are requested.
    """
    names = (needs,) if isinstance(needs, str) else tuple(needs)
    place = place_of_author("bff")

    def decorate(method: Callable[..., Any]) -> StrawberryField:
        signature = inspect.signature(method)
        own_info = next((name for name, each in signature.parameters.items() if _is_info(each.annotation)), None)
        info_name = own_info or _INFO

        async def resolve(self: Any, /, **given: Any) -> Any:
            info = given[info_name] if own_info else given.pop(info_name)
            for name in names:
                await _put_in_place(self, name, info)
            result = method(self, **given)
            return await result if inspect.isawaitable(result) else result

        async def compute(source: Any, info: strawberry.Info) -> Any:
            return await resolve(source, **{info_name: info})

        _copy_signature(resolve, method, signature, adds_info=own_info is None)
        chosen = [each for name, each in signature.parameters.items() if name not in {"self", "root", own_info}]
        required = any(each.default is each.empty and each.kind is not each.VAR_KEYWORD for each in chosen)
        is_plain = not chosen and own_info is None
        record = Computed(names, place, compute, required, method if is_plain else None)
        metadata = {**options.pop("metadata", {}), COMPUTED: record}
        return strawberry.field(resolver=resolve, metadata=metadata, **options)  # type: ignore[no-any-return]  # strawberry's

    return decorate


def _compute_directly(method: Callable[[Any], Any], needs: tuple[str, ...], source: Any) -> Any:
    for name in needs:
        value = getattr(source, name)
        if isinstance(value, UpstreamError):
            raise value
    return method(source)


def _copy_signature(resolve: Any, method: Callable[..., Any], signature: inspect.Signature, *, adds_info: bool) -> None:
    """Make strawberry see the author's method, with `info` added where the author's has none."""
    if adds_info:
        info = inspect.Parameter(_INFO, inspect.Parameter.KEYWORD_ONLY, annotation=strawberry.Info)
        signature = signature.replace(parameters=[*signature.parameters.values(), info])
    resolve.__signature__ = signature
    resolve.__name__, resolve.__doc__, resolve.__module__ = method.__name__, method.__doc__, method.__module__
    resolve.__annotations__ = method.__annotations__


def _is_info(annotation: Any) -> bool:
    if isinstance(annotation, str):  # under `from __future__ import annotations`
        return annotation.partition("[")[0].rpartition(".")[2] == "Info"
    return getattr(annotation, "__origin__", annotation) is strawberry.Info


async def _put_in_place(source: Any, name: str, info: strawberry.Info) -> None:
    field = find_own_field(type(source), name)
    assert field is not None
    via, needed = field.metadata.get(VIA), field.metadata.get(COMPUTED)
    if via is not None:
        value = await _fetch_value(via, source, name, info)
    elif needed is not None:
        value = await needed.compute(source, info)
    else:
        value = getattr(source, name)
    if isinstance(value, UpstreamError):
        raise value  # what stands in the place of a null that a GraphQL upstream explained
    if via is not None or needed is not None:
        setattr(source, name, value)


async def _fetch_value(via: Via, source: Any, name: str, info: strawberry.Info) -> Any:
    """The value of a `via` field. Its loader answers from the batch the field itself belongs to."""
    raw = raw_info(info)
    type_ = next(
        field.type
        for field in raw.parent_type.fields.values()
        if getattr(own_field_of(field), "python_name", None) == name
    )
    convert = raw.schema.extensions[RECORDS].converter(type_)
    token = requested.set(leaves_of(raw.schema, type_) if via.endpoint.selects else None)
    try:
        given = {find_python_name(name): via.find_default(name) for name in via.from_arguments}
        fetched = await fetch_one(via, source, given, type_)
    except UpstreamError as error:
        return unwrap(via.use_default(error, info.context, info.path.as_list()), convert)
    finally:
        requested.reset(token)
    return unwrap(via.make_default() if is_nothing(via, fetched) else fetched, convert)
