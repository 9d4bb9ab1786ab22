"""Random views of the picture for CLIP to judge: Crowson et al. 2022, "VQGAN-CLIP", section 3.2.

A view that CLIP sees only once cannot be fooled by a texture that fits exactly that view. So each step looks
at many random crops, each warped, blurred, tinted and made noisy a little differently. Everything is
batched: crops are cut and resized by two matrix products, and all warps are one `grid_sample`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.drawers.alpha import on_ground, random_grounds

# What augmentation strength 1 means, as the largest deviation either way.
ROTATION = math.radians(15)
SHEAR = 0.15
PERSPECTIVE = 0.15
BRIGHTNESS = 0.10
CONTRAST = 0.20
SATURATION = 0.30
BLUR = 1.5  # the resampling kernel is widened up to 1 + BLUR times
NOISE = 0.05  # largest standard deviation


@dataclass(frozen=True, kw_only=True)
class Cutouts:
    """How views are drawn.

    count: views of one call; size: their side in pixels, CLIP's input size; smallest, largest: side of the
    cutout as a share of the picture's shorter side; power: sizes follow u ** power; augmentation: strength,
    0 off; repeats: as in GenerateSettings.
    """

    count: int
    size: int
    smallest: float
    largest: float
    power: float
    augmentation: float
    repeats: str = "no"

    def draw(self, picture: Tensor, rng: torch.Generator) -> Tensor:
        """Views of a picture (1, 3, H, W) in [0, 1] → (count, 3, size, size) in [0, 1], differentiable.

        One with alpha, as alpha.layered() gives it, (1, 4, H, W), is seen on another ground in each view.
        Every random number comes from `rng`, a generator on the CPU, so views are equal on every device.
        """
        views = self._crop(repeated(picture, self.repeats, rng), rng)
        if self.augmentation:
            views = _warp(views, self.augmentation, rng)
        if picture.shape[1] == 4:
            views = on_ground(views, random_grounds(self.count, self.size, rng).to(views))
        if self.augmentation:
            views = _tint(views, self.augmentation, rng)
            views = _add_noise(views, self.augmentation, rng)
        return views.clamp(0, 1)

    def _crop(self, picture: Tensor, rng: torch.Generator) -> Tensor:
        _, _, height, width = picture.shape
        shares = _uniform(rng, self.count).pow(self.power)
        sides = (self.smallest + (self.largest - self.smallest) * shares) * min(height, width)
        blur = 1 + BLUR * self.augmentation * _uniform(rng, self.count).square()
        tops = _place(sides, height, rng)
        lefts = _place(sides, width, rng)
        rows = resampling_matrices(tops, sides, length=height, size=self.size, blur=blur).to(picture)
        columns = resampling_matrices(lefts, sides, length=width, size=self.size, blur=blur).to(picture)
        wide = torch.einsum("nsh,chw->ncsw", rows, picture[0])  # (N, 3, S, W)
        return torch.einsum("ncsw,ntw->ncst", wide, columns)  # (N, 3, S, S)


def repeated(picture: Tensor, repeats: str, rng: torch.Generator) -> Tensor:
    """A part of the pattern that copies of a picture (1, C, H, W) make, which begins anywhere.

    Cut from there, views show the seams as often as anything else, so that they grow together: Pixray's
    filters `tiler` and `wallpaper`. Copies lie beside each other ("across"), below each other ("down"), or
    both; "shifted" moves every other row by half a picture, and two rows, (1, C, 2H, W), are a part of that.
    """
    if repeats == "no":
        return picture
    if repeats == "shifted":
        picture = torch.cat([picture, picture.roll(picture.shape[3] // 2, dims=3)], dim=2)
    dims = {"across": (3,), "down": (2,)}.get(repeats, (2, 3))
    shifts = tuple(int(torch.randint(picture.shape[dim], (), generator=rng)) for dim in dims)
    return picture.roll(shifts, dims)


def resampling_matrices(starts: Tensor, sides: Tensor, *, length: int, size: int, blur: Tensor) -> Tensor:
    """Weights (N, size, length) that cut [start, start + side) out of a line and resize it to `size` samples.

    A triangle filter as wide as one output sample, so that shrinking averages instead of skipping, times
    `blur` (N,). Beyond the border the line goes on with its last sample. Each row sums to 1.
    """
    scale = (sides / size)[:, None]  # (N, 1) input samples an output sample
    centres = starts[:, None] + (torch.arange(size) + 0.5) * scale - 0.5  # (N, S)
    centres = centres.clamp(0, length - 1)
    support = scale.clamp(min=1) * blur[:, None]  # (N, 1)
    distances = (torch.arange(length) - centres[..., None]).abs()  # (N, S, L)
    weights = (1 - distances / support[..., None]).clamp(min=0)
    return weights / weights.sum(dim=2, keepdim=True)


def _uniform(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=rng)


def _deviation(rng: torch.Generator, count: int, largest: float) -> Tensor:
    """(count,) uniform in [-largest, largest]."""
    return (2 * _uniform(rng, count) - 1) * largest


def _place(sides: Tensor, length: int, rng: torch.Generator) -> Tensor:
    """First coordinate of each cutout; one larger than the picture still contains all of it."""
    return (length - sides) * _uniform(rng, len(sides))


def _warp(views: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Rotate, shear and tilt each view by its own homography."""
    count, _, height, width = views.shape
    angle = _deviation(rng, count, ROTATION * strength)
    shear = _deviation(rng, count, SHEAR * strength)
    homography = torch.zeros(count, 3, 3)
    homography[:, 0, 0] = angle.cos()
    homography[:, 0, 1] = -angle.sin() + shear
    homography[:, 1, 0] = angle.sin()
    homography[:, 1, 1] = angle.cos()
    homography[:, 2, 0] = _deviation(rng, count, PERSPECTIVE * strength)
    homography[:, 2, 1] = _deviation(rng, count, PERSPECTIVE * strength)
    homography[:, 2, 2] = 1
    y, x = torch.meshgrid(_pixel_centres(height), _pixel_centres(width), indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)], dim=-1)  # (S, S, 3)
    mapped = torch.einsum("nij,hwj->nhwi", homography, points)
    grid = (mapped[..., :2] / mapped[..., 2:].clamp(min=0.2)).to(views)  # (N, S, S, 2)
    return F.grid_sample(views, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _pixel_centres(size: int) -> Tensor:
    """Centres of `size` pixels in grid_sample's coordinates, [-1, 1]."""
    return (torch.arange(size) * 2 + 1) / size - 1


def _tint(views: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Change each view's saturation, contrast and brightness."""
    count = len(views)

    def factor(largest: float) -> Tensor:
        return _deviation(rng, count, largest * strength).view(count, 1, 1, 1).to(views)

    grey = views.mean(dim=1, keepdim=True)
    views = grey + (views - grey) * (1 + factor(SATURATION))
    middle = views.mean(dim=(1, 2, 3), keepdim=True)
    return middle + (views - middle) * (1 + factor(CONTRAST)) + factor(BRIGHTNESS)


def _add_noise(views: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    deviation = _uniform(rng, len(views)).view(-1, 1, 1, 1) * NOISE * strength
    noise = torch.randn(views.shape, generator=rng) * deviation
    return views + noise.to(views)
