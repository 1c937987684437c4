"""The exception by which any room refuses a request. Raise it by `bff.contract.codes.Problem.X.refusal(...)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bff.contract.answer import Answer


class Refused(Exception):
    """The gateway will not run this request. Shown to the frontend as coded errors, mostly one, with an HTTP status."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        request_id: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """`request_id` is that of the log line which has the story, where there is one.

        `errors` are shown instead of the message, as GraphQL errors with codes, where there are several or with a path.
        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.extensions = {"code": code, "requestId": request_id} if request_id else {"code": code}
        self.errors = errors

    def answer(self) -> Answer:
        """The refusal as a request error."""
        return Answer(
            errors=[dict(each) for each in self.errors] or [{"message": self.message, "extensions": self.extensions}],
            was_executed=False,
            status=self.status,
            headers=self.headers or None,
        )
