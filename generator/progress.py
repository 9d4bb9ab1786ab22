"""Live progress: the newest frame of a job is in the cache, a small tick tells open pages that there is news.

Both may be lost at any time and nothing is: the job's row is the truth, the next frame repairs the picture.
"""

from __future__ import annotations

import io
import logging
import struct
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.cache import cache
from PIL import Image as Pillow

from gallery.live import CONNECTION_ERRORS, tick
from generator.models import Job

logger = logging.getLogger(__name__)

FRAME_SECONDS = 600  # how long a newest frame is kept that no newer one follows

MAGIC = b"CWF"
VERSION = 1
HEADER = struct.Struct(">3sBIIf")  # magic, version, step, total, loss
PICTURE_TYPE = "image/jpeg"


class FrameError(ValueError):
    """These bytes are no frame of a version that is known."""


@dataclass(frozen=True)
class Frame:
    """A preview: after `step` of `total` steps, with the step's loss, the picture as an encoded JPEG.

    As bytes, the payload of a binary WebSocket message and the value in the cache (big-endian):
    magic "CWF" | version uint8 | step uint32 | total uint32 | loss float32 | JPEG.
    """

    step: int
    total: int
    loss: float
    picture: bytes

    @property
    def header(self) -> bytes:
        """All but the picture."""
        return HEADER.pack(MAGIC, VERSION, self.step, self.total, self.loss)

    def to_bytes(self) -> bytes:
        return self.header + self.picture

    @classmethod
    def from_bytes(cls, data: bytes) -> Frame:
        """Raises FrameError."""
        if len(data) < HEADER.size:
            raise FrameError("shorter than a frame's header")
        magic, version, step, total, loss = HEADER.unpack_from(data)
        if (magic, version) != (MAGIC, VERSION):
            raise FrameError(f"starts with {data[:4]!r}")
        return cls(step=step, total=total, loss=loss, picture=data[HEADER.size :])


def state_message(job: Job) -> dict[str, Any]:
    """The text message of a job's socket: sent first, and again whenever the state has changed.

    `job`: with its image, as `select_related` gives it.
    """
    return {
        "state": job.state,
        "step": job.step,
        "total": job.steps,
        "loss": job.loss,
        "picture": job.picture.get_absolute_url() if job.picture else None,
    }


def encode_preview(pixels: Any) -> bytes:
    """(H, W, 3) uint8 → JPEG. JPEG because it takes a tenth of the time of WebP at these sizes."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def group_of(job_id: UUID) -> str:
    """The channel layer's group of one job; who may join is decided where it is joined."""
    return f"job.{job_id.hex}"


def publish(job_id: UUID, frame: Frame) -> bool:
    """Make this the newest frame and tick; False when the cache or layer could not be reached."""
    try:
        cache.set(_frame_key(job_id), frame.to_bytes(), FRAME_SECONDS)
        tick(group_of(job_id), {"type": "job.frame", "header": frame.header})
    except CONNECTION_ERRORS as error:
        logger.warning("Job %s: step %d is shown to nobody: %s", job_id, frame.step, error)
        return False
    return True


def announce(job_id: UUID) -> None:
    """Tell open pages that the job's row has changed its state."""
    try:
        tick(group_of(job_id), {"type": "job.state"})
    except CONNECTION_ERRORS as error:
        logger.warning("Job %s: open pages are not told of its state: %s", job_id, error)


def snapshot(job_id: UUID) -> Frame | None:
    """The newest frame; None when there is none or the cache cannot be reached."""
    try:
        data = cache.get(_frame_key(job_id))
    except CONNECTION_ERRORS as error:
        logger.warning("Job %s: the newest frame cannot be read: %s", job_id, error)
        return None
    return Frame.from_bytes(data) if data else None


def forget(job_id: UUID) -> None:
    """Remove the newest frame."""
    try:
        cache.delete(_frame_key(job_id))
    except CONNECTION_ERRORS as error:
        logger.warning("Job %s: its newest frame stays until it expires: %s", job_id, error)


def _frame_key(job_id: UUID) -> str:
    return f"frame:{job_id.hex}"
