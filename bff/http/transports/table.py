"""The table of HTTP transports, for the door: the first one that matches a request serves it.

A new transport is one class in this folder and one row here. Websocket subprotocols stand in `websocket`.
"""

from __future__ import annotations

from bff.http.options import Options, Timeouts
from bff.http.requests.budget import BodyBudget
from bff.http.transports.get import GetTransport, HeadTransport
from bff.http.transports.post import PlainPostTransport, PostTransport
from bff.http.transports.single_connection import SingleConnection
from bff.http.transports.transport import Transports
from bff.http.transports.upload import UploadTransport


def make_transports(options: Options, timeouts: Timeouts) -> Transports:
    """The transports of one process, in the order in which they are tried."""
    budget = BodyBudget(options.uploads.max_bytes)
    return (
        PlainPostTransport(options, timeouts, budget),  # POST application/json, at a glance
        SingleConnection(options, timeouts, budget),  # PUT, or any method with the token of an event stream
        PostTransport(options, timeouts, budget),  # any other POST of application/json
        UploadTransport(options, timeouts, budget),  # POST multipart/form-data: one operation with files
        GetTransport(options, timeouts, budget),  # GET: the operation in the URL
        HeadTransport(options, timeouts, budget),  # HEAD: the same
    )
