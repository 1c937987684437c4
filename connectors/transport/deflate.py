"""Inflates websocket messages within a ratio (RFC 7692). Used by `websocket` and by the gateway's own server."""

from __future__ import annotations

from collections.abc import Sequence

from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import CTRL_OPCODES, Frame, Opcode
from websockets.typing import ExtensionParameter

FREE_SIZE = 65_536
"""Bytes that a message may have at any ratio: short texts of one repeated character are no attack."""
MAX_RATIO = 100
"""Deflate makes at most 1,032 bytes of one; JSON of many similar objects reaches 30."""
_WINDOW_BITS = 12
_MEMORY_LEVEL = 5
"""About 16 kB a connection, as websockets and uvicorn choose."""


class BoundedDeflate(PerMessageDeflate):
    """The extension of one connection. Raises PayloadTooBig before a message has grown beyond the ratio."""

    def __init__(self, negotiated: PerMessageDeflate, max_ratio: int) -> None:
        super().__init__(
            negotiated.remote_no_context_takeover,
            negotiated.local_no_context_takeover,
            negotiated.remote_max_window_bits,
            negotiated.local_max_window_bits,
            negotiated.compress_settings,
        )
        self._max_ratio = max_ratio
        self._packed = self._unpacked = 0

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Inflate one frame; what counts is all of its message so far."""
        if frame.opcode in CTRL_OPCODES:
            return frame
        if frame.opcode is not Opcode.CONT:
            self._packed = self._unpacked = 0
        self._packed += len(frame.data)
        # zlib takes 0 for "no limit"
        allowed = max(1, max(FREE_SIZE, self._max_ratio * self._packed) - self._unpacked)
        inflated = super().decode(frame, max_size=allowed if max_size is None else min(max_size, allowed))
        self._unpacked += len(inflated.data)
        return inflated


class ServerDeflate(ServerPerMessageDeflateFactory):
    """Negotiates the extension as a server."""

    def __init__(self, max_ratio: int) -> None:
        super().__init__(
            server_max_window_bits=_WINDOW_BITS,
            client_max_window_bits=_WINDOW_BITS,
            compress_settings={"memLevel": _MEMORY_LEVEL},
        )
        self._max_ratio = max_ratio

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[object]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """As websockets does it, with the bounded extension."""
        answer, negotiated = super().process_request_params(params, accepted_extensions)  # type: ignore[arg-type]
        return answer, BoundedDeflate(negotiated, self._max_ratio)


class ClientDeflate(ClientPerMessageDeflateFactory):
    """Negotiates the extension as a client."""

    def __init__(self, max_ratio: int = MAX_RATIO) -> None:
        super().__init__(
            server_max_window_bits=_WINDOW_BITS,
            client_max_window_bits=_WINDOW_BITS,
            compress_settings={"memLevel": _MEMORY_LEVEL},
        )
        self._max_ratio = max_ratio

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[object]
    ) -> PerMessageDeflate:
        """As websockets does it, with the bounded extension."""
        negotiated = super().process_response_params(params, accepted_extensions)  # type: ignore[arg-type]
        return BoundedDeflate(negotiated, self._max_ratio)
