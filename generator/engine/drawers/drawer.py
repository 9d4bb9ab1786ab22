"""What every way of drawing has in common: parameters that can be optimised, and the picture they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F


class Drawer(Protocol):
    """Anything with parameters that a picture depends on.

    Parameters are in units in which one learning rate suits every drawer: a step of Adam's at the usual rate
    of 0.15 is a change that one can just see.
    """

    def parameters(self) -> list[Tensor]:
        """Leaf tensors to optimise, always the same objects in the same order."""
        ...

    def render(self) -> Tensor:
        """The picture (1, 3, H, W) float32 in [0, 1], differentiable in the parameters."""
        ...

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture (1, 3, H, W) in [0, 1] of parameters other than the current ones."""
        ...

    def constrain(self) -> None:
        """Bring the parameters back to where a picture makes sense, in place; called after each step."""
        ...


@runtime_checkable
class CanBecome(Protocol):
    """A drawer that finds the parameters of a picture by itself; others are fitted to it (starts.py)."""

    def become(self, picture: Tensor) -> None:
        """Show a picture (1, 3, H, W) in [0, 1] as nearly as it can, by changing its parameters in place."""
        ...


class _ClampWithGradient(torch.autograd.Function):
    """Clamp to [0, 1] whose gradient is kept outside where it leads back inside: Crowson et al. 2022."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        gradient = gradients[0]
        leads_back = gradient * (values - values.clamp(0, 1)) >= 0
        return gradient * leads_back


def clamp_with_gradient(values: Tensor) -> Tensor:
    """`values` clamped to [0, 1]; pixels outside are still pulled back, and never pushed further out."""
    return _ClampWithGradient.apply(values)


def border_closeness(rows: int, columns: int, device: torch.device) -> Tensor:
    """(rows, columns) in [0, 1]: 0 in the middle, 1 at the border, by which a start fades to white."""
    down = torch.linspace(-1, 1, rows, device=device).abs()[:, None]
    right = torch.linspace(-1, 1, columns, device=device).abs()[None]
    return torch.maximum(down, right).square()


def sum_of_grids(grids: Sequence[Tensor]) -> Tensor:
    """Grids (1, C, …), the finest first → their sum (1, C, h, w), in the finest one's size.

    With more than one, a single parameter moves a whole part of the picture, so that shapes form before
    textures do.
    """
    finest = grids[0]
    total = finest
    for grid in grids[1:]:
        total = total + F.interpolate(grid, size=finest.shape[2:], mode="bilinear", align_corners=False)
    return total


def grid_shapes(rows: int, columns: int, levels: int) -> list[tuple[int, int]]:
    """The sizes of `levels` grids, each half as fine as the one before."""
    return [(max(1, rows >> level), max(1, columns >> level)) for level in range(levels)]
