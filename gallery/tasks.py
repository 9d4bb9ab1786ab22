"""What the queue calls. Tasks take ids, decide nothing and call what does the work."""

import uuid

from gallery import preparation, purge, reembedding


def process_image(image_id: str, attempt: int = 0) -> None:
    preparation.prepare_image(image_id=uuid.UUID(image_id), attempt=attempt)


def requeue_pending() -> int:
    """All pictures that have something to be done and no task for it."""
    return preparation.requeue_pending() + reembedding.requeue_outdated()


def purge_trash() -> int:
    return purge.purge_expired()
