"""A WebSocket client of the ASGI application in this process (the one in channels.testing wants daphne)."""

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from clipweb.asgi import application

SECONDS = 5


class WebSocketClient(ApplicationCommunicator):
    def __init__(self, path: str, *, session: str = "", origin: str = "http://localhost") -> None:
        headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
        if session:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> int | None:
        """None when the server accepts, else the code it closes with."""
        await self.send_input({"type": "websocket.connect"})
        return await self._code_unless("websocket.accept")

    async def next_bytes(self) -> bytes:
        return (await self._next_message())["bytes"]

    async def next_json(self) -> dict[str, Any]:
        return json.loads((await self._next_message())["text"])

    async def close_code(self) -> int | None:
        """The code that the server closes with; None when it sends something instead."""
        return await self._code_unless("websocket.send")

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(SECONDS)

    async def _next_message(self) -> dict[str, Any]:
        message = await self.receive_output(SECONDS)
        assert message["type"] == "websocket.send", message
        return message

    async def _code_unless(self, other: str) -> int | None:
        message = await self.receive_output(SECONDS)
        assert message["type"] in {other, "websocket.close"}, message
        return message.get("code", 1000) if message["type"] == "websocket.close" else None
