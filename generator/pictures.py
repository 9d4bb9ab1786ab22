"""Pictures of the gallery that a wish names, as its owner may see them: their pixels, for the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, cast

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from gallery.derivatives import read_pixels
from gallery.models import Image, User
from gallery.pixels import PictureError, fit, load_pixels, open_picture
from generator.engine.settings import LIMITS

LONGEST_SIDE = int(2 * LIMITS["width"][1])  # pixels; enough for every cut of the largest picture


class PictureGone(Exception):
    """A picture that was named is not there, or not to be seen by whom it was named by, or unreadable."""


def visible(ids: Iterable[str], *, user: User | AnonymousUser) -> dict[str, Image]:
    """Those of the pictures that `user` may see, by id."""
    found = Image.objects.visible_to(user).in_bulk(list(ids))
    return {str(pk): image for pk, image in found.items()}


def load(ids: Iterable[str], *, user: User | AnonymousUser) -> dict[str, NDArray[np.uint8]]:
    """Upright sRGB pixels (H, W, 4) with alpha of each, at most LONGEST_SIDE a side. Raises PictureGone."""
    wanted = set(ids)
    images = visible(wanted, user=user) if wanted else {}
    for name in sorted(wanted - images.keys()):
        raise PictureGone(f"there is no picture {name} that {user} may see")
    try:
        return {name: _pixels(image) for name, image in images.items()}
    except (PictureError, OSError) as error:
        raise PictureGone(f"a picture cannot be read: {error!r}") from error


def _pixels(image: Image) -> NDArray[np.uint8]:
    picture = fit(read_pixels(image=image), LONGEST_SIDE)  # on white
    alpha = _alpha(image)
    if alpha is None:
        return np.array(picture.convert("RGBA"))
    share = np.asarray(alpha.resize(picture.size, Pillow.Resampling.LANCZOS), np.float32)[
        ..., None
    ]  # 0 to 255
    on_white = np.asarray(picture, np.float32)
    colour = 255 - (255 - on_white) * 255 / np.maximum(share, 1)  # what was there before it lay on white
    return np.concatenate([colour, share], axis=2).round().clip(0, 255).astype(np.uint8)


def _alpha(image: Image) -> Pillow.Image | None:
    """How much each pixel covers, mode L; None where nothing is transparent."""
    with image.original.open("rb") as file:
        picture = open_picture(cast(BinaryIO, file), max_pixels=settings.UPLOAD_MAX_PIXELS)
        if picture.mode not in {"RGBA", "LA", "PA"} and "transparency" not in picture.info:
            return None
        load_pixels(picture)
    return ImageOps.exif_transpose(picture).convert("RGBA").getchannel("A")
