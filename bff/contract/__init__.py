"""The records that cross the gateway's rooms: what a frontend asks and what it is answered. Imported by every room."""

from bff.contract.answer import Answer, Answers, Caching, Encoded, Part, Parts, Response
from bff.contract.answers_requests import AnswersRequests
from bff.contract.caller import ANONYMOUS, Caller
from bff.contract.codes import Problem, make_internal_error
from bff.contract.frontend_card import CrossOrigin, Example, FrontendCard, UploadLimits
from bff.contract.refused import Refused
from bff.contract.request import CONNECTION_HEADERS, Increments, Request
from bff.contract.response_head import ResponseHead
from bff.contract.response_headers import SECURITY_HEADERS, HeaderRules
from bff.contract.timings import Timings, timings

__all__ = [
    "ANONYMOUS",
    "CONNECTION_HEADERS",
    "SECURITY_HEADERS",
    "Answer",
    "Answers",
    "AnswersRequests",
    "Caching",
    "Caller",
    "CrossOrigin",
    "Encoded",
    "Example",
    "FrontendCard",
    "HeaderRules",
    "Increments",
    "Part",
    "Parts",
    "Problem",
    "Refused",
    "Request",
    "Response",
    "ResponseHead",
    "Timings",
    "UploadLimits",
    "make_internal_error",
    "timings",
]
