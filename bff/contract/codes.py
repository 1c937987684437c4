"""Every error code of the gateway in one table: its HTTP status and its meaning. docs/errors.md is checked against it.

Codes of upstream errors are those of `connectors.errors`, which does not import `bff`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, unique
from typing import Any

from bff.contract.refused import Refused


@unique
class Problem(Enum):
    """A member's name is the promised `extensions.code`; its value is the HTTP status and the meaning.

    The status is that of a request error: 200 where the operation ran and its answer tells the error.
    """

    # HTTP
    BAD_REQUEST = 400, "The parameters are not those of a GraphQL request (GraphQL over HTTP, `Request Parameters`)."
    BATCH_TOO_LARGE = 400, "The body is a JSON array with more operations than `batch.max_operations`."
    BATCHING_DISABLED = 400, "The body is a JSON array; batched requests are not enabled."
    EMPTY_BODY = 400, "A POST without a body."
    INVALID_ENCODING = 400, "The body says that it is gzip, and is not."
    INVALID_JSON = 400, "The body, or `variables` or `extensions` in a URL, is not JSON that can be read."
    INVALID_UTF8 = 400, "The body is not UTF-8."
    INVALID_URL = 400, "The query string is not valid."
    HOST_NOT_ALLOWED = 400, "The host of the request is not one of `server.hosts`."
    INVALID_HOST = 400, "The request has no `Host`, several, or one that is none (RFC 9112, section 3.2)."
    SUBSCRIPTION_IN_BATCH = 400, "One of the operations of a JSON array is a subscription."
    INVALID_UPLOAD = 400, "The body is not as the GraphQL multipart request specification wants it."
    UNAUTHENTICATED = 401, "The frontend needs a credential, such as an API key or a token, and there is none."
    CREDENTIAL_EXPIRED = 401, "The API key or token has expired; over websockets the connection is closed with 4403."
    INVALID_CREDENTIAL = 401, "The API key or token is not valid; the message says why."
    ORIGIN_FORBIDDEN = (
        403,
        "A page of another site sent a request, or tried to open a websocket, which `cors` does not allow.",
    )
    PREFLIGHT_REQUIRED = 403, "A browser could have sent this for a page of another site without a preflight request."
    NOT_FOUND = 404, "There is nothing at this path."
    UNKNOWN_FRONTEND = 404, "The path names no frontend."
    METHOD_NOT_ALLOWED = 405, "The path does not take this method; `Allow` says which it takes."
    NOT_ACCEPTABLE = 406, "No media type in `Accept` can be given; the message says which can."
    REQUEST_TIMEOUT = 408, "The body did not arrive in time."
    BODY_TOO_LARGE = 413, "The body is larger than `server.max_body_size`."
    FILE_TOO_LARGE = 413, "A file is larger than `upload.max_file_size`."
    TOO_MANY_FILES = 413, "A request has more files than `upload.max_files`."
    UNSUPPORTED_MEDIA_TYPE = 415, "A POST that is not application/json in UTF-8; `Accept-Post` says what is."
    UNSUPPORTED_ENCODING = 415, "The body is compressed, and not by gzip; `Accept-Encoding` says what is read."
    IDENTITY_UNAVAILABLE = 503, "A token cannot be verified, because the keys of its issuer cannot be read."
    SERVER_STOPPING = 503, "The server stops or reloads; sent as the last part of a multipart subscription."
    SERVER_OVERLOADED = 503, "The process has as many connections, requests or request bodies as `server` allows."
    TOO_MANY_WEBSOCKETS = (
        429,
        "The client's address has `server.websocket.max_per_address` websockets.",
    )
    TOO_MANY_OPERATIONS = 429, "A websocket or event stream has too many operations under way."
    OPERATION_EXISTS = 409, "An event stream has an operation with this id under way."
    STREAM_OPEN = 409, "Somebody reads this event stream already."
    EVENTS_LOST = 410, "The event after `Last-Event-ID` is not kept any more; reserve a new stream."
    STREAM_NOT_FOUND = 404, "No event stream has this token; it may have expired."
    SUBSCRIBER_TOO_SLOW = 429, "Events came faster than they were read; sent as the last of a subscription."
    TOO_MANY_STREAMS = 503, "All event streams of `server.subscriptions.max_streams` are taken."

    # Documents that are named
    PERSISTED_QUERY_NOT_FOUND = (
        400,
        "The hash is not known; clients then send the document with it.",
    )
    PERSISTED_QUERY_NOT_SUPPORTED = 400, "A hash without a document, and the frontend has no `documents.persisted`."
    PERSISTED_QUERY_MISMATCH = 400, "The hash is not that of the document."
    DOCUMENT_NOT_FOUND = 400, "No document of this id, and the request does not carry one."
    DOCUMENT_NOT_TRUSTED = 400, "`documents.trusted_only` is on, and the request names no document of the manifest."

    # Documents and variables
    GRAPHQL_PARSE_FAILED = 400, "The document is no GraphQL."
    GRAPHQL_VALIDATION_FAILED = 400, "The document does not fit the schema."
    OPERATION_NOT_FOUND = 400, "The document has no operation, or none of that name."
    OPERATION_NAME_NEEDED = 400, "The document has several operations, and the request has no `operationName`."
    BAD_USER_INPUT = (
        400,
        "A variable does not fit its type, or a value its constraint; also a resolver's `GraphQLError`.",
    )
    TOO_MANY_DOCUMENTS = 503, "Too many documents that are not known yet wait to be prepared."
    DOCUMENT_TOO_LARGE = 400, "The document has too many characters."
    TOO_MANY_TOKENS = 400, "The document is longer than `limits.max_tokens`."
    TOO_MANY_FIELDS = 400, "More fields than `limits.max_fields`, fragments written out where they are spread."
    TOO_MANY_ROOT_FIELDS = 400, "The operation itself has more fields than `limits.max_root_fields`."
    TOO_MANY_ALIASES = 400, "More aliases than `limits.max_aliases`."
    TOO_MANY_DIRECTIVES = 400, "More directives than `limits.max_directives`."
    FRAGMENT_CYCLE = 400, "A fragment spreads itself."
    TOO_DEEP = 400, "Fields are nested more deeply than `limits.max_depth`."
    TOO_COSTLY = (
        400,
        "The operation costs more than `limits.max_cost`, or an introspection query selects too much.",
    )
    LIST_SIZE_NEEDED = 400, "A list needs exactly one argument that says how long it may be."
    VARIABLES_TOO_LARGE = 400, "The variables are more bytes than `limits.max_variables_size`."
    TOO_MANY_VALUES = 400, "The variables hold too many values."
    INTROSPECTION_DISABLED = 400, "The frontend does not show its schema."

    # The operation ran, but there is no answer
    TIMEOUT = 200, "It took longer than `limits.timeout` or `server.request_timeout`."
    TOO_MUCH_CPU = 200, "It took more CPU time than `limits.max_cpu`."
    RESPONSE_TOO_LARGE = 200, "The response exceeds `limits.max_response_size`; a mutation has still happened."

    # A field failed; for what upstreams do wrong see `connectors.errors`
    TOO_MANY_CALLS = 400, "The operation needs more upstream calls than `limits.max_calls`."
    UNEXPECTED_NULL = 200, "An upstream has no value for a field that may not be null."
    INVALID_VALUE = 200, "An upstream's value does not fit the field's type."
    FORBIDDEN = 200, "A permission of the schema said no."

    INTERNAL = 500, "Something unexpected; the log has the story under the response's `x-request-id`."

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """One sentence for the reference."""
        return self.value[1]

    def refusal(self, message: str, **headers: str) -> Refused:
        """The exception to raise. `headers` are HTTP headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Refused(self.name, message, status=self.status, headers=named)

    def refusal_of(self, errors: Sequence[Mapping[str, Any]]) -> Refused:
        """The exception that shows these errors, which have this code."""
        message = " ".join(each["message"] for each in errors)
        return Refused(self.name, message, status=self.status, errors=errors)


def make_internal_error(request_id: str = "") -> Refused:
    """The refusal that stands for an unexpected error; `request_id` is that of its log line."""
    status = Problem.INTERNAL.status
    return Refused(Problem.INTERNAL.name, "Something went wrong.", status=status, request_id=request_id)
