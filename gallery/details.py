"""What is made of a picture besides thumbnails and vector: facts, fingerprint, and a copy for others.

New pictures get them in their preparation. The row of a finished picture says when something is missing: it
came in before this module made it, or its owner's wishes have changed. The queue takes it up from there.
"""

import uuid
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone
from django_q.tasks import async_task
from PIL import Image as Pillow

from gallery import derivatives, facts, pixels, sharing
from gallery.fingerprint import fingerprint
from gallery.models import Image, ImageQuerySet
from gallery.moderation import blocking, checks
from gallery.prints import prints_of

VERSION = 2
GAVE_UP = 32_000  # instead of a version: the original cannot be read, or ended its worker several times
LEASE = timedelta(minutes=3)  # longer than the queue lets a task run
MAX_ATTEMPTS = 3
BATCH = 100  # pictures underway at once, so that new uploads do not wait behind a whole library

WANTS_COPY = Q(visibility=Image.Visibility.PUBLIC, share_original=False, has_copy=False)
WANTS_PLACE = Q(keep_location=True, has_location=True, place=None)
WANTS_CHECKS = Q(awaits_checks=True)  # its worker was ended between the vector and them
OUTDATED = Q(details_version__lt=VERSION) | (
    (WANTS_COPY | WANTS_PLACE | WANTS_CHECKS) & ~Q(details_version=GAVE_UP)
)


def make_details(*, image: Image, picture: Pillow.Image) -> None:
    """`picture`: the pixels of the original. Doing it again changes nothing.

    Raises PictureError or FileNotFoundError.
    """
    facts.note_facts(image=image)
    Image.objects.filter(pk=image.pk).update(
        fingerprint=fingerprint(picture), placeholder=derivatives.placeholder(picture)
    )
    if sharing.needs_copy(image) and not image.has_copy:
        derivatives.make_copy(image=image)
    if image.prints is None:
        _note_prints(image, picture)
    Image.objects.filter(pk=image.pk).update(details_version=VERSION)


def _note_prints(image: Image, picture: Pillow.Image) -> None:
    """Of a picture that came in before there were any, and of its file, if that was blocked meanwhile."""
    found = prints_of(picture)
    if found and found.kept:
        Image.objects.filter(pk=image.pk).update(prints=found.kept)
        blocking.note_prints(sha256=image.sha256, prints=found.kept)


def requeue_outdated() -> int:
    """Enqueues finished pictures with details to be made. Returns how many. Safe to repeat."""
    now = timezone.now()
    room = BATCH - _outdated().filter(retry_at__gt=now).count()
    free = Q(retry_at=None) | Q(retry_at__lte=now)
    ids = list(_outdated().filter(free).values_list("pk", flat=True)[:room]) if room > 0 else []
    for image_id in ids:
        ready = Image.objects.filter(pk=image_id, status=Image.Status.READY)
        taken_up = ready.filter(retry_at=None).update(retry_at=now + LEASE, attempts=0)
        if taken_up or ready.filter(retry_at__lte=now).update(retry_at=now + LEASE):
            async_task("gallery.tasks.make_details", str(image_id))
    return len(ids)


def catch_up(*, image_id: uuid.UUID) -> None:
    """Makes the details of a finished picture, unless they are there."""
    image = _outdated().filter(pk=image_id).first()
    if image is None:
        return
    ready = Image.objects.filter(pk=image_id, status=Image.Status.READY)
    ready.update(attempts=F("attempts") + 1)
    try:
        if image.attempts >= MAX_ATTEMPTS:
            raise pixels.DamagedPicture
        picture = derivatives.read_pixels(image=image)
        make_details(image=image, picture=picture)
        if image.awaits_checks:
            checks.check_prepared(image=image, picture=picture)
    except (pixels.PictureError, FileNotFoundError):
        ready.update(details_version=GAVE_UP)
    ready.update(retry_at=None)


def _outdated() -> ImageQuerySet:
    return Image.objects.filter(OUTDATED, status=Image.Status.READY)
