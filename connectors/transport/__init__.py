"""HTTP as connectors need it: one small protocol, two engines. Used by the REST, GraphQL and SOAP connectors."""

from connectors.transport.contract import HttpOptions, HttpReply, Streamed, Transport, open_transport

__all__ = ["HttpOptions", "HttpReply", "Streamed", "Transport", "open_transport"]
