"""The socket of a person's own pages: which of their pictures have changed, and how they are now."""

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async

from gallery import live
from gallery.models import Image, User
from gallery.sockets import NOT_FOUND, RelayConsumer

RECHECK_SECONDS = 15.0  # a closed session is noticed after this time
GATHER_SECONDS = 0.2  # changes within this time make one message


class PersonConsumer(RelayConsumer):
    """Text messages are live.states_message."""

    async def authorised_group(self) -> str | None:
        self._changed: set[str] = set()
        person = await self.person()
        return live.group_of(person.pk) if person is not None else None

    async def picture_changed(self, event: dict[str, Any]) -> None:
        self._changed.add(event["picture"])
        self.news.set()

    async def relay(self) -> None:
        while (person := await self.person()) is not None:
            if self._changed:
                await self._send_changes(person)
            try:
                await asyncio.wait_for(self.news.wait(), RECHECK_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass
            self.news.clear()
        await self.close(NOT_FOUND)

    async def _send_changes(self, person: User) -> None:
        changed, self._changed = self._changed, set()
        await self.send(text_data=json.dumps(await self._states(person, changed)))

    @database_sync_to_async
    def _states(self, person: User, ids: set[str]) -> dict[str, Any]:
        own = Image.objects.visible_to(person).filter(owner=person, pk__in=ids)
        return live.states_message(own)
