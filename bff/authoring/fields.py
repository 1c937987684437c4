"""Fields that come from upstreams: `take` and `via`. They are plain strawberry fields that carry a record."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, replace
from typing import Any

import strawberry
from graphql import GraphQLType
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryList, StrawberryOptional, StrawberryType
from strawberry.types.field import StrawberryField

from bff.authoring.arguments import annotate, find_python_name
from bff.authoring.context import Context, Degraded
from bff.authoring.field_calls import Step, has_arguments, parse_steps
from bff.authoring.keys import Constant, MadeKey, parse_key_text
from bff.authoring.problems import suggest_nearest
from bff.authoring.strawberry_insides import DEFINITION, raw_info
from bff.authoring.to_many import fetch_list, is_key_list, is_list_type
from bff.loading.lost_paths import warn_of_lost_path
from connectors.contract import FieldCall, Reply
from connectors.endpoint import Endpoint, StreamEndpoint, place_of_author, split_path
from connectors.errors import DefinitionError, UpstreamError
from connectors.messages.paths import EACH, Path, PathOption, at_path
from connectors.plain import NOT_GIVEN, plain_entries, to_plain

TAKE, VIA = "bff.take", "bff.via"
"""Keys of a strawberry field's metadata under which the records below are found."""
RECORD = "__bff_record__"
"""The attribute of an object that holds the upstream's record, where fields of it depend on arguments."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of an endpoint that becomes a GraphQL argument of the field."""

    type: Any
    default: Any
    description: str | None


@dataclass(frozen=True, slots=True)
class Take:
    """The field's value stands under another name, or deeper, in the upstream's record."""

    path: tuple[str, ...]
    """Empty where it depends on arguments of the frontend."""
    place: str
    steps: tuple[Step, ...] = ()
    """The fields of a GraphQL upstream, where any is selected with arguments."""
    from_arguments: Mapping[str, Argument] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)

    def fill(self, given: Mapping[str, Any], types: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, FieldCall]]:
        """The path in the record, and the calls of its steps by their keys, for these arguments of the frontend.

        `types` are those of the arguments.
        """
        chosen = {name: given.get(find_python_name(name), NOT_GIVEN) for name in self.from_arguments}
        values = {**self.constants, **plain_entries(chosen, keeps_enums=True)}
        path: list[str] = []
        calls: dict[str, FieldCall] = {}
        for step in self.steps or self.path:
            if isinstance(step, str):
                path.append(step)
                continue
            key, call = step.fill(values, types)
            calls[key] = call
            path.append(key)
        return tuple(path), calls

    def find_default(self, variable: str) -> Any:
        """What a variable is where a frontend does not choose it."""
        default = self.from_arguments[variable].default
        return strawberry.UNSET if default is None else default


@dataclass(frozen=True, slots=True)
class Via:
    """The field's value is fetched from an endpoint, batched over all objects of the list it stands in."""

    endpoint: Endpoint | StreamEndpoint
    from_fields: Mapping[str, str]
    """Endpoint parameter -> own field of the type that gives its value."""
    from_arguments: Mapping[str, Argument]
    from_made: Mapping[str, MadeKey]
    """Endpoint parameter -> what makes its value of own fields."""
    constants: Mapping[str, Any]
    default: Any
    """Used when the upstream fails, or has nothing; MISSING where the failure is to be shown, and null is null."""
    place: str

    def build_arguments(self, source: Any, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The endpoint's arguments for one object; None when a key is null, so that there is nothing to request."""
        arguments = {**self.constants, **self.choose_arguments(given)}
        for parameter, name in self.from_fields.items():
            value = getattr(source, name)
            if value is None:
                return None
            if isinstance(value, UpstreamError):
                raise value  # the upstream failed to give the key, so that is why this field has no value
            arguments[parameter] = value
        for parameter, made in self.from_made.items():
            arguments[parameter] = to_plain(made.read_from(source))
            if arguments[parameter] is None:
                return None
        return arguments

    @property
    def parameters(self) -> list[str]:
        """All parameters of the endpoint that are given."""
        return [*self.from_fields, *self.from_made, *self.from_arguments, *self.constants]

    def list_needs(self) -> list[str]:
        """The own fields of which values are made."""
        return [*self.from_fields.values(), *(name for made in self.from_made.values() for name in made.needs)]

    def choose_arguments(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the frontend chose, as connectors take it, without what it left out."""
        if not self.from_arguments:
            return {}
        chosen = {name: given.get(find_python_name(name), NOT_GIVEN) for name in self.from_arguments}
        return plain_entries(chosen, keeps_enums=self.endpoint.operation.keeps_enums)

    def find_default(self, parameter: str) -> Any:
        """What a parameter is where a frontend does not choose it: NOT_GIVEN where None stands for an optional one."""
        default = self.from_arguments[parameter].default
        is_optional = self.endpoint.takes_any or not self.endpoint.parameters.get(parameter, True)
        return strawberry.UNSET if default is None and is_optional else default

    def use_default(self, error: UpstreamError, context: Context, path: list[str | int]) -> Any:
        """The default, noted as degraded at this response path; raises the error where there is none."""
        if self.default is MISSING:
            raise error
        value = self.make_default(error)  # which may raise, and then nothing is degraded
        context.degraded.append(Degraded(path=tuple(path), error=error))
        return value

    @property
    def replaces_null(self) -> bool:
        """Whether the field has its default instead of null."""
        return self.default is not MISSING and self.default is not None

    def make_default(self, error: UpstreamError | None = None) -> Any:
        """The default where the upstream has nothing for an object: null where there is none."""
        if self.default is MISSING:
            return None
        if not callable(self.default):
            return self.default
        return self.default(error) if _takes_error(self.default) else self.default()


def _takes_error(default: Callable[..., Any]) -> bool:
    """Whether an author's function has one parameter without a default, for the error."""
    if not inspect.isfunction(default):
        return False
    return default.__code__.co_argcount - len(default.__defaults__ or ()) == 1


def take(
    path: PathOption, *, parameters: Mapping[str, Any] | None = None, private: bool = False, **options: Any
) -> Any:
    r"""Read the field from `path` in the upstream's record: another name, or a path such as `"author.name"`.

    `"entry[].resource"` goes through a list, and `\.` is a dot in a name (connectors.messages.paths).
    A field of a GraphQL upstream may have arguments, constants or variables: `take("cover(size: 10)")`,
    `take("posts(first: $first)", first=argument(int, 10))`. Each variable is given an `argument(...)`, which the
    frontend chooses, or a constant; `parameters` takes those whose names collide with other options.
    Other options are those of `strawberry.field` (description, default, deprecation_reason, permission_classes ...).
    `private=True` goes with the annotation `strawberry.Private[...]`: the value is there for `via` and for Python code,
    and not in GraphQL; its options are `default` and `default_factory`.
    Raises DefinitionError for a path that is not valid.
    """
    place = place_of_author("bff")
    if private:
        if unknown := options.keys() - {"default", "default_factory"}:
            raise DefinitionError(f"{place}: {', '.join(sorted(unknown))} of take() needs a field that is not private")
        return dataclasses.field(metadata={TAKE: Take(_split_path(path), place)}, kw_only=True, **options)
    if isinstance(path, str) and has_arguments(path):
        record = _create_take(path, place, options, parameters or {})
    else:
        record = Take(_split_path(path), place)
    metadata = {**options.pop("metadata", {}), TAKE: record}
    if record.from_arguments:
        return strawberry.field(resolver=_make_take_resolver(record), metadata=metadata, **options)
    return strawberry.field(metadata=metadata, **options)


def _create_take(path: str, place: str, options: dict[str, Any], parameters: Mapping[str, Any]) -> Take:
    """The record of a path with arguments; takes the values of its variables out of `options`."""
    try:
        steps = parse_steps(path)
    except ValueError as error:
        raise DefinitionError(f"{place}: {error}") from error
    names = [name for step in steps if not isinstance(step, str) for name in step.variables]
    given = {**{name: options.pop(name) for name in names if name in options}, **parameters}
    given |= {name: options.pop(name) for name, value in list(options.items()) if isinstance(value, Argument)}
    if missing := next((name for name in names if name not in given), None):
        raise DefinitionError(
            f"{place}: take({path!r}) has the variable ${missing}; write {missing}=argument(...) or a constant"
        )
    if surplus := next((name for name in given if name not in names), None):
        raise DefinitionError(f"{place}: take({path!r}) has no variable ${surplus}; {suggest_nearest(surplus, names)}")
    chosen = {name: value for name, value in given.items() if isinstance(value, Argument)}
    constants = plain_entries({name: value for name, value in given.items() if name not in chosen}, keeps_enums=True)
    record = Take((), place, steps, chosen, constants)
    return record if chosen else replace(record, path=record.fill({}, {})[0])


def _make_take_resolver(record: Take) -> Callable[..., Any]:
    def resolve(self: Any, **given: Any) -> Any:
        source = getattr(self, RECORD, None)
        if source is None:
            raise DefinitionError(
                f"{record.place}: the field is read from an upstream's record, and this {type(self).__name__} was made "
                "without one"
            )
        return Reply(at_path(source, record.fill(given, {})[0]))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    resolve.__signature__ = inspect.Signature([own, *_list_arguments(record)])  # type: ignore[attr-defined]  # inspect reads it
    return resolve


def _split_path(path: PathOption) -> Path:
    if not path:
        raise DefinitionError(f"{place_of_author('bff')}: the path of take() is empty; write the name of a field")
    steps = split_path(path, "take", packages=("bff",))
    if steps[0] == EACH:
        raise DefinitionError(f"{place_of_author('bff')}: take({path!r}) begins with []; a record is no list")
    return steps


def argument(type_: Any, default: Any = inspect.Parameter.empty, *, description: str | None = None) -> Any:
    """In `via`, let the frontend choose a parameter: `via(reviews.of, product_id="id", first=argument(int, 2))`.

    What the frontend leaves out is left out of the call, unless there is a default: with `strawberry.UNSET` or
    `strawberry.Maybe[...]`, and with the default None where the endpoint's parameter is optional. Null is sent as null.
    """
    return Argument(type_, default, description)


def via(
    endpoint: Endpoint | StreamEndpoint,
    /,
    *,
    default: Any = MISSING,
    description: str | None = None,
    options: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    **named: Any,
) -> Any:
    """Fetch the field from an endpoint, one call for a whole list where the endpoint can batch.

    Each parameter is given the name of a field of the same type (`sku="id"`), a text with such names in it
    (`"Patient/{id}"`), `key(...)`, an `argument(...)`, a `constant(...)`, or another value that is no text.
    `description` is the field's. `parameters` takes those whose names collide with ours. `default`, a value or a
    function that makes one, replaces null and what is absent, and the value when the upstream fails; then the response
    says so in `extensions.degraded`. A function with one parameter gets the UpstreamError, or None, and may raise it.
    `options` go to `strawberry.field`.
    Names are checked when the schema is built.
    """
    given_endpoint: object = endpoint  # what the types promise, a class body can break
    if not isinstance(given_endpoint, Endpoint | StreamEndpoint):
        if not isinstance(given_endpoint, StrawberryField):
            raise TypeError(f"via() takes an endpoint such as catalog.product, not {given_endpoint!r}")
        raise TypeError(
            "via() takes an endpoint; here the name is hidden by a field of this class, so import its module"
        )
    given = {
        name: parse_key_text(value) if isinstance(value, str) and "{" in value else value
        for name, value in {**named, **(parameters or {})}.items()
    }
    fixed = {name: value for name, value in given.items() if not isinstance(value, str | Argument | MadeKey)}
    record = Via(
        endpoint=endpoint,
        from_fields={name: value for name, value in given.items() if isinstance(value, str)},
        from_made={name: value for name, value in given.items() if isinstance(value, MadeKey)},
        from_arguments={name: value for name, value in given.items() if isinstance(value, Argument)},
        constants=plain_entries(
            {name: value.value if isinstance(value, Constant) else value for name, value in fixed.items()}
        ),
        default=default,
        place=place_of_author("bff"),
    )
    streams = isinstance(endpoint, StreamEndpoint)
    resolver = _make_stream_resolver(record) if streams else _make_resolver(record)
    chosen = {**({} if description is None else {"description": description}), **(options or {})}
    metadata = {**chosen.pop("metadata", {}), VIA: record}
    make: Callable[..., Any] = strawberry.subscription if streams else strawberry.field
    return make(resolver=resolver, metadata=metadata, **chosen)


def _build_signature(record: Via) -> inspect.Signature:
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    info = inspect.Parameter("info", inspect.Parameter.KEYWORD_ONLY, annotation=strawberry.Info)
    return inspect.Signature([own, info, *_list_arguments(record)])


def _list_arguments(record: Via | Take) -> list[inspect.Parameter]:
    """The arguments of the frontend, as parameters of a resolver."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(
            find_python_name(name),
            keyword,
            default=record.find_default(name),
            annotation=annotate(name, each.type, each.description),
        )
        for name, each in record.from_arguments.items()
    ]


def _make_resolver(record: Via) -> Callable[..., Any]:
    async def resolve(self: Any, info: strawberry.Info, **given: Any) -> Any:
        try:
            reply = await fetch_one(record, self, given, raw_info(info).return_type)
        except UpstreamError as error:
            return record.use_default(error, info.context, info.path.as_list())
        return record.make_default() if is_nothing(record, reply) else reply

    resolve.__signature__ = _build_signature(record)  # type: ignore[attr-defined]  # inspect reads it
    return resolve


async def fetch_one(record: Via, source: Any, given: Mapping[str, Any], type_: GraphQLType) -> Any:
    """Ask the endpoint of a `via` field for one object; None when its key is null. Raises UpstreamError.

    A Reply; of a list of keys, a list of what they have, where the field's type is a list.
    """
    endpoint = record.endpoint
    assert isinstance(endpoint, Endpoint)
    arguments = record.build_arguments(source, given)
    if arguments is None:
        return None
    keys = None if endpoint.batch is None else arguments.get(endpoint.batch.parameter)
    if keys is not None and is_list_type(type_) and has_key_list(record, type(source)):
        return await fetch_list(endpoint, arguments, keys if is_key_list(keys) else [keys], type_)
    reply = await endpoint.load(arguments)
    if isinstance(reply.data, UpstreamError):  # reading may fail too, and is the upstream's failure like any other
        raise reply.data
    if reply.data is None:
        warn_of_lost_path(endpoint, reply)
    return reply


def is_nothing(record: Via, fetched: Any) -> bool:
    """Whether an object has the field's default, because there is nothing for it."""
    return fetched is None or (record.replaces_null and isinstance(fetched, Reply) and fetched.data is None)


def _make_stream_resolver(record: Via) -> Callable[..., Any]:
    async def resolve(self: Any, info: strawberry.Info, **given: Any) -> Any:
        endpoint = record.endpoint
        assert isinstance(endpoint, StreamEndpoint)
        arguments = record.build_arguments(self, given)
        async for event in endpoint.open(arguments or {}):
            yield event

    resolve.__signature__ = _build_signature(record)  # type: ignore[attr-defined]  # inspect reads it
    return resolve


def find_own_field(cls: type, name: str) -> StrawberryField | None:
    """The strawberry field of a type by its Python name."""
    definition = getattr(cls, DEFINITION, None)
    if definition is None:
        return None
    return next((field for field in definition.fields if field.python_name == name), None)


def has_key_list(via: Via, cls: type) -> bool:
    """Whether objects of a class, or frontends, give a list where the endpoint takes one key of a batch."""
    batch = via.endpoint.batch if isinstance(via.endpoint, Endpoint) else None
    if batch is None or batch.parts:  # of a key that has several parts, a list is none
        return False
    if batch.parameter in via.from_arguments:
        return _is_list(StrawberryAnnotation(via.from_arguments[batch.parameter].type).resolve())
    name = via.from_fields.get(batch.parameter)
    own = None if name is None else find_own_field(cls, name)
    if isinstance(own, StrawberryField) and isinstance(own.type, StrawberryType):
        return _is_list(own.type)
    return name is not None and _is_list_annotation(typing.get_type_hints(cls).get(name))


def _is_list(type_: Any) -> bool:
    return isinstance(type_.of_type if isinstance(type_, StrawberryOptional) else type_, StrawberryList)


def _is_list_annotation(annotation: Any) -> bool:
    """Of a private field, which strawberry knows nothing about."""
    kinds = typing.get_args(annotation) or (annotation,)
    return any((typing.get_origin(each) or each) in (list, tuple) for each in (annotation, *kinds))
