"""Pictures decoded once, and kept in memory as bytes."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gallery.training.folder import RunError
from gallery.training.pictures import PictureFile, opened

MOST_PICTURES = 50_000  # at 160 pixels a side these are 3.8 GB


def decode(files: Sequence[PictureFile], *, shortest: int) -> tuple[list[Tensor], list[PictureFile]]:
    """Pictures (3, h, w) uint8, the shorter side `shortest` pixels, and the files that cannot be read.

    A side longer than twice the other is cut in the middle. Raises RunError for too many to hold, or none.
    """
    if len(files) > MOST_PICTURES:
        raise RunError(f"{len(files)} pictures are too many to hold in memory: take at most {MOST_PICTURES}.")
    pictures, unreadable = [], []
    for file, picture in opened(files, at_least=shortest):
        if picture is None:
            unreadable.append(file)
        else:
            pictures.append(_scaled(picture, shortest))
    if not pictures:
        raise RunError("None of the pictures can be read.")
    return pictures, unreadable


def _scaled(picture: Image.Image, shortest: int) -> Tensor:
    scale = shortest / min(picture.size)
    wide, high = (max(shortest, round(side * scale)) for side in picture.size)
    picture = picture.resize((wide, high), Image.Resampling.LANCZOS, reducing_gap=3.0)
    most = 2 * shortest
    left, top = max(0, (wide - most) // 2), max(0, (high - most) // 2)
    picture = picture.crop((left, top, left + min(wide, most), top + min(high, most)))
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
