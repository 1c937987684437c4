"""From the bytes of a request to its GraphQL parameters (GraphQL over HTTP, `Request`). Each error has a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bff.contract import Answer, Increments, Problem, Refused, Request
from connectors.messages.json_numbers import SMALL, parse_float, parse_json


class _PlainRequest(msgspec.Struct, rename="camel"):
    """A request with its document and no id of one, as nearly all are: decoded in one step."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    document_id: msgspec.UnsetType = msgspec.UNSET
    doc_id: msgspec.UnsetType = msgspec.field(name="doc_id", default=msgspec.UNSET)
    id: msgspec.UnsetType = msgspec.UNSET


_decode_plain = msgspec.json.Decoder(_PlainRequest).decode
_decode_large = msgspec.json.Decoder(_PlainRequest, float_hook=parse_float).decode
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_MAX_FIELDS = 50
_IDS = ("documentId", "doc_id", "id")
"""Parameters that name a stored document: that of GraphQL over HTTP, then those of Relay."""
_ID_NAMES = frozenset(_IDS)
_KINDS = (
    ("query", (str, NoneType), "a string"),
    ("operationName", (str, NoneType), "a string"),
    ("documentId", (str, NoneType), "a string"),
    ("variables", (dict, NoneType), "an object"),
    ("extensions", (dict, NoneType), "an object"),
)


class Params(msgspec.Struct, frozen=True):
    """The parameters of one GraphQL request."""

    query: str = ""
    """The document; empty if the request names a stored one."""
    document_id: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = msgspec.field(default_factory=dict)
    extensions: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def to_request(
        self,
        frontend: str,
        headers: Mapping[str, str],
        client: str,
        *,
        no_mutations: bool = False,
        instead_of_events: Answer | None = None,
        increments: Increments | None = None,
        asgi_scope: Mapping[str, Any] = MappingProxyType({}),
        takes_records: bool = False,
    ) -> Request:
        """The request for the gateway: these parameters with what the transport adds."""
        return Request(
            frontend=frontend,
            query=self.query,
            document_id=self.document_id,
            operation_name=self.operation_name,
            variables=self.variables,
            extensions=self.extensions,
            headers=headers,
            client=client,
            no_mutations=no_mutations,
            instead_of_events=instead_of_events,
            increments=increments,
            asgi_scope=asgi_scope,
            takes_records=takes_records,
        )


def check_media_type(content_type: str | None) -> None:
    """Raise Refused unless a POST is application/json in UTF-8.

    This also keeps out forms of other sites: a browser sends this type to another site only after a CORS preflight,
    but text/plain, multipart/form-data and urlencoded forms without one.
    """
    media, _, parameters = (content_type or "").partition(";")
    if media.strip().lower() != "application/json":
        found = f"its Content-Type is {media.strip()[:100]}" if media.strip() else "it has no Content-Type"
        raise _unsupported(f"Send the request as application/json; {found}.")
    charset = _CHARSET.search(parameters)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        raise _unsupported(f"Send the request in UTF-8; its charset is {charset[1][:40]}.")


def read_json(body: bytes) -> Params | list[Any]:
    """The parameters of a JSON body; a batch is returned as its decoded array, for `read_map`. Raises Refused."""
    try:
        plain = _decode_plain(body) if len(body) <= SMALL else _decode_large(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass  # a batch, another form of request, or an error
    else:
        return Params(plain.query, None, plain.operation_name or None, plain.variables or {}, plain.extensions or {})
    if not body or body.isspace():
        raise Problem.EMPTY_BODY.refusal(
            'The request body is empty; send a JSON object with a query, such as {"query": "{ __typename }"}.'
        )
    data = _decode_json(body, "The request body")
    return data if isinstance(data, list) else read_map(data)


def read_url(query_string: bytes) -> Params:
    """The parameters of a query string. Raises Refused."""
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Problem.INVALID_URL.refusal(
            f"The query string is not valid: percent-encode it as UTF-8, with at most {_MAX_FIELDS} parameters."
        ) from error
    values = dict(pairs)
    if len(values) < len(pairs):
        raise Problem.INVALID_URL.refusal("The query string has a parameter twice.")
    data: dict[str, Any] = {name: values[name] for name in ("query", "operationName", *_IDS) if name in values}
    for name in ("variables", "extensions"):
        if values.get(name):
            data[name] = _decode_json(values[name].encode(), f"`{name}`")
    return read_map(data)


def read_map(data: Any) -> Params:
    """The parameters of one decoded request. Raises Refused."""
    if not isinstance(data, dict):
        raise Problem.BAD_REQUEST.refusal(f"Send a JSON object with a query; this request is {_name_kind(data)}.")
    for name, kind, kind_name in _KINDS:
        if name in data and not isinstance(data[name], kind):
            raise Problem.BAD_REQUEST.refusal(f"`{name}` must be {kind_name}; it is {_name_kind(data[name])}.")
    extensions = data.get("extensions") or {}
    document_id = None
    if not _ID_NAMES.isdisjoint(data):
        document_id = next((data[name] for name in _IDS if data.get(name) and isinstance(data[name], str)), None)
    if data.get("query") is None and document_id is None and "persistedQuery" not in extensions:
        raise Problem.BAD_REQUEST.refusal("`query` must be a string with a GraphQL document; it is missing.")
    return Params(
        query=data.get("query") or "",
        document_id=document_id,
        operation_name=data.get("operationName") or None,
        variables=data.get("variables") or {},
        extensions=extensions,
    )


def _decode_json(text: bytes, what: str) -> Any:
    """`text` as JSON. Integers of any size stay exact. Raises Refused, with the place of the error."""
    try:
        return parse_json(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as invalid:
            raise Problem.INVALID_UTF8.refusal(f"{what} is not UTF-8: byte {invalid.start} does not fit.") from error
        raise Problem.INVALID_JSON.refusal(f"{what} is not valid JSON: {error}.") from error
    except RecursionError:
        raise Problem.INVALID_JSON.refusal(f"{what} is nested too deeply.") from None
    except ValueError as error:  # Python converts only so many digits
        raise Problem.INVALID_JSON.refusal(f"{what} has a number with too many digits.") from error


def _name_kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return "null" if value is None else names[type(value)]


def _unsupported(message: str) -> Refused:
    return Problem.UNSUPPORTED_MEDIA_TYPE.refusal(message, accept_post="application/json")
