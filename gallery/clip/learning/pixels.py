"""Pictures as a model sees them, in memory."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gallery.clip.preprocess import Preprocess
from gallery.training.folder import RunError
from gallery.training.pictures import PictureFile, opened

MOST_BYTES = 8_000_000_000


def model_pixels(
    files: Sequence[PictureFile], preprocess: Preprocess
) -> tuple[Tensor, list[PictureFile], list[PictureFile]]:
    """(N, 3, S, S) uint8, the N files that they are of, and those that cannot be read. Raises RunError."""
    size = preprocess.size
    if (wanted := len(files) * 3 * size * size) > MOST_BYTES:
        raise RunError(
            f"{len(files)} pictures of {size} × {size} pixels take {wanted / 1e9:.0f} GB of memory, more "
            f"than {MOST_BYTES / 1e9:.0f}: take fewer."
        )
    rows, readable, unreadable = [], [], []
    for file, picture in opened(files, at_least=2 * size):
        if picture is None:
            unreadable.append(file)
            continue
        rows.append((preprocess.pixels(picture) * 255).round().byte())
        readable.append(file)
    if not rows:
        raise RunError("None of the pictures can be read.")
    return torch.stack(rows), readable, unreadable
