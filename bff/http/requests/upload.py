"""Files in a request: the GraphQL multipart request specification (version 2). Called by the upload transport.

Files are written to disk as they arrive, except small ones, and are deleted when the request is over.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec

from bff.contract import Problem, Refused, UploadLimits
from bff.http.asgi import ClientGone, Exchange
from bff.http.requests.budget import BodyBudget, BodyShare
from bff.http.requests.decompression import check_coding
from bff.http.requests.form_data import BadMultipart, End, Event, Parser, Part, Whole
from bff.http.requests.params import Params, read_json
from connectors.aio.clock import Clock, timeout_after
from connectors.files import File

IN_MEMORY = 128 * 1024
"""Bytes of a file that are kept in memory; larger ones go to disk."""
_MAX_HEAD = 10_000
"""Bytes that boundaries and heads may have for each part."""
_TYPE = re.compile(r"[!#$&^_.+a-zA-Z0-9-]+/[!#$&^_.+a-zA-Z0-9-]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


def is_multipart(headers: Mapping[str, str]) -> bool:
    """Whether a request's body is multipart/form-data by its Content-Type."""
    content_type = headers.get("content-type", "")
    return content_type != "application/json" and content_type.lower().startswith("multipart/form-data")


async def read_upload(
    exchange: Exchange, limits: UploadLimits, max_bytes: int, clock: Clock, budget: BodyBudget
) -> Params:
    """The parameters of a request, its files in the places of its variables that `map` names.

    `max_bytes` bounds everything but the files, `budget` what all requests hold. Raises Refused, and ClientGone if the
    client disconnects.
    The exchange closes the files.
    """
    if check_coding(exchange.headers.get("content-encoding")):
        raise Problem.UNSUPPORTED_ENCODING.refusal("Send files uncompressed, without Content-Encoding.")
    share = budget.open()
    exchange.files = (*exchange.files, share)
    form = _Form(exchange, limits, max_bytes, share)
    try:
        parser = Parser(exchange.headers.get("content-type", ""))
        reading = _read_events(exchange, parser, _max_total(limits, max_bytes))
        async with timeout_after(limits.timeout, clock), aclosing(reading) as events:
            async for event in events:
                await form.add_event(event)
    except BadMultipart as error:
        raise _invalid(f"The body is not multipart/form-data: {error}.") from error
    except TimeoutError:
        message = f"The request did not arrive within {limits.timeout:.0f} seconds."
        raise Problem.REQUEST_TIMEOUT.refusal(message) from None
    return form.to_params()


def _max_total(limits: UploadLimits, max_bytes: int) -> int:
    return max_bytes + limits.max_files * limits.max_file_size + (limits.max_files + 2) * _MAX_HEAD


async def _read_events(exchange: Exchange, parser: Parser, max_bytes: int) -> AsyncGenerator[Event, None]:
    announced = exchange.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > max_bytes:
        raise _too_large(max_bytes)
    read, has_more = 0, True
    while has_more:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        read += len(piece)
        if read > max_bytes:
            raise _too_large(max_bytes)
        for event in parser.feed(piece):
            yield event
        has_more = message.get("more_body", False)


class _Form:
    """The parts in their order: `operations`, `map`, then the files that `map` names."""

    def __init__(self, exchange: Exchange, limits: UploadLimits, max_bytes: int, share: BodyShare) -> None:
        self._share = share
        self._exchange, self._limits, self._max_bytes = exchange, limits, max_bytes
        self._texts: dict[str, bytearray] = {}
        self._paths: dict[str, list[str]] = {}
        self._files: dict[str, File] = {}
        self._text: bytearray | None = None
        self._file: File | None = None
        self._stored: SpooledTemporaryFile[bytes] | None = None
        self._is_whole = False

    async def add_event(self, event: Event) -> None:
        """Take the next event of the body. Raises Refused for a part that must not come here."""
        match event:
            case bytes():
                await self._add_data(event)
            case Part():
                self._begin_part(event)
            case End():
                if self._text is not None and self._text is self._texts.get("map"):
                    self._read_map(bytes(self._text))
                self._text = self._file = self._stored = None
            case Whole():
                self._is_whole = True

    def to_params(self) -> Params:
        """The operation with its files. Raises Refused."""
        if not self._is_whole or "map" not in self._texts:
            raise _invalid("The body ends early; send `operations`, then `map`, then the files.")
        if missing := self._paths.keys() - self._files.keys():
            raise _invalid(f"`map` names a file that the body does not have: {sorted(missing)[0][:40]!a}.")
        params = read_json(bytes(self._texts["operations"]))
        if isinstance(params, list):
            raise _invalid("`operations` is an array; send one operation with files.")
        for name, paths in self._paths.items():
            for path in paths:
                _place_file(params, path, self._files[name])
        return params

    def _begin_part(self, part: Part) -> None:
        expected = ("operations", "map")[len(self._texts)] if len(self._texts) < 2 else None
        if expected is not None:
            if part.name != expected:
                raise _invalid(f"`{expected}` must come before the part {part.name[:40]!a}.")
            self._text = self._texts[expected] = bytearray()
            return
        if part.name not in self._paths or part.name in self._files:
            raise _invalid(f"`map` does not name the part {part.name[:40]!a}, or the part came twice.")
        self._stored = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the exchange closes it
        self._exchange.files = (*self._exchange.files, self._stored)
        kind = part.content_type.partition(";")[0].strip()
        self._files[part.name] = self._file = File(
            self._stored,
            name=_clean_filename(part.filename or ""),
            content_type=kind if _TYPE.fullmatch(kind) else "application/octet-stream",
            size=0,
        )

    async def _add_data(self, data: bytes) -> None:
        self._share.take(len(data))
        if self._text is not None:
            self._text += data
            if sum(map(len, self._texts.values())) > self._max_bytes:
                raise Problem.BODY_TOO_LARGE.refusal(
                    f"`operations` and `map` are larger than the {self._max_bytes} bytes allowed here."
                )
            return
        assert self._file is not None
        assert self._stored is not None
        self._file.size += len(data)
        if self._file.size > self._limits.max_file_size:
            raise Problem.FILE_TOO_LARGE.refusal(
                f"A file is larger than the {self._limits.max_file_size} bytes allowed here."
            )
        if self._file.size > IN_MEMORY:
            await asyncio.to_thread(self._stored.write, data)  # to disk
        else:
            self._stored.write(data)

    def _read_map(self, text: bytes) -> None:
        try:
            self._paths = msgspec.json.decode(text, type=dict[str, list[str]])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _invalid('`map` must be like {"0": ["variables.file"]}.') from error
        if len(self._paths) > self._limits.max_files:
            raise Problem.TOO_MANY_FILES.refusal(
                f"The request has {len(self._paths)} files, more than the {self._limits.max_files} allowed here."
            )


def _clean_filename(filename: str) -> str:
    """A name without folders and control characters: the client chose it, and it must not name another place."""
    name = _UNSAFE.sub("", re.split(r"[/\\]", filename)[-1])[:255]
    return name if name.strip(".") else "file"


def _place_file(params: Params, path: str, file: File) -> None:
    """Put a file where a path such as `variables.photos.0` finds null."""
    first, *steps = path.split(".")
    place: Any = params.variables if first == "variables" and steps else None
    for step in steps[:-1]:
        place = _step_into(place, step)
    if isinstance(place, dict) and steps[-1] in place and place[steps[-1]] is None:
        place[steps[-1]] = file
    elif isinstance(place, list) and _is_index(steps[-1], place) and place[int(steps[-1])] is None:
        place[int(steps[-1])] = file
    else:
        raise _invalid(f"`map` puts a file at {path[:100]!a}, which is not a null in `variables`.")


def _step_into(place: Any, step: str) -> Any:
    if isinstance(place, dict):
        return place.get(step)
    return place[int(step)] if isinstance(place, list) and _is_index(step, place) else None


def _is_index(step: str, place: list[Any]) -> bool:
    return step.isascii() and step.isdecimal() and len(step) < 10 and int(step) < len(place)


def _too_large(max_bytes: int) -> Refused:
    return Problem.BODY_TOO_LARGE.refusal(f"The request body is larger than the {max_bytes} bytes allowed here.")


def _invalid(message: str) -> Refused:
    return Problem.INVALID_UPLOAD.refusal(message)
