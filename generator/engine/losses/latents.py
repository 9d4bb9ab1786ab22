"""How far the parameters of a drawer are from what they began as, as Pixray's four init weights measure it.

Parameters are sequences of tensors of equal shapes, taken together as one long vector.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

TINY = 1e-6  # keeps the arc's slope finite where vectors are equal


def squared_distance(now: Sequence[Tensor], begun: Sequence[Tensor]) -> Tensor:
    """Mean squared difference, from 0: Pixray's `init_weight_dist`."""
    return (_joined(now) - _joined(begun)).square().mean()


def cosine_distance(now: Sequence[Tensor], begun: Sequence[Tensor]) -> Tensor:
    """1 − cosine, in [0, 2]: Pixray's `init_weight_cos`."""
    return 1 - torch.cosine_similarity(_joined(now), _joined(begun), dim=0)


def angle_distance(now: Sequence[Tensor], begun: Sequence[Tensor]) -> Tensor:
    """Half the squared angle, in [0, π²/2]: Pixray's `init_weight`."""
    cosine = torch.cosine_similarity(_joined(now), _joined(begun), dim=0)
    return torch.acos(cosine.clamp(-1 + TINY, 1 - TINY)).square() / 2


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])
