"""Every refusal of this room in one table: its stable code, its HTTP status, and what it means."""

from __future__ import annotations

from enum import Enum

from bff.contract import Refused


class Problem(Enum):
    """A member's name is the promised `extensions.code`; its value is the HTTP status and the meaning.

    Refusals of the gateway (UNAUTHENTICATED, GRAPHQL_PARSE_FAILED ...) have codes of their own.
    """

    BAD_REQUEST = 400, "The parameters are not those of a GraphQL request (GraphQL over HTTP, `Request Parameters`)."
    BATCH_TOO_LARGE = 400, "The body is a JSON array with more operations than `batch.most`."
    BATCHING_DISABLED = 400, "The body is a JSON array; batched requests are not enabled."
    EMPTY_BODY = 400, "A POST without a body."
    INVALID_ENCODING = 400, "The body says that it is gzip, and is not."
    INVALID_JSON = 400, "The body, or `variables` or `extensions` in a URL, is not JSON that can be read."
    INVALID_UTF8 = 400, "The body is not UTF-8."
    INVALID_URL = 400, "The query string is not valid."
    SUBSCRIPTION_IN_BATCH = 400, "One of the operations of a JSON array is a subscription."
    INVALID_UPLOAD = 400, "The body is not as the GraphQL multipart request specification wants it."
    ORIGIN_FORBIDDEN = 403, "A page of another site asked, or tried to open a websocket, which `cors` does not allow."
    PREFLIGHT_REQUIRED = 403, "A browser could have sent this for a page of another site without asking us first."
    NOT_FOUND = 404, "There is nothing at this path."
    UNKNOWN_FRONTEND = 404, "The path names no frontend."
    METHOD_NOT_ALLOWED = 405, "The path does not take this method; `Allow` says which it takes."
    NOT_ACCEPTABLE = 406, "No media type in `Accept` can be given; the message says which can."
    REQUEST_TIMEOUT = 408, "The body did not arrive in time."
    BODY_TOO_LARGE = 413, "The body is larger than `server.max_body`."
    FILE_TOO_LARGE = 413, "A file is larger than `upload.size`."
    TOO_MANY_FILES = 413, "A request has more files than `upload.most`."
    UNSUPPORTED_MEDIA_TYPE = 415, "A POST that is not application/json in UTF-8; `Accept-Post` says what is."
    UNSUPPORTED_ENCODING = 415, "The body is compressed, and not by gzip; `Accept-Encoding` says what is read."
    SERVER_STOPPING = 503, "The server stops; sent as the last part of a multipart subscription."
    TOO_MANY_OPERATIONS = 429, "A websocket or event stream has too many operations under way."
    OPERATION_EXISTS = 409, "An event stream has an operation with this id under way."
    STREAM_OPEN = 409, "Somebody reads this event stream already."
    EVENTS_LOST = 410, "The event after `Last-Event-ID` is not kept any more; reserve a new stream."
    STREAM_NOT_FOUND = 404, "No event stream has this token; it may have expired."
    SUBSCRIBER_TOO_SLOW = 429, "Events came faster than they were read; sent as the last of a subscription."
    TOO_MANY_STREAMS = 503, "All event streams of `server.subscriptions.streams` are taken."
    INTERNAL = 500, "Something unexpected; the log has the story under the response's `x-request-id`."

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """One sentence for the reference."""
        return self.value[1]

    def refused(self, message: str, **headers: str) -> Refused:
        """The exception to raise. `headers` are HTTP headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Refused(self.name, message, status=self.status, headers=named)


def internal(request_id: str = "") -> Refused:
    """What a client reads when something unexpected went wrong; `request_id` is that of the log line."""
    status = Problem.INTERNAL.status
    return Refused(Problem.INTERNAL.name, "Something went wrong.", status=status, request_id=request_id)
