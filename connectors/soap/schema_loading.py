"""Loads the WSDL of one upstream, once, when first needed, off the event loop. Used by the SOAP connector."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connectors.aio.attempt import Attempt, Closed
from connectors.aio.clock import SYSTEM_CLOCK, Clock, seconds_until, timeout_after
from connectors.contract import Operation
from connectors.errors import (
    ConnectorError,
    DefinitionError,
    UpstreamBadReply,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.soap.options import Options
from connectors.soap.schema import Wsdl
from connectors.soap.schema_documents import DocumentRefused, Documents, Fetch, Limits
from connectors.soap.schema_zeep import load_document, make_token
from connectors.transport import open_transport
from connectors.transport.status import error_for_status

_FETCH_SECONDS = 15.0
"""For one document."""
_LOAD_SECONDS = 60.0
"""For a WSDL with everything it imports."""


class WsdlLoader:
    """Holds the Wsdl once it is loaded. Callers share one attempt; after a failure the next caller tries anew."""

    def __init__(
        self, name: str, options: Options, *, limits: Limits | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """`limits` bounds the WSDL and its imports."""
        self._name = name
        self._options = options
        self._limits = limits or Limits()
        self._clock = clock
        self._attempt: Attempt[Wsdl] = Attempt(self._open, name=f"load the WSDL of {name}", clock=clock)

    async def load(self, operation: Operation, deadline: float | None) -> Wsdl:
        """Return the WSDL, loaded if need be.

        Raises DefinitionError for files that are missing or wrong, what connectors.transport raises for URLs, and
        UpstreamTimeout at the deadline.
        """
        loaded = self._attempt.value
        if loaded is not None and not self._attempt.is_closed:
            return loaded
        try:
            return await self._attempt.wait(seconds_until(deadline, self._clock))
        except TimeoutError as late:
            raise UpstreamTimeout(operation, "the WSDL was not loaded before the deadline") from late
        except Closed as closed:
            raise UpstreamUnreachable(operation, "the connector is closed") from closed

    async def close(self) -> None:
        """End loading. Idempotent."""
        await self._attempt.close()

    async def _open(self) -> Wsdl:
        if not self._options.is_remote:
            return await asyncio.to_thread(self._build, None)
        operation = Operation(upstream=self._name, name="load WSDL")
        # A transport of its own: a WSDL may well be larger than the replies that this upstream may send.
        options = self._options.model_copy(update={"max_reply_size": self._limits.max_bytes})
        transport = open_transport(options, self._clock)
        loop = asyncio.get_running_loop()

        async def get(url: str) -> bytes:
            response = await transport.request(operation, "GET", url, headers={}, timeout=_FETCH_SECONDS)
            if failure := error_for_status(operation, response):
                raise failure
            return response.body

        def fetch(url: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(get(url), loop).result()

        thread = ThreadPoolExecutor(1, thread_name_prefix="wsdl")  # it waits for the upstream
        try:
            async with timeout_after(_LOAD_SECONDS, self._clock):
                return await loop.run_in_executor(thread, self._build, fetch)
        except TimeoutError as late:
            raise UpstreamTimeout(operation, f"the WSDL was not loaded in {_LOAD_SECONDS} s") from late
        finally:
            await transport.close()  # which ends the thread, if it still waits for a document
            thread.shutdown(wait=False)

    def _build(self, fetch: Fetch | None) -> Wsdl:
        """Read, parse and resolve everything. Runs in a thread."""
        options, address = self._options, self._options.address
        documents = Documents(address, fetch, self._limits)
        try:
            document = load_document(address, documents)
        except ConnectorError:
            raise
        except FileNotFoundError as error:
            raise _make_missing_error(self._name, address, Path(str(error.filename))) from error
        except Exception as error:  # zeep raises nearly anything for a WSDL that is wrong
            reason = _describe_failure(error)
            if fetch is None:
                raise DefinitionError(f"{self._name}: the WSDL {address} cannot be used: {reason}") from error
            operation = Operation(upstream=self._name, name="load WSDL")
            raise UpstreamBadReply(operation, f"the WSDL cannot be used: {reason}") from error
        password = options.password.get_secret_value() if options.password else None
        token = make_token(options.username, password, use_digest=options.digest) if options.username else None
        return Wsdl(self._name, options, document, documents, token)


def _make_missing_error(name: str, address: str, missing: Path) -> DefinitionError:
    if missing == Path(address).absolute():
        return DefinitionError(f"{name}: there is no WSDL at {missing}")
    return DefinitionError(f"{name}: the WSDL imports a file that is missing: {missing}")


def _describe_failure(error: Exception) -> str:
    name = type(error).__name__
    if name in ("DTDForbidden", "EntitiesForbidden"):
        return "it has a DTD, which is refused because DTDs can read files and fill the memory"
    if isinstance(error, DocumentRefused):
        return str(error)
    return f"{name}: {str(error)[:300]}" if str(error) else name
