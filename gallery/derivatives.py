"""What is made from an original for showing it: pictures of clean pixels and a colour to wait with."""

import io
from typing import BinaryIO, cast

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from gallery import colours, pixels
from gallery.models import Image

QUALITY = 82  # of WebP, 0 to 100
COPY_QUALITY = 92  # of JPEG


def read_pixels(*, image: Image) -> Pillow.Image:
    """The original, upright, in sRGB, at least as large as the largest thumbnail and the encoder need."""
    with image.original.open("rb") as file:
        return pixels.clean_pixels(
            cast(BinaryIO, file),
            max_pixels=settings.UPLOAD_MAX_PIXELS,
            at_least=max(Image.THUMBNAIL_SIZES),
        )


def make_thumbnails(*, image: Image, picture: Pillow.Image) -> None:
    """Writes every thumbnail and notes on the row that they are there. Doing it again changes nothing."""
    for size in sorted(Image.THUMBNAIL_SIZES, reverse=True):
        picture = pixels.fit(picture, size)
        encoded = io.BytesIO()
        picture.save(encoded, "WEBP", quality=QUALITY, method=4)
        _write(image.thumbnail_path(size), encoded.getvalue())
    color = dominant_color(picture)
    Image.objects.filter(pk=image.pk).update(
        dominant_color=color, colour=colours.named(color), has_thumbnails=True
    )


def make_copy(*, image: Image) -> None:
    """Writes the picture in its full size for others, and notes on the row that it is there."""
    with image.original.open("rb") as file:
        picture = pixels.clean_pixels(cast(BinaryIO, file), max_pixels=settings.UPLOAD_MAX_PIXELS)
    encoded = io.BytesIO()
    if image.content_type in Image.LOSSLESS:
        picture.save(encoded, "PNG", compress_level=4)
    else:
        picture.save(encoded, "JPEG", quality=COPY_QUALITY, subsampling=0)
    _write(image.copy_path, encoded.getvalue())
    Image.objects.filter(pk=image.pk).update(has_copy=True)


def dominant_color(picture: Pillow.Image) -> str:
    """The colour of the largest of eight groups of similar pixels, as #rrggbb."""
    small = pixels.fit(picture, 64).quantize(8)
    most_used = int(np.bincount(np.asarray(small).ravel()).argmax())
    palette = small.getpalette("RGB") or []
    red, green, blue = palette[3 * most_used : 3 * most_used + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def placeholder(picture: Pillow.Image) -> str:
    """The mean colours of three rows of three fields, as rrggbb one after the other."""
    return picture.convert("RGB").resize((3, 3), Pillow.Resampling.BOX).tobytes().hex()


def _write(name: str, content: bytes) -> None:
    """Under exactly this name: storages would give a second file of the same name another one."""
    default_storage.delete(name)
    written = default_storage.save(name, ContentFile(content))
    if written != name:  # another worker has written the same picture at this very moment
        default_storage.delete(written)
