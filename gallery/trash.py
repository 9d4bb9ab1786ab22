"""Pictures that their owner has deleted: out of everybody's sight, and back until they are purged."""

from django.utils import timezone

from gallery.models import ImageQuerySet


def move_to_trash(*, images: ImageQuerySet) -> int:
    """From now on only the trash page of their owner has these pictures. Returns how many were moved."""
    return images.filter(trashed_at=None).update(trashed_at=timezone.now())


def restore(*, images: ImageQuerySet) -> int:
    """As they were, with their tags, albums and visibility. Returns how many were restored."""
    return images.filter(trashed_at__isnull=False).update(trashed_at=None)
