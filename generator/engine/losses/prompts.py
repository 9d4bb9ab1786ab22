"""How far a picture is from what the prompt says."""

from __future__ import annotations

import torch
from torch import Tensor


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
