"""How much a WebSocket connection may hold back for its client: the message on its way, and no second one.

    uvicorn --ws clipweb.socket_protocol:SocketProtocol

uvicorn and the kernel would keep megabytes for a client that reads slowly, which then sees old frames. Here a
send waits until the kernel has taken the message, so that a sender which asks for the newest before each send
skips what the client has no time for.
"""

import socket
from asyncio.transports import BaseTransport
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from asyncio import Transport

    from uvicorn._types import ASGISendEvent

UNSENT_BYTES = 16 * 1024  # that the kernel takes beyond what is under way to the client
MOST_HELD_BYTES = 4 * 1024 * 1024  # more than any message; only pongs that nobody reads come to this


class SocketProtocol(WebSocketsSansIOProtocol):
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        cast("Transport", transport).set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in {socket.AF_INET, socket.AF_INET6}:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    async def send(self, message: "ASGISendEvent") -> None:
        if message["type"] == "websocket.close":
            # uvicorn would wait first until the client has read what it was sent before, be it for ever.
            self.loop.call_later(self.close_timeout, self.transport.abort)
        await super().send(message)
        await self.writable.wait()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_HELD_BYTES:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        """A client that reads nothing answers no ping either."""
        super().keepalive_timeout()
        self.transport.abort()  # closing would wait for what the client does not read
