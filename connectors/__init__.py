"""Connectors: how to speak with upstream systems, one package per protocol. Knows no policy and no gateway."""

from connectors.contract import Call, Connector, Event, Operation, Publishes, Reply, Selection, Streams
from connectors.endpoint import Batch, Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import ConnectorError, DefinitionError, UpstreamError
from connectors.graphql.endpoints import graphql
from connectors.grpc.endpoints import grpc
from connectors.queue.endpoints import queue
from connectors.rest.endpoints import rest
from connectors.soap.endpoints import soap
from connectors.typed import typed
from connectors.websocket.endpoints import websocket

__all__ = [
    "Batch",
    "Call",
    "Connector",
    "ConnectorError",
    "DefinitionError",
    "Endpoint",
    "Event",
    "Operation",
    "PublishEndpoint",
    "Publishes",
    "Reply",
    "Selection",
    "StreamEndpoint",
    "Streams",
    "UpstreamError",
    "graphql",
    "grpc",
    "queue",
    "rest",
    "soap",
    "typed",
    "websocket",
]
