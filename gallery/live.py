"""Tells open pages that something has changed; of a person's pages, which of their pictures.

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
        tick(group_of(owner_id), {"type": "picture.changed", "picture": str(image_id)})
    except CONNECTION_ERRORS as error:
        logger.warning("Picture %s: open pages are not told of its change: %s", image_id, error)


def states_message(images: Iterable[Image]) -> dict[str, Any]:
    """The text message of a person's socket, and the answer to pages that ask."""
    return {
        "pictures": [
            {"id": str(image.pk), "status": image.status, "shown": image.has_thumbnails} for image in images
        ]
    }


def tick(group: str, message: dict[str, Any]) -> None:
    """Sends the message to the layer's group. Raises one of CONNECTION_ERRORS.

    Where the server has cancelled the request, because its client is gone, nothing is told, and what the
    view has begun still gets done.
    """
    try:
        async_to_sync(_send)(group, message)
    except asyncio.CancelledError:
        logger.info("%s is told nothing, because the request was broken off", group)


async def _send(group: str, message: dict[str, Any]) -> None:
    # The layer's sockets have no timeout of their own, because its receivers wait for as long as it takes.
    await asyncio.wait_for(get_channel_layer().group_send(group, message), TICK_SECONDS)
