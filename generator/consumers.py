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
from generator.newest import newest_frame_of

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
        self._newest = newest_frame_of(self.job_id)
        self._tick: bytes | None = None  # the header of the frame that was last told of; None to look anyway
        self._sent_header: bytes | None = None
        return progress.group_of(self.job_id) if await self._visible_job() is not None else None

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "job.frame":
            # Channels first looks after old database connections, in the one thread that all sockets share.
            await self.job_frame(message)
        else:
            await super().dispatch(message)

    async def job_frame(self, event: dict[str, Any]) -> None:
        self._tick = event["header"]
        self.news.set()

    async def job_state(self, event: dict[str, Any]) -> None:
        self._look_again()
        self.news.set()

    def _look_again(self) -> None:
        """At everything, for what a lost tick was about."""
        self._state_is_old = True
        self._tick = None

    async def relay(self) -> None:
        """Send what is new, as often as there is news, until the job has ended or is out of sight."""
        while await self._send_news():
            try:
                await asyncio.wait_for(self.news.wait(), RECHECK_SECONDS)
            except TimeoutError:
                self._look_again()
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
        data = await self._newest.read(self._tick)
        if data is not None and (header := data[: progress.HEADER.size]) != self._sent_header:
            await self.send(bytes_data=data)
            self._sent_header = header

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
