"""What a frontend sends: one GraphQL request, whatever transport brought it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from bff.contract.answer import Answer

CONNECTION_HEADERS = re.compile(
    r"host|origin|connection|upgrade|te|trailer|transfer-encoding|keep-alive|forwarded|via|x-forwarded-.*|x-real-ip"
    r"|x-request-id|sec-.*|proxy-.*|content-.*"
)
"""Names of headers that belong to the connection, or that a proxy in front of the gateway sets, in lower case."""


class Increments(Enum):
    """How the parts of an answer with @defer or @stream are written. The value is a parameter of multipart/mixed."""

    PATHS = "deferSpec=20220824"
    """A part says its path and label (the proposal to the GraphQL specification of August 2022)."""
    IDS = "incrementalSpec=v0.2"
    """Parts are announced as pending with an id, and completed (the proposal as graphql-js 17 has it)."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One GraphQL request, whatever transport brought it (POST, GET, SSE, websocket, a test)."""

    frontend: str
    """Name of the frontend whose schema answers."""
    query: str = ""
    """The document; empty when the request names one instead, by `document_id` or `extensions.persistedQuery`."""
    document_id: str | None = None
    """The name of a document that the frontend knows (GraphQL over HTTP, `Persisted Documents`)."""
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the client adds to the protocol; unknown entries are ignored."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The HTTP headers, names in lower case."""
    client: str = ""
    """Network address of the peer, without its port."""
    no_mutations: bool = False
    """True over GET, where a mutation is refused (GraphQL over HTTP, section 6.2)."""
    instead_of_events: Answer | None = None
    """What a subscription is answered where its events cannot be sent, without being started; else None."""
    increments: Increments | None = None
    """How parts may be sent; None when the transport takes only a whole answer, whatever @defer and @stream say."""
    asgi_scope: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The scope of ASGI, of which resolvers read method and URL (`info.context.request`); empty without HTTP."""
    takes_records: bool = False
    """Whether its data may hold records instead of maps, which only `bff.http.responses.encode` can write."""
