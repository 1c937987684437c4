"""Frames of one websocket, parsed one message at a time. Used by `websocket_protocol`."""

from __future__ import annotations

import logging
from collections.abc import Generator

from websockets.frames import DATA_OPCODES, Frame
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from bff.http.options import Websockets
from connectors.transport.deflate import ServerDeflate


class HeldReader(StreamReader):
    """Bytes that arrived. While it is held, the parser of websockets waits before the next frame."""

    def __init__(self) -> None:
        super().__init__()
        self.is_held = False

    def at_eof(self) -> Generator[None, None, bool]:
        """Called by the parser before each frame."""
        while self.is_held:
            yield
        return (yield from super().at_eof())


class MessageParser(ServerProtocol):
    """Websockets' protocol, which stops after each message until `proceed`: a kilobyte may hold several of a megabyte.

    At first messages may have `max_init_size`; `allow_large_messages` lifts that.
    """

    reader: HeldReader

    def __init__(self, options: Websockets, logger: logging.Logger) -> None:
        extensions = [ServerDeflate(options.max_ratio)] if options.compression else []
        self._max_size = options.max_message_size
        super().__init__(extensions=extensions, max_size=min(options.max_init_size, self._max_size), logger=logger)
        self.reader = HeldReader()
        self.parser = self.parse()  # the one that __init__ started has websockets' reader
        next(self.parser)

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; hold the parser if a message is whole."""
        super().recv_frame(frame)
        if frame.fin and frame.opcode in DATA_OPCODES:
            self.reader.is_held = True

    def allow_large_messages(self) -> None:
        """The client has introduced itself."""
        self.max_message_size = self._max_size

    def forget_messages(self) -> None:
        """Drop what arrived; the connection is lost, or closes."""
        self.reader.buffer.clear()
        self.current_size = None

    @property
    def held(self) -> int:
        """Bytes of messages that are not whole."""
        return len(self.reader.buffer) + (self.current_size or 0)
