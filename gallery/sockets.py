"""What every live page's socket does: authorise, join one group, relay until the end, leave no trace."""

import asyncio
import contextlib
import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from gallery.live import CONNECTION_ERRORS
from gallery.models import User
from gallery.moderation.suspensions import able_to_sign_in

logger = logging.getLogger(__name__)

# Close codes: RFC 6455, section 7.4; 4000 and up are an application's own.
ENDED, UNEXPECTED_MESSAGE, BROKEN, TRY_AGAIN_LATER, NOT_FOUND = 1000, 1003, 1011, 1013, 4404


class RelayConsumer(AsyncWebsocketConsumer):
    """Clients have nothing to say. A class of its own says whom a socket is for and what it relays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = ""
        self.news = asyncio.Event()
        self._relay_task: asyncio.Task[None] | None = None

    async def authorised_group(self) -> str | None:
        """The group that the person behind the socket may join, or None."""
        raise NotImplementedError

    async def relay(self) -> None:
        """Sends what is new until there will be nothing more, the client leaves or the right is lost."""
        raise NotImplementedError

    async def connect(self) -> None:
        group = await self.authorised_group()
        if group is None:
            await self.close(NOT_FOUND)
            return
        self.group = group
        try:
            await self.channel_layer.group_add(self.group, self.channel_name)
        except CONNECTION_ERRORS as error:
            logger.warning("%s: no live page: %s", self.group, error)
            await self.close(TRY_AGAIN_LATER)
            return
        await self.accept()
        self._relay_task = asyncio.create_task(self._relay_to_the_end())
        self._relay_task.add_done_callback(self._relay_ended)

    async def disconnect(self, code: int) -> None:
        if self._relay_task is None:
            return
        self._relay_task.cancel()
        try:
            await self.channel_layer.group_discard(self.group, self.channel_name)
        except CONNECTION_ERRORS as error:
            logger.warning("%s: a socket stays in the group until it expires: %s", self.group, error)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(UNEXPECTED_MESSAGE)

    @database_sync_to_async
    def person(self) -> User | None:
        """Who opened the socket, as long as they are signed in."""
        session = self.scope.get("session")
        if session is not None and session.session_key and not session.exists(session.session_key):
            return None  # signed out since
        return able_to_sign_in(User.objects.filter(pk=self.scope["user"].pk)).first()

    async def _relay_to_the_end(self) -> None:
        # OSError: the client left while something was on its way to it; websocket.disconnect follows.
        with contextlib.suppress(OSError):
            await self.relay()

    def _relay_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s: its live page broke", self.group, exc_info=error)
            self._closing = asyncio.ensure_future(self.close(BROKEN))
