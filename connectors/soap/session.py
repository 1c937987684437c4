"""Loads the WSDL of one upstream, once, when first needed, off the event loop. Used by the SOAP connector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from zeep import Settings
from zeep.wsdl import Document
from zeep.wsse.username import UsernameToken

from connectors.aio.attempt import Attempt, Closed
from connectors.aio.clock import left_until
from connectors.contract import Operation
from connectors.errors import (
    ConnectorError,
    DefinitionError,
    UpstreamBadReply,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.soap.options import Options
from connectors.soap.wsdl import Wsdl
from connectors.soap.wsdl_documents import MOST_BYTES, Documents, Fetch, Refused
from connectors.transport import open_transport
from connectors.transport.status import error_for_status

_FETCH_SECONDS = 15.0
"""For one document."""
_LOAD_SECONDS = 60.0
"""For a WSDL with everything it imports."""


class Loading:
    """Holds the Wsdl once it is loaded; a failed attempt is forgotten and the next one who asks tries again."""

    def __init__(self, name: str, options: Options) -> None:
        self._name = name
        self._options = options
        self._loading: Attempt[Wsdl] = Attempt(self._load, name=f"load the WSDL of {name}")

    async def ready(self, operation: Operation, deadline: float | None) -> Wsdl:
        """The loaded WSDL; all who wait share one attempt.

        Raises DefinitionError for files that are missing or wrong, what connectors.transport raises for URLs, and
        UpstreamTimeout at the deadline.
        """
        try:
            return await self._loading.wait(left_until(deadline))
        except Closed:
            raise UpstreamUnreachable(operation, "the connector is closed") from None
        except TimeoutError as late:
            raise UpstreamTimeout(operation, "the WSDL was not loaded before the deadline") from late

    async def close(self) -> None:
        """Give up loading. Idempotent."""
        await self._loading.close()

    async def _load(self) -> Wsdl:
        if not self._options.is_remote:
            return await asyncio.to_thread(self._build, None)
        operation = Operation(upstream=self._name, name="load WSDL")
        # A transport of its own: a WSDL may well be larger than the replies that this upstream may send.
        transport = open_transport(self._options.model_copy(update={"max_reply_size": MOST_BYTES}))
        loop = asyncio.get_running_loop()

        async def get(url: str) -> bytes:
            response = await transport.request(operation, "GET", url, headers={}, timeout=_FETCH_SECONDS)
            if failure := error_for_status(operation, response):
                raise failure
            return response.body

        def fetch(url: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(get(url), loop).result()

        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                return await asyncio.to_thread(self._build, fetch)
        except TimeoutError as late:
            raise UpstreamTimeout(operation, f"the WSDL was not loaded in {_LOAD_SECONDS} s") from late
        finally:
            await transport.close()  # which ends the thread, if it is still at it

    def _build(self, fetch: Fetch | None) -> Wsdl:
        """In a thread: read, parse and resolve everything."""
        address = self._options.address
        documents = Documents(address, fetch)
        settings = Settings(
            strict=True,
            forbid_dtd=True,
            forbid_entities=True,
            xml_huge_tree=False,
            force_https=address.lower().startswith(
                "https:"
            ),  # zeep means it for others too, and turns file: into https:
        )
        try:
            document = Document(address, cast("Any", documents), settings=settings)
        except ConnectorError:
            raise
        except FileNotFoundError as error:
            missing = Path(str(error.filename))
            what = (
                "there is no WSDL at"
                if missing == Path(address).absolute()
                else "the WSDL imports a file that is missing:"
            )
            raise DefinitionError(f"{self._name}: {what} {missing}") from error
        except Exception as error:  # zeep raises nearly anything for a WSDL that is wrong
            reason = _reason(error)
            if fetch is None:
                raise DefinitionError(f"{self._name}: the WSDL {address} cannot be used: {reason}") from error
            operation = Operation(upstream=self._name, name="load WSDL")
            raise UpstreamBadReply(operation, f"the WSDL cannot be used: {reason}") from error
        return Wsdl(self._name, self._options, document, documents, settings, _token(self._options))


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if name in ("DTDForbidden", "EntitiesForbidden"):
        return "it has a DTD, which is refused because DTDs can read files and fill the memory"
    if isinstance(error, Refused):
        return str(error)
    return f"{name}: {str(error)[:300]}" if str(error) else name


def _token(options: Options) -> UsernameToken | None:
    if options.username is None:
        return None
    password = options.password.get_secret_value() if options.password else None
    make: Callable[..., UsernameToken] = UsernameToken  # zeep's annotations are half done
    return make(options.username, password, use_digest=options.digest, zulu_timestamp=True)
