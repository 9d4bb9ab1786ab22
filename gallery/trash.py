"""Pictures that their owner has deleted: out of everybody's sight, and back until they are purged."""

from django.db import transaction
from django.utils import timezone

from gallery.history import Kind, locked, note
from gallery.models import ImageQuerySet


@transaction.atomic
def move_to_trash(*, images: ImageQuerySet) -> int:
    """From now on only the trash page of their owner has these pictures. Returns how many were moved."""
    images = images.filter(trashed_at=None)
    note(image_ids=locked(images), kind=Kind.TRASHED)
    return images.update(trashed_at=timezone.now())


@transaction.atomic
def restore(*, images: ImageQuerySet) -> int:
    """As they were, with their tags, albums and visibility. Returns how many were restored."""
    images = images.filter(trashed_at__isnull=False)
    note(image_ids=locked(images), kind=Kind.RESTORED)
    return images.update(trashed_at=None)
