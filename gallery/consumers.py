"""The socket of a person's own pages: which of their pictures have changed, and how they are now."""

import asyncio
import json
import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from gallery import live
from gallery.models import Image, User

logger = logging.getLogger(__name__)

RECHECK_SECONDS = 15.0  # a closed session is noticed after this time
GATHER_SECONDS = 0.2  # changes within this time make one message

# Close codes: RFC 6455, section 7.4; 4000 and up are an application's own.
UNEXPECTED_MESSAGE, BROKEN, TRY_AGAIN_LATER, NOT_FOUND = 1003, 1011, 1013, 4404


class PersonConsumer(AsyncWebsocketConsumer):
    """Text messages are live.states_message; clients have nothing to say."""

    async def connect(self) -> None:
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._relay_task: asyncio.Task[None] | None = None
        person = await self._person()
        if person is None:
            await self.close(NOT_FOUND)
            return
        self.group = live.group_of(person.pk)
        try:
            await self.channel_layer.group_add(self.group, self.channel_name)
        except live.CONNECTION_ERRORS as error:
            logger.warning("Person %s: no live pages: %s", person.pk, error)
            await self.close(TRY_AGAIN_LATER)
            return
        await self.accept()
        self._relay_task = asyncio.create_task(self._relay())
        self._relay_task.add_done_callback(self._relay_ended)

    async def disconnect(self, code: int) -> None:
        if self._relay_task is None:
            return
        self._relay_task.cancel()
        try:
            await self.channel_layer.group_discard(self.group, self.channel_name)
        except live.CONNECTION_ERRORS as error:
            logger.warning("%s: a socket stays in the group until it expires: %s", self.group, error)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(UNEXPECTED_MESSAGE)

    async def picture_changed(self, event: dict[str, Any]) -> None:
        self._changed.add(event["picture"])
        self._news.set()

    async def _relay(self) -> None:
        """Sends what has changed until the client leaves or the person has signed out."""
        try:
            while await self._person() is not None:
                if self._changed:
                    await self._send_changes()
                try:
                    await asyncio.wait_for(self._news.wait(), RECHECK_SECONDS)
                    await asyncio.sleep(GATHER_SECONDS)
                except TimeoutError:
                    pass
                self._news.clear()
            await self.close(NOT_FOUND)
        except OSError:
            pass  # the client left while something was on its way to it; websocket.disconnect follows

    async def _send_changes(self) -> None:
        changed, self._changed = self._changed, set()
        await self.send(text_data=json.dumps(await self._states(changed)))

    @database_sync_to_async
    def _states(self, ids: set[str]) -> dict[str, Any]:
        own = Image.objects.visible_to(self.scope["user"]).filter(owner=self.scope["user"], pk__in=ids)
        return live.states_message(own)

    @database_sync_to_async
    def _person(self) -> User | None:
        """Who opened the socket, as long as they are signed in."""
        session = self.scope.get("session")
        if session is not None and session.session_key and not session.exists(session.session_key):
            return None
        return User.objects.filter(pk=self.scope["user"].pk, is_active=True).first()

    def _relay_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s: its live pages broke", self.group, exc_info=error)
            self._closing = asyncio.ensure_future(self.close(BROKEN))
