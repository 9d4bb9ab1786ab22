"""Tells a person's open pages that some of their pictures have changed.

It is a hint and may be lost at any time: the rows are the truth, and pages that wait for something ask again.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterable
from typing import Any

import redis.exceptions
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from gallery.models import Image

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0  # a server that does not answer for so long counts as gone
CONNECTION_ERRORS = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)


def group_of(person_id: int) -> str:
    """The channel layer's group of one person; who may join is decided where it is joined."""
    return f"person.{person_id}"


def announce(*, owner_id: int, image_id: uuid.UUID) -> None:
    """Call it when the change has been committed."""
    try:
        async_to_sync(_tick)(owner_id, image_id)
    except asyncio.CancelledError:  # the request's client is gone; what its view has begun still gets done
        logger.info("Picture %s: its change is not told, because its request was broken off", image_id)
    except CONNECTION_ERRORS as error:
        logger.warning("Picture %s: open pages are not told of its change: %s", image_id, error)


def states_message(images: Iterable[Image]) -> dict[str, Any]:
    """The text message of a person's socket, and the answer to pages that ask."""
    return {
        "pictures": [
            {"id": str(image.pk), "status": image.status, "shown": image.has_thumbnails} for image in images
        ]
    }


async def _tick(owner_id: int, image_id: uuid.UUID) -> None:
    message = {"type": "picture.changed", "picture": str(image_id)}
    await asyncio.wait_for(get_channel_layer().group_send(group_of(owner_id), message), TICK_SECONDS)
