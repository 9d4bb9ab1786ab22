"""Zooming: every so many steps the picture so far is scaled and shifted, and the run goes on from that."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def zoomed(values: Tensor, *, scale: float, right: float, down: float) -> Tensor:
    """(1, C, H, W) in [0, 1], scaled about its middle and then moved by so many pixels, in the same size.

    What comes in from outside mirrors the border. VQGAN-CLIP's `zoom_at` and the shift after it, which lets
    what leaves on one side come back on the other.
    """
    height, width = values.shape[2:]
    # grid_sample reads where a pixel comes from, in units of half the picture around its middle.
    back = [[1 / scale, 0, -2 * right / width / scale], [0, 1 / scale, -2 * down / height / scale]]
    theta = torch.tensor([back], dtype=values.dtype, device=values.device)
    grid = F.affine_grid(theta, [1, 1, height, width], align_corners=False)
    moved = F.grid_sample(values, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return moved.clamp(0, 1)  # bicubic overshoots at edges
