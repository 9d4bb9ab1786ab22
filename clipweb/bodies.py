"""How the bodies of requests come in: pieces of uploads as a stream, all others within a limit.

Django alone writes every body to a temporary file, however large, before any view can refuse it.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import TimeoutError as NothingCame
from typing import IO, Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from gallery.views.tus import PIECE_TYPE

SILENCE_SECONDS = 20  # after which a sender counts as gone
BESIDE_FILES = 1024 * 1024  # bytes of a form that are not its files

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class PieceBody(io.RawIOBase):
    """A body that a view reads from its own thread while it arrives; the server holds back the rest.

    Raises ConnectionError when the sender has gone, also by saying nothing for too long.
    """

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._loop = loop
        self._arrived = b""
        self._has_more = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while self._has_more and (size < 0 or not self._arrived):
            self._wait_for_more()
        if size < 0:
            size = len(self._arrived)
        part, self._arrived = self._arrived[:size], self._arrived[size:]
        return part

    def _wait_for_more(self) -> None:
        arriving = asyncio.run_coroutine_threadsafe(self._next_message(), self._loop)
        try:
            message = arriving.result(SILENCE_SECONDS)
        except NothingCame:
            arriving.cancel()
            self._has_more = False
            raise ConnectionError("the sender fell silent") from None
        except Cancelled:
            self._has_more = False
            raise ConnectionError("the server is about to end") from None
        if message["type"] == "http.disconnect":
            self._has_more = False
            raise ConnectionError("the sender has gone")
        self._arrived += message.get("body", b"")
        self._has_more = message.get("more_body", False)

    async def _next_message(self) -> Message:
        return await self._receive()

    async def __call__(self) -> Message:
        """As the `receive` of the rest of Django, which asks it for nothing but a lost connection. The view
        hears of that first, and keeps what has come."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")


class Handler(ASGIHandler):
    async def handle(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if _header(scope, b"content-type") == PIECE_TYPE.encode():
            await super().handle(scope, PieceBody(receive, asyncio.get_running_loop()), send)
            return
        try:
            await super().handle(scope, limited(receive, scope), send)
        except RequestDataTooBig:
            await self.send_response(await sync_to_async(too_large)(), send)

    async def read_body(self, receive: Receive) -> IO[bytes]:
        if isinstance(receive, PieceBody):
            return receive  # type: ignore[return-value]
        return await super().read_body(receive)


def limited(receive: Receive, scope: dict[str, Any]) -> Receive:
    """`receive`, raising RequestDataTooBig as soon as the body is known to be above the limit."""
    limit = limit_of(scope["path"])
    declared = _header(scope, b"content-length")
    came = int(declared) if declared.isdigit() and int(declared) > limit else 0

    async def receive_limited() -> Message:
        nonlocal came
        if came > limit:
            raise RequestDataTooBig
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise RequestDataTooBig
        return message

    return receive_limited


def limit_of(path: str) -> int:
    files = settings.UPLOAD_FORM_MAX_BYTES if path == reverse("gallery:upload") else settings.UPLOAD_MAX_BYTES
    return files + BESIDE_FILES


def too_large() -> HttpResponse:
    return HttpResponse(render_to_string("413.html"), status=413, headers={"Connection": "close"})


def _header(scope: dict[str, Any], name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def get_application() -> Handler:
    """As django.core.asgi.get_asgi_application()."""
    django.setup(set_prefix=False)
    return Handler()
