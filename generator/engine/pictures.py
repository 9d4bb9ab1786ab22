"""Pictures that a run is given: from their pixels to tensors of the size that is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from generator.engine.settings import SettingsError

Pictures = Mapping[str, NDArray[np.uint8]]  # id → (H, W, 4) red, green, blue, alpha
LIGHT = 0.5  # from here on a pixel of a mask belongs to the spot


def check_given(pictures: Pictures, wanted: frozenset[str]) -> None:
    """Raises SettingsError when a picture is missing, ValueError when one has not the promised form."""
    for name in sorted(wanted - pictures.keys()):
        raise SettingsError("pictures", f"{name} is missing")
    for name, pixels in pictures.items():
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 4:
            raise ValueError(f"{name} is {pixels.dtype} {pixels.shape}, not uint8 (H, W, 4)")


def digest(pixels: NDArray[np.uint8]) -> str:
    """Tells pictures apart by their size and pixels."""
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def on_white(pixels: NDArray[np.uint8], size: Sequence[int], device: torch.device) -> Tensor:
    """The picture (1, 3, H, W) of a size (H, W), in [0, 1]; where it is transparent, on white.

    The middle of it is cut out in the shape that is wanted, so that nothing is squeezed.
    """
    colour, alpha = layer(pixels, size, device)
    return colour * alpha + (1 - alpha)


def layer(pixels: NDArray[np.uint8], size: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
    """The picture's colour (1, 3, H, W) and how much it covers (1, 1, H, W), both in [0, 1]; cut as by
    on_white()."""
    values = torch.from_numpy(pixels).to(device).float().permute(2, 0, 1)[None] / 255  # (1, 4, h, w)
    values = _middle(values, size[1] / size[0])
    values = torch.cat([values[:, :3] * values[:, 3:], values[:, 3:]], dim=1)  # no colour where nothing is
    values = F.interpolate(values, size=size, mode="bilinear", antialias=True, align_corners=False)
    alpha = values[:, 3:].clamp(0, 1)
    return (values[:, :3] / alpha.clamp(min=1 / 255)).clamp(0, 1), alpha


def _middle(values: Tensor, proportion: float) -> Tensor:
    """The largest part of (1, C, h, w) around its middle whose width is `proportion` of its height."""
    height, width = values.shape[2:]
    rows, columns = min(height, round(width / proportion)), min(width, round(height * proportion))
    top, left = (height - max(1, rows)) // 2, (width - max(1, columns)) // 2
    return values[..., top : top + max(1, rows), left : left + max(1, columns)]


def shape_mask(shape: str, size: Sequence[int], device: torch.device) -> Tensor:
    """A simple spot of a size (H, W): bool (1, 1, H, W), a circle or square around the middle, about two
    thirds of the shorter side wide, or one half of the picture."""
    height, width = size
    y = torch.linspace(-1, 1, height, device=device)[:, None] * height / min(width, height)
    x = torch.linspace(-1, 1, width, device=device)[None] * width / min(width, height)
    spots = {
        "circle": (x.square() + y.square()).sqrt() <= 0.7,
        "square": torch.maximum(x.abs(), y.abs()) <= 0.6,
        "left": (x < 0).expand(height, width),
        "right": (x >= 0).expand(height, width),
        "top": (y < 0).expand(height, width),
        "bottom": (y >= 0).expand(height, width),
    }
    return spots[shape][None, None]


def picture_mask(pixels: NDArray[np.uint8], size: Sequence[int], device: torch.device) -> Tensor:
    """bool (1, 1, H, W) of a size (H, W), true where a picture is light; transparent is light."""
    picture = on_white(pixels, size, device)
    return picture.mean(dim=1, keepdim=True) >= LIGHT
