"""How far a picture is from a look that was asked for: smooth, colourful, symmetric, of a few colours …

Each takes a picture (1, 3, H, W) in [0, 1] and returns a differentiable scalar, smaller where the picture is
closer to the look. Pixray (github.com/pixray/pixray, folder Losses) has most of them; where one differs from
what it has there, its docstring says so.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.engine.colours import Colour

GROUND_AT_CENTRE = 0.2  # weight of the centre when the border's is 1
MEAN_SHARE = 0.3  # of the mean in the colourfulness, beside the deviation
TINY = 1e-8  # keeps the root of a grey picture's colourfulness differentiable


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared step between neighbouring pixels, in [0, 2]; 0 for a plain colour.

    Anisotropic total variation as in Crowson's notebooks. Pixray's smoothness takes the root of each pixel's
    steps, which leaves single hard edges alone; squares spread them out.
    """
    down = (picture[..., 1:, :] - picture[..., :-1, :]).square().mean()
    right = (picture[..., :, 1:] - picture[..., :, :-1]).square().mean()
    return down + right


def edge_length(picture: Tensor, *, logarithmic: bool = False) -> Tensor:
    """Mean length of the colour's gradient, in [0, √6]: Rudin, Osher and Fatemi 1992, "Nonlinear total
    variation based noise removal algorithms", section 2, with forward differences.

    A step costs as much in one place as spread over many, so that texture vanishes before outlines do.
    logarithmic: ln(1 + length) of each pixel instead, which spares hard edges further, as in Pixray.
    """
    down = picture[..., 1:, :-1] - picture[..., :-1, :-1]  # (1, 3, H - 1, W - 1)
    right = picture[..., :-1, 1:] - picture[..., :-1, :-1]
    lengths = (down.square() + right.square()).sum(dim=1).add(TINY).sqrt()
    return (lengths.log1p() if logarithmic else lengths).mean()


def ground_distance(picture: Tensor, colour: Colour = (1.0, 1.0, 1.0)) -> Tensor:
    """How far a picture is from a ground of one colour, in [0, 1]. Borders count most.

    Drawings on white are what the shipped models know. What CLIP does not ask for fades to the ground, so
    that one shape with an outline is left of the many that a random start holds.
    """
    _, _, height, width = picture.shape
    down = torch.linspace(-1, 1, height, device=picture.device).abs()[:, None]  # (H, 1)
    right = torch.linspace(-1, 1, width, device=picture.device).abs()[None]  # (1, W)
    weights = GROUND_AT_CENTRE + (1 - GROUND_AT_CENTRE) * torch.maximum(down, right) ** 4  # (H, W)
    if colour == (1.0, 1.0, 1.0):
        return ((1 - picture) * weights).mean() / weights.mean()  # nothing is whiter: no sign to look at
    return ((_plain(colour, picture) - picture).abs() * weights).mean() / weights.mean()


def dullness(picture: Tensor) -> Tensor:
    """The colourfulness, below 0, in about [-1, 0]: Hasler and Süsstrunk 2003, "Measuring colourfulness in
    natural images", section 5, with channels in [0, 1]. 0 for a grey picture."""
    red, green, blue = picture[0].flatten(1)  # (H · W,) each
    opponents = torch.stack([red - green, (red + green) / 2 - blue])  # (2, H · W)
    deviation = opponents.var(dim=1, correction=0).sum().add(TINY).sqrt()
    mean = opponents.mean(dim=1).square().sum().add(TINY).sqrt()
    return -(deviation + MEAN_SHARE * mean)


def asymmetry(picture: Tensor, *, left_right: bool, top_bottom: bool) -> Tensor:
    """Mean squared difference to the mirrored picture, in [0, 1], or the sum of it for both mirrors."""
    axes = ([3] if left_right else []) + ([2] if top_bottom else [])
    return torch.stack([(picture - picture.flip(axis)).square().mean() for axis in axes]).sum()


def palette_distance(picture: Tensor, palette: tuple[Colour, ...]) -> Tensor:
    """Mean squared distance of each pixel to the nearest colour of a palette, a channel, in [0, 1].

    Pixray takes the distance of the cutouts' pixels, not squared.
    """
    colours = torch.tensor(palette).to(picture)  # (K, 3)
    pixels = picture[0].flatten(1).T  # (H · W, 3)
    nearest = torch.cdist(pixels.detach(), colours).argmin(dim=1)
    return (pixels - colours[nearest]).square().mean()


def border_distance(picture: Tensor, colour: Colour, *, width: float) -> Tensor:
    """Mean squared distance of a frame to a colour, in [0, 1]. width: of the frame, as a share of the
    picture's shorter side; one pixel at least."""
    _, _, rows, columns = picture.shape
    thickness = max(1, round(width * min(rows, columns)))
    frame = torch.ones((rows, columns), dtype=torch.bool, device=picture.device)
    frame[thickness : rows - thickness, thickness : columns - thickness] = False
    return (picture - _plain(colour, picture)).square()[..., frame].mean()


def picture_distance(picture: Tensor, other: Tensor) -> Tensor:
    """Mean squared difference to another picture of the same size, in [0, 1]."""
    return (picture - other).square().mean()


def _plain(colour: Colour, picture: Tensor) -> Tensor:
    return torch.tensor(colour).to(picture).view(1, 3, 1, 1)
