"""The pictures that the VQGAN learns from and is measured on: artwork on varied grounds."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.training.config import Phase
from weights.pack.dataset import TRAIN, Dataset, on_ground, visible_ground

SILHOUETTES = "game-icons"
SILHOUETTE_WEIGHT = 0.25  # they are a fifth of the pictures and all alike to a decoder
SCENE_SHARE = 0.2  # pictures of two or three drawings
SWAPPED_COLOURS_SHARE = 0.15
COLOURED_SILHOUETTE_SHARE = 0.7


class TrainingPictures:
    """Random pictures from the training split; each step's batch depends on the seed and the step alone."""

    def __init__(self, dataset: Dataset, *, seed: int) -> None:
        rows = dataset.rows(TRAIN)
        self.seed = seed
        self.images = np.asarray(dataset.images[rows])  # (N, S, S, 4) uint8, in memory: it is read at random
        self.silhouette = np.array([dataset.pairs[row].source == SILHOUETTES for row in rows])
        weights = np.where(self.silhouette, SILHOUETTE_WEIGHT, 1.0)
        self.shares = weights / weights.sum()

    def __call__(self, step: int, phase: Phase) -> Tensor:
        """(B, 3, size, size) float32 in [-1, 1]."""
        random = np.random.default_rng([self.seed, step])
        pictures = [self._picture(phase.size, random) for _ in range(phase.batch)]
        return torch.stack(pictures) * 2 - 1

    def _picture(self, size: int, random: np.random.Generator) -> Tensor:
        picture = ground(size, random)
        for side in _sides(size, random):
            layer = _placed(self._drawing(random), size, side, random)
            picture = layer[:3] + picture * (1 - layer[3:])
        if random.random() < SWAPPED_COLOURS_SHARE:
            picture = picture[torch.from_numpy(random.permutation(3))]
        return picture.flip(2) if random.random() < 0.5 else picture

    def _drawing(self, random: np.random.Generator) -> Tensor:
        """(4, S, S) float32 in [0, 1], colours multiplied by alpha."""
        row = random.choice(len(self.images), p=self.shares)
        drawing = torch.from_numpy(self.images[row]).permute(2, 0, 1).float() / 255
        colours, alpha = drawing[:3], drawing[3:]
        if self.silhouette[row] and random.random() < COLOURED_SILHOUETTE_SHARE:
            colours = _colour(random)
        return torch.cat([colours * alpha, alpha])


def _sides(size: int, random: np.random.Generator) -> Sequence[int]:
    """The side of each drawing in the picture; larger than the picture shows a part, in more detail."""
    if random.random() < SCENE_SHARE:
        return [round(size * random.uniform(0.4, 0.8)) for _ in range(random.integers(2, 4))]
    return [round(np.exp(random.uniform(np.log(0.85 * size), np.log(max(1.5 * size, 150)))))]


def _placed(drawing: Tensor, size: int, side: int, random: np.random.Generator) -> Tensor:
    """A drawing of the given side at a random place of a transparent picture: (4, size, size)."""
    scaled = F.interpolate(drawing[None], size=(side, side), mode="bilinear", antialias=True)[0]
    low, high = sorted((0, size - side))
    left, top = random.integers(low, high + 1, 2)
    layer = torch.zeros(4, size, size)
    to_y, to_x, from_y, from_x = max(top, 0), max(left, 0), max(-top, 0), max(-left, 0)
    part = scaled[:, from_y : from_y + size - to_y, from_x : from_x + size - to_x]
    layer[:, to_y : to_y + part.shape[1], to_x : to_x + part.shape[2]] = part
    return layer


def _colour(random: np.random.Generator) -> Tensor:
    """(3, 1, 1) in [0, 1]."""
    return torch.from_numpy(random.random(3, dtype=np.float32)).view(3, 1, 1)


def ground(size: int, random: np.random.Generator) -> Tensor:
    """White, a plain colour, a gradient between two or soft clouds of several: (3, size, size) in [0, 1]."""
    kind = random.random()
    if kind < 0.25:
        return torch.ones(3, size, size)
    if kind < 0.6:
        return _colour(random).expand(3, size, size)
    if kind < 0.85:
        angle = random.uniform(0, 2 * np.pi)
        along = torch.linspace(-1, 1, size)
        ramp = along[None, :] * np.cos(angle) + along[:, None] * np.sin(angle)
        ramp = (ramp / 2 + 0.5).clamp(0, 1)[None]
        return _colour(random) * (1 - ramp) + _colour(random) * ramp
    cells = int(random.integers(2, 6))
    clouds = torch.from_numpy(random.random((1, 3, cells, cells), dtype=np.float32))
    return F.interpolate(clouds, size=(size, size), mode="bicubic")[0].clamp(0, 1)


def held_out_pictures(dataset: Dataset, split: str, *, size: int, limit: int, seed: int = 0) -> Tensor:
    """Up to `limit` pictures of a split, each on one visible ground, the same in every call.

    (N, 3, size, size) float32 in [-1, 1]; chosen at random from the split with the given seed.
    """
    random = np.random.default_rng(seed)
    rows = random.permutation(dataset.rows(split))[:limit]
    pictures = np.stack([on_ground(rgba, visible_ground(rgba, random)) for rgba in dataset.images[rows]])
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)
