"""Every way in which an upstream can fail, with the stable code and the safe words a frontend may see.

Connectors translate foreign exceptions into these once, at their border, with `raise ... from error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.contract import Operation
from connectors.error_details import FieldViolation
from connectors.error_reply import NO_REPLY, ErrorReply


class ConnectorError(Exception):
    """Base of everything this package raises on purpose."""


class DefinitionError(ConnectorError):
    """A developer wrote something that cannot work: a wrong parameter, a bad template, a missing file."""


class UpstreamError(ConnectorError):
    """An upstream gave no usable reply.

    `str(error)` is for logs and developers: it may name hosts and details. Frontends read only `code` and `public`.
    """

    code: ClassVar[str] = "UPSTREAM_ERROR"  # promised to frontends, never renamed
    public: ClassVar[str] = "A service could not answer."  # all that a frontend may read
    retryable: ClassVar[bool] = False  # the same call may succeed a little later
    was_not_sent: ClassVar[bool] = False  # the upstream surely did nothing, so even unsafe calls may be retried

    def __init__(
        self,
        operation: Operation,
        detail: str,
        *,
        retry_after: float | None = None,
        upstream_code: str = "",
        quoted: str = "",
        reply: ErrorReply = NO_REPLY,
    ) -> None:
        super().__init__(f"{operation.upstream}: {operation.name}: {detail}")
        self.operation = operation
        self.detail = detail
        self.retry_after = retry_after
        """Seconds the upstream asked us to wait; None when it said nothing."""
        self.upstream_code = upstream_code
        """The upstream's own word for it: HTTP status, gRPC status name, SOAP fault code, GraphQL error code."""
        self.quoted = quoted
        """The part of `detail` that the upstream wrote: it may hold data, so the log shows it only by choice."""
        self.reply = reply
        """What the upstream sent with it. Frontends get of it only what the endpoint's `expose` names."""

    @property
    def status(self) -> int | str | None:
        """HTTP status, gRPC code name, SOAP fault code or close code; None where no reply came."""
        return self.reply.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, metadata or properties of the reply, names in lower case."""
        return self.reply.headers

    @property
    def body(self) -> Any:
        """Plain Python where the reply's body can be decoded, else its text, of bounded size; None without a body."""
        return self.reply.body

    @property
    def details(self) -> tuple[Any, ...]:
        """What the protocol defines, as records of `connectors.error_details`, such as Problem or BadRequest."""
        return self.reply.details

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """The values of the request that the upstream does not accept, where it names them in a known format."""
        return self.reply.violations


class UpstreamUnreachable(UpstreamError):
    """No connection could be opened: refused, no such host, TLS failure, closed before the call was sent."""

    code = "UPSTREAM_UNREACHABLE"
    public = "A service could not be reached."
    retryable = True
    was_not_sent = True


class UpstreamDisconnected(UpstreamError):
    """The connection broke after the call was sent, so the upstream may have acted on it."""

    code = "UPSTREAM_DISCONNECTED"
    public = "A service broke off its answer."
    retryable = True


class UpstreamTimeout(UpstreamError):
    """No answer came before the deadline of the call."""

    code = "UPSTREAM_TIMEOUT"
    public = "A service did not answer in time."
    retryable = True


class UpstreamUnavailable(UpstreamError):
    """The upstream cannot take calls now (HTTP 502/503/504, gRPC UNAVAILABLE), or its circuit breaker is open."""

    code = "UPSTREAM_UNAVAILABLE"
    public = "A service is not available right now."
    retryable = True


class UpstreamRateLimited(UpstreamError):
    """The upstream refuses because we ask too much (HTTP 429, gRPC RESOURCE_EXHAUSTED)."""

    code = "UPSTREAM_RATE_LIMITED"
    public = "A service is too busy to answer right now."
    retryable = True


class UpstreamFailed(UpstreamError):
    """The upstream reported a failure of its own (HTTP 5xx, gRPC INTERNAL or UNKNOWN, a GraphQL error)."""

    code = "UPSTREAM_FAILED"
    public = "A service failed to answer."


class UpstreamFault(UpstreamFailed):
    """A SOAP fault. `upstream_code` is the fault code, `fault_detail` the text of its detail element."""

    code = "UPSTREAM_FAULT"

    def __init__(
        self,
        operation: Operation,
        detail: str,
        *,
        retry_after: float | None = None,
        upstream_code: str = "",
        fault_detail: str = "",
        quoted: str = "",
        reply: ErrorReply = NO_REPLY,
    ) -> None:
        super().__init__(
            operation, detail, retry_after=retry_after, upstream_code=upstream_code, quoted=quoted, reply=reply
        )
        self.fault_detail = fault_detail


class UpstreamRejected(UpstreamError):
    """The upstream understood the call and refused it (HTTP 4xx, gRPC INVALID_ARGUMENT and the like)."""

    code = "UPSTREAM_REJECTED"
    public = "A service refused the request."


class UpstreamNotFound(UpstreamRejected):
    """The upstream does not have what was asked for (HTTP 404/410, gRPC NOT_FOUND)."""

    code = "UPSTREAM_NOT_FOUND"
    public = "The requested object does not exist."


class UpstreamConflict(UpstreamRejected):
    """The upstream's state does not allow it (HTTP 409/412, gRPC ABORTED, ALREADY_EXISTS, FAILED_PRECONDITION)."""

    code = "UPSTREAM_CONFLICT"
    public = "The request conflicts with the current state."


class UpstreamUnauthenticated(UpstreamRejected):
    """The upstream does not know who asks (HTTP 401, gRPC UNAUTHENTICATED)."""

    code = "UPSTREAM_UNAUTHENTICATED"
    public = "A service does not accept the sign-in."


class UpstreamForbidden(UpstreamRejected):
    """The upstream knows who asks and says no (HTTP 403, gRPC PERMISSION_DENIED)."""

    code = "UPSTREAM_FORBIDDEN"
    public = "A service does not allow this."


class UpstreamBadReply(UpstreamError):
    """The reply could not be understood: not JSON, cut off, the wrong shape, the wrong content type."""

    code = "UPSTREAM_BAD_REPLY"
    public = "A service gave an answer that could not be read."


class UpstreamReplyTooLarge(UpstreamBadReply):
    """The reply is larger than the upstream's `max_reply_size`, or has more records than its `max_records`."""

    code = "UPSTREAM_REPLY_TOO_LARGE"
    public = "A service gave an answer that is too large."


def copy_error(error: UpstreamError, operation: Operation) -> UpstreamError:
    """The same failure for another operation, with the first one as its cause.

    For connections that break under many calls.
    """
    copy = type(error).__new__(type(error))
    UpstreamError.__init__(copy, operation, error.detail)
    copy.__dict__.update({**error.__dict__, "operation": operation})
    copy.__cause__ = error
    return copy
