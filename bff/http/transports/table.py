"""The table of HTTP transports, as the door asks it: the first one that matches a request serves it.

A new transport is one class in this folder and one row here. Websocket subprotocols stand in `websocket`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bff.http.asgi import Exchange
from bff.http.options import Options
from bff.http.timeouts import Timeouts
from bff.http.transports.get import GetTransport
from bff.http.transports.post import PostTransport
from bff.http.transports.single_connection import SingleConnection
from bff.http.transports.transport import Transport
from bff.http.transports.upload import UploadTransport

Transports = Sequence[Transport[Any]]


def make_transports(options: Options, timeouts: Timeouts) -> Transports:
    """The transports of one process, in the order in which they are asked."""
    return (
        SingleConnection(options, timeouts),  # PUT, or any method with the token of an event stream
        UploadTransport(options, timeouts),  # POST multipart/form-data
        PostTransport(options, timeouts),  # any other POST: application/json, one operation or a batch
        GetTransport(options, timeouts),  # GET: the operation in the URL
    )


def find_transport(transports: Transports, exchange: Exchange) -> Transport[Any] | None:
    """The transport of a request; None if its method is none of GraphQL over HTTP."""
    for transport in transports:
        if transport.matches(exchange):
            return transport
    return None
