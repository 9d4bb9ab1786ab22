"""The socket of a job's page: authorise, join its group, send where it stands, then relay what is new."""

import asyncio
import json
import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from gallery.models import User
from generator import progress
from generator.models import Job

logger = logging.getLogger(__name__)

RECHECK_SECONDS = 15.0  # a lost tick, a lost right and a closed session are noticed after this time

# Close codes: RFC 6455, section 7.4; 4000 and up are an application's own.
ENDED, UNEXPECTED_MESSAGE, BROKEN, TRY_AGAIN_LATER, NOT_FOUND = 1000, 1003, 1011, 1013, 4404


class JobConsumer(AsyncWebsocketConsumer):
    """Text messages are progress.state_message, binary ones progress.Frame; clients have nothing to say.

    Ticks only wake the sender, which then sends the newest there is. So a client that takes its time skips
    frames, holds nobody up, and still hears of the end.
    """

    async def connect(self) -> None:
        self.job_id = self.scope["url_route"]["kwargs"]["job_id"]
        self.group = progress.group_of(self.job_id)
        self._news = asyncio.Event()
        self._state_is_old = True
        self._sent_state: dict[str, Any] | None = None
        self._sent_frame: tuple[int, float] | None = None
        self._relay_task: asyncio.Task[None] | None = None
        if await self._visible_job() is None:
            await self.close(NOT_FOUND)
            return
        try:
            await self.channel_layer.group_add(self.group, self.channel_name)
        except progress.CONNECTION_ERRORS as error:
            logger.warning("Job %s: no live view: %s", self.job_id, error)
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
        except progress.CONNECTION_ERRORS as error:
            logger.warning("Job %s: a socket stays in the group until it expires: %s", self.job_id, error)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(UNEXPECTED_MESSAGE)

    async def job_frame(self, event: dict[str, Any]) -> None:
        self._news.set()

    async def job_state(self, event: dict[str, Any]) -> None:
        self._state_is_old = True
        self._news.set()

    async def _relay(self) -> None:
        """Send what is new, as often as there is news, until the job has ended or the client has gone."""
        try:
            while await self._send_news():
                try:
                    await asyncio.wait_for(self._news.wait(), RECHECK_SECONDS)
                except TimeoutError:
                    self._state_is_old = True
                self._news.clear()
        except OSError:
            pass  # the client left while something was on its way to it; websocket.disconnect follows

    async def _send_news(self) -> bool:
        """Send the newest state and frame that the client does not have; False after the last."""
        if not self._state_is_old:
            await self._send_frame()
            return True
        self._state_is_old = False
        job = await self._visible_job()
        if job is None:
            await self.close(NOT_FOUND)
            return False
        if job.is_finished and self._sent_state is not None:
            await self._send_frame()  # the last step's, where the end came right behind it
        await self._send_state(progress.state_message(job))
        if job.is_finished:
            await self.close(ENDED)
            return False
        await self._send_frame()
        return True

    async def _send_state(self, message: dict[str, Any]) -> None:
        if message != self._sent_state:
            await self.send(text_data=json.dumps(message))
            self._sent_state = message

    async def _send_frame(self) -> None:
        frame = await database_sync_to_async(progress.snapshot)(self.job_id)
        if frame is not None and (frame.step, frame.loss) != self._sent_frame:
            await self.send(bytes_data=frame.to_bytes())
            self._sent_frame = (frame.step, frame.loss)

    @database_sync_to_async
    def _visible_job(self) -> Job | None:
        """The job, as long as the person who opened the socket is signed in and may see it."""
        session = self.scope.get("session")
        if session is not None and session.session_key and not session.exists(session.session_key):
            return None  # signed out since
        user = User.objects.filter(pk=self.scope["user"].pk).first()
        if user is None:
            return None
        return Job.objects.visible_to(user).select_related("image").filter(pk=self.job_id).first()

    def _relay_ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("Job %s: its live view broke", self.job_id, exc_info=error)
            self._closing = asyncio.ensure_future(self.close(BROKEN))


class UnknownConsumer(AsyncWebsocketConsumer):
    """Any other address."""

    async def connect(self) -> None:
        await self.close(NOT_FOUND)
