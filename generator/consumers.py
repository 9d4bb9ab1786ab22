"""The socket of a job's page: authorise, join its group, send where it stands, then relay what is new."""

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from gallery.models import User
from gallery.sockets import ENDED, NOT_FOUND, RelayConsumer
from generator import progress
from generator.models import Job

RECHECK_SECONDS = 15.0  # a lost tick, a lost right and a closed session are noticed after this time


class JobConsumer(RelayConsumer):
    """Text messages are progress.state_message, binary ones progress.Frame; clients have nothing to say.

    Ticks only wake the sender, which then sends the newest there is. So a client that takes its time skips
    frames, holds nobody up, and still hears of the end.
    """

    async def authorised_group(self) -> str | None:
        self.job_id = self.scope["url_route"]["kwargs"]["job_id"]
        self._state_is_old = True
        self._sent_state: dict[str, Any] | None = None
        self._sent_frame: tuple[int, float] | None = None
        return progress.group_of(self.job_id) if await self._visible_job() is not None else None

    async def job_frame(self, event: dict[str, Any]) -> None:
        self.news.set()

    async def job_state(self, event: dict[str, Any]) -> None:
        self._state_is_old = True
        self.news.set()

    async def relay(self) -> None:
        """Send what is new, as often as there is news, until the job has ended or is out of sight."""
        while await self._send_news():
            try:
                await asyncio.wait_for(self.news.wait(), RECHECK_SECONDS)
            except TimeoutError:
                self._state_is_old = True
            self.news.clear()

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

    async def _visible_job(self) -> Job | None:
        person = await self.person()
        return await self._job_of(person) if person is not None else None

    @database_sync_to_async
    def _job_of(self, person: User) -> Job | None:
        return Job.objects.visible_to(person).select_related("image").filter(pk=self.job_id).first()


class UnknownConsumer(AsyncWebsocketConsumer):
    """Any other address."""

    async def connect(self) -> None:
        await self.close(NOT_FOUND)
