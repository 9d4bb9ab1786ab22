"""What a VQGAN learns from: random parts of pictures that are in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.training.config import Phase

SMALLEST_PART = 0.6  # of a picture's shorter side


class RandomParts:
    """Each step's batch depends on the seed and the step alone."""

    def __init__(self, pictures: Sequence[Tensor], *, seed: int) -> None:
        """pictures: (3, h, w) uint8, of any sizes."""
        self.pictures, self.seed = pictures, seed

    def __call__(self, step: int, phase: Phase) -> Tensor:
        """(B, 3, size, size) float32 in [-1, 1]: a square part of each picture, half of them mirrored."""
        random = np.random.default_rng([self.seed, step])
        return torch.stack([self._part(phase.size, random) for _ in range(phase.batch)])

    def _part(self, size: int, random: np.random.Generator) -> Tensor:
        picture = self.pictures[int(random.integers(len(self.pictures)))]
        height, width = picture.shape[1:]
        side = round(min(height, width) * random.uniform(SMALLEST_PART, 1))
        top, left = (int(random.integers(edge - side + 1)) for edge in (height, width))
        part = scaled(picture[:, top : top + side, left : left + side], size)
        return part.flip(2) if random.random() < 0.5 else part


def middle(picture: Tensor, size: int) -> Tensor:
    """(3, h, w) uint8 → its middle square, (3, size, size) in [-1, 1]."""
    height, width = picture.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return scaled(picture[:, top : top + side, left : left + side], size)


def scaled(square: Tensor, size: int) -> Tensor:
    pixels = square.float()[None] / 127.5 - 1
    if square.shape[-1] == size:
        return pixels[0]
    return F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)[0]
