"""The exception by which any room refuses a request. Raise it by `bff.contract.codes.Problem.X.refusal(...)`."""

from __future__ import annotations

from collections.abc import Mapping

from bff.contract.answer import Answer


class Refused(Exception):
    """The gateway will not run this request. Shown to the frontend as one coded error, with an HTTP status."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        request_id: str = "",
    ) -> None:
        """`request_id` is that of the log line which has the story, where there is one."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.extensions = {"code": code, "requestId": request_id} if request_id else {"code": code}

    def answer(self) -> Answer:
        """The refusal as a request error."""
        return Answer(
            errors=[{"message": self.message, "extensions": self.extensions}],
            was_executed=False,
            status=self.status,
            headers=self.headers or None,
        )
