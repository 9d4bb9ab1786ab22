"""What every live page's socket does: authorise, join one group, relay until the end, leave no trace."""

import asyncio
import contextlib
import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from gallery.live import CONNECTION_ERRORS
from gallery.models import User
from gallery.moderation.suspensions import able_to_sign_in
from gallery.people import sessions
from gallery.people.second_factor import lacks_second_factor
from gallery.rates import Rate, TooOften, asker_of

logger = logging.getLogger(__name__)

RATE = Rate("sockets")
# Close codes: RFC 6455, section 7.4; 4000 and up are an application's own.
ENDED, UNEXPECTED_MESSAGE, BROKEN, TRY_AGAIN_LATER, NOT_FOUND = 1000, 1003, 1011, 1013, 4404


class RelayConsumer(AsyncWebsocketConsumer):
    """Clients have nothing to say. A class of its own says whom a socket is for and what it relays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = ""
        self._all_groups: list[str] = []
        self.news = asyncio.Event()
        self._relay_task: asyncio.Task[None] | None = None

    async def authorised_group(self) -> str | None:
        """The group that the person behind the socket may join, or None."""
        raise NotImplementedError

    async def relay(self) -> None:
        """Sends what is new until there will be nothing more, the client leaves or the right is lost."""
        raise NotImplementedError

    async def connect(self) -> None:
        try:
            await self._count()
        except TooOften:
            await self.close(TRY_AGAIN_LATER)
            return
        group = await self.authorised_group()
        if group is None:
            await self.close(NOT_FOUND)
            return
        self.group, self._all_groups = group, [group, *self._group_of_session()]
        try:
            for name in self._all_groups:
                await self.channel_layer.group_add(name, self.channel_name)
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
            for name in self._all_groups:
                await self.channel_layer.group_discard(name, self.channel_name)
        except CONNECTION_ERRORS as error:
            logger.warning("%s: a socket stays in the group until it expires: %s", self.group, error)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(UNEXPECTED_MESSAGE)

    @database_sync_to_async
    def _count(self) -> None:
        """Raises TooOften. Messages need no limit: the first one closes the socket."""
        address = (self.scope.get("client") or [""])[0]
        RATE.count_asker(asker_of(self.scope["user"], address))

    async def session_ended(self, event: dict[str, Any]) -> None:
        """Ended from elsewhere: nothing more goes there, whatever is still on its way."""
        if await self.person() is None:
            await self.close(NOT_FOUND)

    def _group_of_session(self) -> list[str]:
        session = self.scope.get("session")
        return [sessions.group_of(session.session_key)] if session is not None and session.session_key else []

    @database_sync_to_async
    def person(self) -> User | None:
        """Who opened the socket, as long as they are signed in."""
        session = self.scope.get("session")
        if session is not None and session.session_key and not session.exists(session.session_key):
            return None  # signed out since
        user = able_to_sign_in(User.objects.filter(pk=self.scope["user"].pk)).first()
        if user is None or lacks_second_factor(user) or not _is_of(session, user):
            return None
        return user

    async def _relay_to_the_end(self) -> None:
        # OSError: the client left while something was on its way to it; websocket.disconnect follows.
        with contextlib.suppress(OSError):
            await self.relay()

    def _relay_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s: its live page broke", self.group, exc_info=error)
            self._closing = asyncio.ensure_future(self.close(BROKEN))


def _is_of(session: Any, user: User) -> bool:
    """Whether the person's password is still the one that they had when the session began."""
    known = (session or {}).get(HASH_SESSION_KEY, "")
    valid = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(known, each) for each in valid)
