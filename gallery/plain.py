"""A picture's file with nothing in it but the picture."""

import io
from typing import BinaryIO, cast

from django.core.files.base import File
from PIL import Image as Pillow

from gallery import pixels


def plain_png(file: File, *, max_pixels: int) -> bytes:
    """The same pixels, transparency included, as a PNG without a word beside them.

    Copied into a new picture, because re-saving one that was opened keeps comments and profiles. Raises as
    pixels.open_picture().
    """
    picture = pixels.open_picture(cast(BinaryIO, file), max_pixels=max_pixels)
    pixels.load_pixels(picture)
    if picture.mode not in {"RGB", "RGBA"}:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    clean = Pillow.new(picture.mode, picture.size)
    clean.paste(picture)
    content = io.BytesIO()
    clean.save(content, "PNG")
    return content.getvalue()
