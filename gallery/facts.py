"""What a camera noted, from the original into rows; and where it was taken, if that is to be kept."""

from datetime import datetime
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gallery import exif, pixels, timeline
from gallery.models import CameraFacts, Image, Place

CAMERA_FIELDS = (
    "make",
    "model",
    "lens",
    "exposure",
    "f_number",
    "iso",
    "focal_length",
    "focal_length_35mm",
)


def note_facts(*, image: Image) -> None:
    """Reads the original's metadata anew. Doing it again changes nothing. Raises FileNotFoundError."""
    found = _read(image)
    camera = {name: getattr(found, name) for name in CAMERA_FIELDS}
    with transaction.atomic():
        row = Image.objects.select_for_update().filter(pk=image.pk).first()
        if row is None:
            return
        if any(camera.values()):
            CameraFacts.objects.update_or_create(image=row, defaults=camera)
        if found.spot and row.keep_location:
            Place.objects.update_or_create(image=row, defaults=vars(found.spot))
        taken_at, taken_offset = _moment(found.taken)
        row.taken_at, row.taken_offset = taken_at, taken_offset
        Image.objects.filter(pk=image.pk).update(
            taken_at=taken_at,
            taken_offset=taken_offset,
            month=timeline.month_of(row),
            has_location=found.spot is not None,
        )


def _read(image: Image) -> exif.Facts:
    with image.original.open("rb") as file:
        try:
            return exif.read_facts(cast(BinaryIO, file), max_pixels=settings.UPLOAD_MAX_PIXELS)
        except pixels.PictureError:
            return exif.Facts()


def _moment(taken: datetime | None) -> tuple[datetime | None, int | None]:
    """The moment, and the minutes that the camera's clock was ahead of UTC.

    A clock that does not say where it stands is read as one of this site's time zone.
    """
    if taken is None:
        return None, None
    offset = taken.utcoffset()
    if offset is None:
        return timezone.make_aware(taken), None
    return taken, round(offset.total_seconds() / 60)
