"""How much of a picture is there at all: an alpha channel that is optimised beside whatever draws.

Views of the picture are shown on other grounds each time, as by Pixray's `--transparent`, so that a text can
count on no ground; what it does not need then becomes transparent, because each bit of cover costs a little.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.drawers.cells import CellDrawer
from generator.engine.drawers.drawer import Drawer, clamp_with_gradient, grid_shapes, sum_of_grids

CELL = 4  # pixels along a side, where the drawer has no cells of its own
LEVELS = 4
UNIT = 0.3  # change of the alpha, of 0 to 1, by one unit of a parameter
START = 0.9


class Alpha:
    """Grids (1, 1, rows, columns) whose sum, in UNIT around one half, is how much each cell covers."""

    def __init__(self, drawer: Drawer, *, width: int, height: int, device: torch.device) -> None:
        self._cells = drawer if isinstance(drawer, CellDrawer) else None
        self._size = (height, width)
        rows, columns = self._cells.shape if self._cells else (height // CELL, width // CELL)
        shapes = grid_shapes(rows, columns, LEVELS)
        self._grids = [torch.zeros((1, 1, *shape), device=device) for shape in shapes]
        self._grids[0] += (START - 0.5) / UNIT
        for grid in self._grids:
            grid.requires_grad_()

    def parameters(self) -> list[Tensor]:
        return self._grids

    def cover(self, grids: Sequence[Tensor]) -> Tensor:
        """(1, 1, H, W) in [0, 1], of these parameters: in a drawer's own cells, or smooth."""
        alpha = clamp_with_gradient(0.5 + UNIT * sum_of_grids(grids))
        if self._cells:
            return self._cells.spread(alpha)
        return F.interpolate(alpha, size=self._size, mode="bilinear", align_corners=False)

    @torch.no_grad()
    def become(self, cover: Tensor) -> None:
        """Start with this much cover, (1, 1, H, W) in [0, 1], all of it in the finest grid."""
        rows, columns = self._grids[0].shape[2:]
        cells = self._cells.gather(cover) if self._cells else F.adaptive_avg_pool2d(cover, (rows, columns))
        for grid in self._grids:
            grid.zero_()
        self._grids[0] += (cells - 0.5) / UNIT

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep it between nothing and all, by moving the finest grid."""
        total = sum_of_grids(self._grids)
        self._grids[0] += total.clamp(-0.5 / UNIT, 0.5 / UNIT) - total


def layered(picture: Tensor, cover: Tensor) -> Tensor:
    """A picture (1, 3, H, W) and its cover (1, 1, H, W) → (1, 4, H, W), colours times cover, and cover."""
    return torch.cat([picture * cover, cover], dim=1)


def on_ground(layers: Tensor, ground: Tensor) -> Tensor:
    """What layered() gives, (B, 4, H, W), on a ground (B, 3, 1 or H, 1 or W) → (B, 3, H, W)."""
    return layers[:, :3] + (1 - layers[:, 3:]) * ground


def random_grounds(count: int, size: int, rng: torch.Generator) -> Tensor:
    """(count, 3, size, size) in [0, 1]: by turns one colour, and soft spots of several."""
    plain = torch.rand((count, 3, 1, 1), generator=rng).expand(-1, -1, size, size)
    spots = torch.rand((count, 3, 5, 5), generator=rng)
    spots = F.interpolate(spots, size=(size, size), mode="bilinear", align_corners=True)
    return torch.where((torch.arange(count) % 2 == 0).view(-1, 1, 1, 1), plain, spots)
