"""From the bytes of a request to its GraphQL parameters (GraphQL over HTTP, `Request`). Every mistake has a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bff.contract import Answer, Increments, Refused, Request
from bff.http.errors import Problem


class _Sent(msgspec.Struct, rename="camel"):
    """A request that gives its document and no name of one, as nearly all do."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    document_id: msgspec.UnsetType = msgspec.UNSET
    doc_id: msgspec.UnsetType = msgspec.field(name="doc_id", default=msgspec.UNSET)
    id: msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder().decode
_decode_sent = msgspec.json.Decoder(_Sent).decode
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_MOST_FIELDS = 50
_IDS = ("documentId", "doc_id", "id")
"""What may name a document: GraphQL over HTTP's word, then Relay's."""
_MAY_NAME = frozenset(_IDS)
_KINDS = (
    ("query", (str, NoneType), "a string"),
    ("operationName", (str, NoneType), "a string"),
    ("documentId", (str, NoneType), "a string"),
    ("variables", (dict, NoneType), "an object"),
    ("extensions", (dict, NoneType), "an object"),
)


class Params(msgspec.Struct, frozen=True):
    """What a frontend asks."""

    query: str = ""
    """The document; empty when the request names one."""
    document_id: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = msgspec.field(default_factory=dict)
    extensions: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def request(
        self,
        frontend: str,
        headers: Mapping[str, str],
        client: str,
        *,
        no_mutations: bool = False,
        instead_of_events: Answer | None = None,
        increments: Increments | None = None,
        is_written: bool = False,
    ) -> Request:
        """The same for the gateway, with what the transport knows."""
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
            is_written=is_written,
        )


def check_media_type(content_type: str | None) -> None:
    """Raise Refused unless a POST is application/json in UTF-8.

    That also keeps forms of other sites out: a browser sends this type to another site only after asking (CORS
    preflight), while text/plain, multipart/form-data and urlencoded forms it sends at once.
    """
    media, _, parameters = (content_type or "").partition(";")
    if media.strip().lower() != "application/json":
        given = f"this one says {media.strip()[:100]}" if media.strip() else "this one has no Content-Type"
        raise _unsupported(f"Send the request as application/json; {given}.")
    charset = _CHARSET.search(parameters)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        raise _unsupported(f"Send the request in UTF-8; this one says charset={charset[1][:40]}.")


def from_body(body: bytes) -> Params | list[Any]:
    """The parameters of a POST; those of a batch as they are, for `from_map` each. Raises Refused."""
    if not body or body.isspace():
        raise Problem.EMPTY_BODY.refused(
            'The request body is empty; send a JSON object with a query, such as {"query": "{ __typename }"}.'
        )
    try:
        sent = _decode_sent(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass  # whatever else it is
    else:
        return Params(sent.query, None, sent.operation_name or None, sent.variables or {}, sent.extensions or {})
    data = _decoded(body, "The request body")
    return data if isinstance(data, list) else from_map(data)


def from_url(query_string: bytes) -> Params:
    """The parameters of a GET. Raises Refused."""
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Problem.INVALID_URL.refused(
            f"The query string is not valid: percent-encode it as UTF-8, with at most {_MOST_FIELDS} parameters."
        ) from error
    given = dict(pairs)
    if len(given) < len(pairs):
        raise Problem.INVALID_URL.refused("A parameter is in the query string twice.")
    asked: dict[str, Any] = {name: given[name] for name in ("query", "operationName", *_IDS) if name in given}
    for name in ("variables", "extensions"):
        if given.get(name):
            asked[name] = _decoded(given[name].encode(), f"`{name}`")
    return from_map(asked)


def from_map(data: Any) -> Params:
    """The parameters of one decoded request. Raises Refused."""
    if not isinstance(data, dict):
        raise Problem.BAD_REQUEST.refused(f"Send a JSON object with a query; this is {_kind(data)}.")
    for name, kind, kind_told in _KINDS:
        if name in data and not isinstance(data[name], kind):
            raise Problem.BAD_REQUEST.refused(f"`{name}` must be {kind_told}; it is {_kind(data[name])}.")
    extensions = data.get("extensions") or {}
    document_id = None
    if not _MAY_NAME.isdisjoint(data):
        document_id = next((data[name] for name in _IDS if data.get(name) and isinstance(data[name], str)), None)
    if data.get("query") is None and document_id is None and "persistedQuery" not in extensions:
        raise Problem.BAD_REQUEST.refused("`query` must be a string with a GraphQL document; it is missing.")
    return Params(
        query=data.get("query") or "",
        document_id=document_id,
        operation_name=data.get("operationName") or None,
        variables=data.get("variables") or {},
        extensions=extensions,
    )


def _decoded(text: bytes, what: str) -> Any:
    """`text` as JSON. Integers of any size stay exact. Raises Refused, with the place of the mistake."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as invalid:
            raise Problem.INVALID_UTF8.refused(f"{what} is not UTF-8: byte {invalid.start} does not fit.") from error
        raise Problem.INVALID_JSON.refused(f"{what} is not valid JSON: {error}.") from error
    except RecursionError:
        raise Problem.INVALID_JSON.refused(f"{what} is nested too deeply.") from None
    except ValueError as error:  # Python converts only so many digits
        raise Problem.INVALID_JSON.refused(f"{what} has a number with too many digits.") from error


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return "null" if value is None else names[type(value)]


def _unsupported(message: str) -> Refused:
    return Problem.UNSUPPORTED_MEDIA_TYPE.refused(message, accept_post="application/json")
