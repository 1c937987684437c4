"""The authoring API of SOAP upstreams: `warehouse = soap("warehouse")`, then its operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.batching import Batching, KeyOption, check_at_least_one
from connectors.endpoint import Endpoint, place_of_author
from connectors.errors import DefinitionError
from connectors.failure_rules import ErrorOption, ExposeOption, FailureOptions, FieldsOption
from connectors.failures import read_failure_options
from connectors.messages.keys import KeyCase
from connectors.messages.paths import PathOption
from connectors.messages.templates import Template
from connectors.soap.operations import SoapOperation


def soap(name: str) -> SoapUpstream:
    """The upstream of this name in bff.yaml, where its WSDL is."""
    return SoapUpstream(name)


class SoapUpstream:
    """Makes endpoints of a WSDL's operations."""

    def __init__(self, name: str) -> None:
        self.name = name

    def call(
        self,
        operation: str,
        /,
        *,
        message: Any = None,
        many: Any = None,
        key: KeyOption | None = None,
        key_case: KeyCase = "exact",
        batch: str | tuple[str, ...] | None = None,
        group: bool = False,
        at: PathOption | None = None,
        many_at: PathOption | None = None,
        limit: int = 100,
        each: int | None = None,
        service: str | None = None,
        port: str | None = None,
        headers: Mapping[str, Any] | None = None,
        header: str | None = None,
        safe: bool = True,
        idempotent: bool | None = None,
        error: ErrorOption | None = None,
        expose: ExposeOption | None = None,
        fields: FieldsOption | None = None,
        **arguments: Any,
    ) -> Endpoint:
        """An operation: `warehouse.call("GetStock", sku="{sku}", at="Quantity", each=8)`.

        `arguments` are the elements (rpc: parts) of the message by their names in the WSDL, as values, templates
        (`"{sku}"`, `"{page?}"`), or dicts and lists of these; attributes are named like elements. Those whose names are
        options here are given in `message`, a mapping, or the one value of a message that is just a value.
        The data of a reply is what is inside of the output's element: elements and attributes by name, None or an
        empty list for what is absent; connectors.soap.decode.scalars says how values look. `at` is the path to the
        interesting part of it.

        `many` is the message of a batch, for services that take lists; with `many` alone one value is a batch of one.
        `key` is the path in each record of a batch's reply to the value asked for (without it the reply is a list in
        key order); `group` gives each key a list of records; `batch` names the collected parameter where `many` has
        several; `limit` is the most keys of one call; `many_at` is the path in a batch's reply where it differs.
        `each` allows unbatched calls for every item of a list, at most so many at once.
        `headers` are SOAP header elements by name: `{"Session": {"Token": "{token}"}}`. `header` names an element of
        the reply's header that is its data, instead of the body; all of them are in `reply.header`.
        `service` and `port` choose among several in the WSDL.
        `safe=False` marks a mutation; it is `idempotent` only when you say so.
        `error` finds failures in good replies, `expose` and `fields` let frontends read parts of errors
        (connectors.failure_rules).
        Raises DefinitionError when these do not fit together. Names are compared with the WSDL by the first call.
        """
        where = f"{place_of_author()}: {operation}"
        _check_options(where, key=key, batch=batch, at=at, many_at=many_at, service=service, port=port, header=header)
        _check_numbers(where, limit=limit, each=each)
        failures = FailureOptions(error=error, expose=expose, fields=fields)
        single = Template(_merge_message(where, message, arguments))
        extra = Template(dict(headers or {}))
        batching = Batching(key=key, key_case=key_case, group=group, batch=batch, limit=limit, many_at=many_at)
        batching.check(where, is_batch=many is not None)
        check_at_least_one(where, each=each)
        collected = None if many is None else batching.choose_parameters(Template(many).parameters)
        multiple = None if collected is None else Template(many, many=collected)
        created = None if collected is None else batching.create_batch(collected)
        keys = () if created is None else created.names
        has_single_form = multiple is None or message is not None or bool(arguments)
        if multiple is not None and has_single_form:
            _check_same_parameters(where, single, multiple)
        for name in extra.parameters.keys() & keys:
            raise DefinitionError(f"{where}: {{{name}}} is collected into batches and cannot be in a header too")
        parameters = {**_merge_parameters(multiple or single, extra), **dict.fromkeys(keys, True)}
        return Endpoint(
            SoapOperation(
                upstream=self.name,
                name=operation,
                service=service,
                port=port,
                message=single,
                many=multiple,
                headers=extra,
                header=header,
                is_safe=safe,
                is_idempotent=safe if idempotent is None else idempotent,
                **read_failure_options(failures, at=at, many_at=many_at),
            ),
            parameters,
            at=at,
            many_at=many_at,
            batch=created,
            has_single_form=has_single_form,
            each=each,
        )

    def __repr__(self) -> str:
        return f"<soap upstream {self.name}>"


def _check_options(where: str, **options: KeyOption | None) -> None:
    for name, value in options.items():
        if value is not None and (not isinstance(value, str | tuple) or "{" in value):
            raise _make_option_error(where, name)


def _check_numbers(where: str, **options: int | None) -> None:
    for name, value in options.items():
        if value is not None and not isinstance(value, int):
            raise _make_option_error(where, name)


def _make_option_error(where: str, name: str) -> DefinitionError:
    return DefinitionError(
        f'{where}: {name}= is an option of call(); for an element of that name, write message={{"{name}": ...}}'
    )


def _check_same_parameters(where: str, single: Template, multiple: Template) -> None:
    if single.parameters.keys() != multiple.parameters.keys():
        raise DefinitionError(
            f"{where}: the single message and `many` must have the same parameters; they have "
            f"{', '.join(single.parameters) or 'none'} and {', '.join(multiple.parameters)}"
        )


def _merge_message(where: str, message: Any, arguments: Mapping[str, Any]) -> Any:
    if message is None or not arguments:
        return arguments if message is None else message
    if not isinstance(message, Mapping):
        raise DefinitionError(f"{where}: message= is the whole message, so {', '.join(arguments)} cannot be given too")
    if twice := message.keys() & arguments.keys():
        raise DefinitionError(f"{where}: {', '.join(sorted(twice))} is given twice, in message= and beside it")
    return {**message, **arguments}


def _merge_parameters(message: Template, headers: Template) -> dict[str, bool]:
    """Whether each parameter of the two must be given, by name."""
    merged = dict(message.parameters)
    for name, is_required in headers.parameters.items():
        merged[name] = merged.get(name, False) or is_required
    return merged
