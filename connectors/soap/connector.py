"""SOAP upstreams: one call becomes one envelope in one HTTP POST. Built by connectors.kinds, used through policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Operation, Reply
from connectors.descriptions import Description
from connectors.errors import DefinitionError, UpstreamRejected, UpstreamReplyTooLarge, UpstreamUnavailable
from connectors.failures import check_failures
from connectors.soap.decode.reply import Bounds, make_reply
from connectors.soap.encode import encode_message
from connectors.soap.errors import RequestMismatch
from connectors.soap.operations import SoapOperation
from connectors.soap.options import Options
from connectors.soap.schema import Method
from connectors.soap.schema_loading import WsdlLoader
from connectors.transport import Transport, open_transport
from connectors.transport.status import error_for_status

_CHECK_SECONDS = 5.0


class SoapConnector:
    """Speaks to one SOAP upstream through one pooled transport, which it owns and closes."""

    def __init__(self, name: str, options: Options, transport: Transport, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._options = options
        self._bounds = Bounds(options.max_reply_size, options.max_values)
        self._transport = transport
        self._clock = clock
        self._loader = WsdlLoader(name, options, clock=clock)
        self._password = options.password.get_secret_value() if options.password else ""

    def set_fixed_headers(self, headers: Mapping[str, str]) -> None:
        """As SendsFixedHeaders: for the WSDL and its imports, and for checks."""
        self._loader.headers = headers

    async def start(self) -> None:
        """Load the WSDL; the first `send` does it otherwise. Raises DefinitionError for a missing or wrong file."""
        await self._loader.load(Operation(upstream=self._name, name="start"), None)

    async def describe(self) -> Description | None:
        """As Describes."""
        wsdl = await self._loader.load(Operation(upstream=self._name, name="describe"), None)
        return wsdl.description

    async def close(self) -> None:
        """As Connector.close."""
        await self._loader.close()
        await self._transport.close()

    async def check(self) -> None:
        """See that the WSDL is loaded and something answers at the service's address, whatever it says."""
        operation = Operation(upstream=self._name, name="check")
        wsdl = await self._loader.load(operation, self._clock.now() + _CHECK_SECONDS)
        try:
            response = await self._transport.request(
                operation, "HEAD", wsdl.url, headers=self._loader.headers, timeout=_CHECK_SECONDS
            )
        except UpstreamReplyTooLarge:
            return
        failure = error_for_status(operation, response)
        if isinstance(failure, UpstreamUnavailable):  # what proxies say of a server that is not there
            raise failure

    async def send(self, call: Call) -> Reply:
        """As Connector.send. The envelope is parsed here, its content when the reply's data is asked for.

        Raises DefinitionError when the WSDL has no such operation or the message no such element.
        """
        operation = call.operation
        if not isinstance(operation, SoapOperation):
            raise DefinitionError(f"{operation.upstream}: {operation.name} was not defined with soap(...)")
        wsdl = await self._loader.load(operation, call.deadline)
        method = wsdl.find_method(operation)
        soap_headers = {**self._options.soap_headers, **operation.headers.fill(call.arguments)}
        body, sent = self._encode(call, operation, method, soap_headers)
        timeout = call.left(self._clock)
        headers = {**call.headers, **sent}
        response = await self._transport.request(
            operation, "POST", method.url, headers=headers, body=body, timeout=timeout
        )
        secrets = self._list_secrets(call, soap_headers)
        reply = await make_reply(operation, method, response, secrets, self._bounds)
        if operation.failure is not None:
            reply = await check_failures(call, reply)
        if operation.header is None:
            return reply
        chosen = reply.header.get(operation.header)
        return Reply(chosen, status=reply.status, headers=reply.headers, header=reply.header)

    def _encode(
        self, call: Call, operation: SoapOperation, method: Method, soap_headers: Mapping[str, Any]
    ) -> tuple[bytes, Mapping[str, str]]:
        try:
            return encode_message(method, operation.fill_message(call), soap_headers, is_optimized=self._options.mtom)
        except RequestMismatch as mismatch:
            template = operation.many if call.keys and operation.many is not None else operation.message
            if mismatch.is_definition and template.is_given_plainly(call.arguments):
                raise DefinitionError(f"{operation.upstream}: {mismatch}") from mismatch
            raise UpstreamRejected(operation, f"nothing was sent: {mismatch}") from mismatch

    def _list_secrets(self, call: Call, soap_headers: Mapping[str, Any]) -> Iterator[str]:
        """What was sent to say who we are, and must not come back in the text of an error."""
        yield self._password
        for value in call.headers.values():
            yield value
            yield value.rpartition(" ")[2]  # without the scheme before it, such as Bearer
        yield from _list_texts(soap_headers)


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> SoapConnector:
    """Make the connector of one upstream, without I/O."""
    return SoapConnector(name, options, open_transport(options, clock), clock)


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _list_texts(item)
    elif isinstance(value, str):
        yield value
