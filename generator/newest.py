"""The newest frame of a job, read once for all sockets of this process that show it."""

from __future__ import annotations

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async

from generator import progress

_in_use: WeakValueDictionary[UUID, NewestFrame] = WeakValueDictionary()  # by job, while a socket shows it


def newest_frame_of(job_id: UUID) -> NewestFrame:
    """The same for all that keep hold of it."""
    found = _in_use.get(job_id)
    if found is None:
        found = _in_use[job_id] = NewestFrame(job_id)
    return found


class NewestFrame:
    def __init__(self, job_id: UUID) -> None:
        self._job_id = job_id
        self._lock = asyncio.Lock()
        self._tick: bytes | None = None
        self._data: bytes | None = None

    async def read(self, tick: bytes | None) -> bytes | None:
        """A progress.Frame as bytes; None when there is none or the cache cannot be reached.

        `tick`: the header of a frame that was told of. Of all that ask with the same one, the first reads,
        and what it finds is that frame or a newer one. None always reads.
        """
        async with self._lock:
            if tick is None or tick != self._tick:
                # Not in the one thread that the sockets' queries share, because it asks no database.
                frame = await sync_to_async(progress.snapshot, thread_sensitive=False)(self._job_id)
                self._data = frame.to_bytes() if frame is not None else None
                self._tick = tick
            return self._data
