"""What leaves the trash for good: on its owner's word, or when its time is over."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from gallery.models import Image, ImageQuerySet
from gallery.uploads import delete_image

logger = logging.getLogger(__name__)

BATCH = 200  # pictures a task, which has two minutes


@transaction.atomic
def delete_for_good(*, images: ImageQuerySet) -> int:
    """Removes those of the pictures that are in a trash. Returns how many. Their files follow on commit."""
    doomed = list(images.filter(trashed_at__isnull=False).select_for_update())
    for image in doomed:
        delete_image(image=image)
    return len(doomed)


def purge_expired() -> int:
    """Removes a batch of what has been in a trash for TRASH_DAYS, and asks for the next one if there is more.

    Returns how many were removed. Safe to call from several places at once.
    """
    before = timezone.now() - timedelta(days=settings.TRASH_DAYS)
    expired = Image.objects.filter(_gone_since(before)).order_by("trashed_at")
    ids = list(expired.values_list("pk", flat=True)[:BATCH])
    removed = sum(_purge(image_id, before) for image_id in ids)
    if removed:
        logger.info("%d pictures left the trash for good", removed)
    if len(ids) == BATCH:
        async_task("gallery.tasks.purge_trash")
    return removed


@transaction.atomic
def _purge(image_id: uuid.UUID, before: datetime) -> bool:
    """False if its owner has restored the picture meanwhile."""
    image = Image.objects.select_for_update().filter(_gone_since(before), pk=image_id).first()
    if image is None:
        return False
    delete_image(image=image)
    return True


def _gone_since(before: datetime) -> Q:
    """What a moderator removed has the whole time from then on, in which the decision can be taken back."""
    return Q(trashed_at__lte=before) & (Q(removed_at=None) | Q(removed_at__lte=before))
