"""Loads the WSDL of one upstream, once, when first needed, off the event loop. Used by the SOAP connector."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

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
from connectors.messages.charset_xml import convert_to_utf8
from connectors.soap.options import Options
from connectors.soap.schema import Wsdl
from connectors.soap.schema_documents import (
    DocumentRefused,
    Documents,
    Fetch,
    Fetched,
    Limits,
    parse_origin,
    redact_url,
)
from connectors.soap.schema_zeep import load_document, make_token
from connectors.transport import HttpReply, open_transport
from connectors.transport.status import error_for_status

_FETCH_SECONDS = 15.0
"""For one document."""
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
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
        self.headers: Mapping[str, str] = {}
        """Sent with every request for a document, as with every call."""
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

        async def get(url: str) -> Fetched:
            for _ in range(_MAX_REDIRECTS + 1):
                response = await transport.request(operation, "GET", url, headers=self.headers, timeout=_FETCH_SECONDS)
                if response.status not in _REDIRECTS or not response.headers.get("location"):
                    break
                url = _follow_redirect(operation, url, response)
            if failure := error_for_status(operation, response):
                raise failure
            return Fetched(url, convert_to_utf8(response.body, response.headers.get("content-type", "")))

        def fetch(url: str) -> Fetched:
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
        documents = Documents(address, fetch, self._limits, folder=options.folder)
        try:
            document = load_document(documents.locate_root(address), documents)
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


def _follow_redirect(operation: Operation, url: str, response: HttpReply) -> str:
    """The URL that a redirect names. Raises UpstreamBadReply for another origin: it must not get our credentials."""
    try:
        target = urljoin(url, response.headers["location"].strip())
    except ValueError:
        target = ""
    if parse_origin(target) != parse_origin(url):
        raise UpstreamBadReply(
            operation,
            f"HTTP {response.status}: the WSDL has moved to {redact_url(target)}, which is another origin and is not "
            "followed; put the new address into bff.yaml",
        )
    return target


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
