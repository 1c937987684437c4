"""Find the document that a request names instead of carrying it, and keep the one that a client wants to be kept."""

from __future__ import annotations

from collections.abc import Awaitable
from time import monotonic

from bff.contract import Response
from bff.documents.documents import Documents
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy, Respond


def documents(known: Documents) -> Policy:
    """Put the document into the request; refuse a name that is unknown, and a text where only trusted ones may run."""
    needs_name = known.trusted_only

    def around(respond: Respond) -> Respond:
        def respond_with_document(operation: Operation) -> Awaitable[Response]:
            request = operation.request
            if not request.query or request.extensions or request.document_id or needs_name:
                return find_and_respond(operation)
            return respond(operation)

        async def find_and_respond(operation: Operation) -> Response:
            operation.arrived_at = monotonic()
            operation.request = await known.find_document(operation.request)
            return await respond(operation)

        return respond_with_document

    return around


def persist(known: Documents) -> Policy:
    """Keep the document of a request that brings it with its hash."""

    def around(respond: Respond) -> Respond:
        def respond_and_persist(operation: Operation) -> Awaitable[Response]:
            return persist_and_respond(operation) if operation.request.extensions else respond(operation)

        async def persist_and_respond(operation: Operation) -> Response:
            await known.persist_document(operation.request)
            return await respond(operation)

        return respond_and_persist

    return around
