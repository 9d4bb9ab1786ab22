"""What a step makes smaller."""

from __future__ import annotations

import torch
from torch import Tensor

GROUND_AT_CENTRE = 0.2  # weight of the centre when the border's is 1


def spherical_distance(images: Tensor, texts: Tensor) -> Tensor:
    """Half the squared angle between unit vectors, 2 arcsin²(‖x − y‖ / 2): Crowson et al. 2022, section 3.1.

    images: (N, D) unit rows; texts: (M, D) unit rows → (N, M) in [0, π²/2]. Unlike the cosine, its gradient
    does not fade while the vectors are far apart.
    """
    chord = (images[:, None] - texts[None]).norm(dim=2)
    return 2 * torch.asin((chord / 2).clamp(max=1 - 1e-6)).square()


def prompt_distance(images: Tensor, texts: Tensor, weights: Tensor, stops: Tensor) -> Tensor:
    """What several prompts ask of the picture together: Crowson et al. 2022, section 3.1.

    images: (N, D) unit rows, views of one picture; texts: (M, D) unit rows; weights, stops: (M,) → scalar.
    Each text's mean spherical distance counts by its weight, negatively below 0. A view whose distance, with
    the weight's sign, has reached the stop adds that stop and no gradient.
    """
    signed = spherical_distance(images, texts) * weights.sign()  # (N, M)
    return (weights.abs() * torch.maximum(signed, stops).mean(dim=0)).sum()


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared step between neighbouring pixels of a picture (1, 3, H, W); 0 for a plain colour."""
    down = (picture[..., 1:, :] - picture[..., :-1, :]).square().mean()
    right = (picture[..., :, 1:] - picture[..., :, :-1]).square().mean()
    return down + right


def ground_distance(picture: Tensor) -> Tensor:
    """How far a picture (1, 3, H, W) in [0, 1] is from a white ground, in [0, 1]. Borders count most.

    Drawings on white are what the shipped models know. What CLIP does not ask for fades to the ground, so
    that one shape with an outline is left of the many that a random start holds.
    """
    _, _, height, width = picture.shape
    down = torch.linspace(-1, 1, height, device=picture.device).abs()[:, None]  # (H, 1)
    right = torch.linspace(-1, 1, width, device=picture.device).abs()[None]  # (1, W)
    weights = GROUND_AT_CENTRE + (1 - GROUND_AT_CENTRE) * torch.maximum(down, right) ** 4  # (H, W)
    return ((1 - picture) * weights).mean() / weights.mean()
