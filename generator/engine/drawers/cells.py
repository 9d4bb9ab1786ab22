"""Drawing in cells of one colour each: squares as in pixel art, other tiles, or a knitting's stitches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.engine.drawers.drawer import (
    border_closeness,
    clamp_with_gradient,
    grid_shapes,
    sum_of_grids,
)

SAMPLES = 2  # a pixel is the mean of SAMPLES × SAMPLES points, so that slanted borders are smooth
COLOUR_UNIT = 0.3  # change of a colour channel, of 0 to 1, by one unit of a parameter
START_DEVIATION = 0.2  # of the first colours around mid-grey
STITCH_HEIGHT = 0.8  # of its width; a stitch of a knitting is wider than high
STITCH_SLOPE = 0.9  # how steeply its two legs rise
SEAM, SEAM_SHADE = 0.12, 0.85  # share of a leg's width that lies in the shade, and how bright that is


@dataclass(frozen=True)
class Layout:
    """Which cell each point of the picture lies in.

    rows, columns: of the grid of cells; index: int64 (H, W) in [0, rows · columns), row by row;
    shade: (H, W) in [0, 1], the share of its cell's colour that a point has.
    """

    rows: int
    columns: int
    index: Tensor
    shade: Tensor


def square_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Squares of side `cell` for points with coordinates y (H, 1) and x (1, W), in the same unit from 0."""
    rows, columns = (y / cell).long(), (x / cell).long()
    return _numbered(rows.expand(-1, x.shape[1]), columns.expand(y.shape[0], -1))


def hexagon_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Hexagons standing on a point, `cell` wide, every other row half a cell further right."""
    height = cell * math.sqrt(3) / 2  # between the centres of two rows
    above = (y / height).floor().expand(-1, x.shape[1])
    candidates = []
    for row in (above, above + 1):
        offset = cell / 2 * (row % 2)
        column = ((x - offset) / cell).round()
        distance = (y - row * height).square() + (x - offset - column * cell).square()
        candidates.append((row, column, distance))
    (row, column, distance), (lower_row, lower_column, lower_distance) = candidates
    lower = lower_distance < distance
    row, column = torch.where(lower, lower_row, row), torch.where(lower, lower_column, column)
    # A row that begins half a cell further right has its first centre beyond the left border.
    return _numbered(row.long(), column.long() + 1)


def knit_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Stitches like a V, `cell` wide, with a seam in the shade along each of their two legs."""
    column = (x / cell).floor()
    aside = (x / cell - column - 0.5).abs()  # (1, W) from 0 in the middle of a stitch to 0.5 at its side
    row = ((y + STITCH_SLOPE * aside * cell) / (STITCH_HEIGHT * cell)).floor()  # (H, W)
    leg = torch.minimum(aside, 0.5 - aside) * 2  # (1, W) 0 at either border of a leg, 0.5 in its middle
    shade = torch.where(leg < SEAM, SEAM_SHADE, 1.0).expand_as(row)
    layout = _numbered(row.long(), column.long().expand_as(row))
    return Layout(layout.rows, layout.columns, layout.index, shade)


def brick_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Squares of side `cell`, every other row half a cell further left."""
    row = (y / cell).floor()  # (H, 1)
    column = (x / cell + row % 2 / 2).floor()  # (H, W)
    return _numbered(row.long().expand_as(column), column.long())


def diamond_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Squares standing on a corner, `cell` wide and high, every other row half a cell further left."""
    falling, rising = ((x + y) / cell).floor().long(), ((x - y) / cell).floor().long()  # (H, W)
    # Of a row the difference is equal and so the sum all even or all odd; at the left border it is -1 or 0.
    return _numbered(falling - rising, (falling + rising + 2) // 2)


def triangle_layout(y: Tensor, x: Tensor, cell: float) -> Layout:
    """Triangles with three sides of 2 · `cell`, by turns upright and upside down, so that two rows of
    corners are `cell` apart across."""
    side = 2 * cell
    height = y / (side * math.sqrt(3) / 2)  # (H, 1) in rows
    row = height.floor()
    # Rows are mirror images of each other by turns: 0 where upright ones have their corners, 1 where tips.
    up = torch.where(row % 2 == 0, 1 - (height - row), height - row)
    column = (x / side + up / 2).floor() + (x / side - up / 2).floor()  # (H, W) one more with each slope
    return _numbered(row.long().expand_as(column), column.long() + 1)


LAYOUTS: dict[str, Callable[[Tensor, Tensor, float], Layout]] = {
    "squares": square_layout,
    "hexagons": hexagon_layout,
    "knit": knit_layout,
    "bricks": brick_layout,
    "diamonds": diamond_layout,
    "triangles": triangle_layout,
}


class CellDrawer:
    """Draws in cells of one colour each, which start as random colours that fade to white at the border.

    The colours (1, 3, rows, columns), in COLOUR_UNIT around mid-grey, are a sum of `levels` grids, each half
    as fine as the one before; the start is random in the coarsest.
    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        layout: str,
        cells: int,
        levels: int,
        rng: torch.Generator,
        device: torch.device,
    ) -> None:
        """layout: a key of LAYOUTS; cells: how many lie side by side along the shorter side."""
        y = ((torch.arange(height * SAMPLES) + 0.5) / SAMPLES)[:, None]
        x = ((torch.arange(width * SAMPLES) + 0.5) / SAMPLES)[None]
        placed = LAYOUTS[layout](y, x, min(width, height) / cells)
        self._index, self._shade = placed.index.to(device), placed.shade.to(device)
        shapes = grid_shapes(placed.rows, placed.columns, levels)
        self._grids = [torch.zeros((1, 3, *shape), device=device) for shape in shapes]
        noise = torch.randn((1, 3, *shapes[-1]), generator=rng).to(device)
        self._grids[-1] += START_DEVIATION / COLOUR_UNIT * noise
        white = 0.5 / COLOUR_UNIT
        self._grids[0] += border_closeness(*shapes[0], device) * (white - sum_of_grids(self._grids))
        for grid in self._grids:
            grid.requires_grad_()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        rows, columns = self._grids[0].shape[2:]
        return rows, columns

    def spread(self, values: Tensor) -> Tensor:
        """Values of the cells (1, C, rows, columns) → of the pixels (1, C, H, W), without any shade."""
        points = F.embedding(self._index, values[0].flatten(1).T)  # (H · SAMPLES, W · SAMPLES, C)
        return F.avg_pool2d(points.permute(2, 0, 1)[None], SAMPLES)

    def parameters(self) -> list[Tensor]:
        return self._grids

    def render(self) -> Tensor:
        return self.picture(self._grids)

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture (1, 3, H, W) in [0, 1] of parameters other than the current ones."""
        colours = clamp_with_gradient(0.5 + COLOUR_UNIT * sum_of_grids(parameters))
        points = F.embedding(self._index, colours[0].flatten(1).T)  # (H · SAMPLES, W · SAMPLES, 3)
        points = points * self._shade[..., None]
        return F.avg_pool2d(points.permute(2, 0, 1)[None], SAMPLES)

    @torch.no_grad()
    def become(self, picture: Tensor) -> None:
        """Give each cell the mean colour of a picture (1, 3, H, W) in [0, 1] there, all of it in the finest
        grid; the shade of a cell is not taken for a colour."""
        for grid in self._grids:
            grid.zero_()
        self._grids[0] += (self.gather(picture) - 0.5) / COLOUR_UNIT

    def gather(self, values: Tensor) -> Tensor:
        """Values of the pixels (1, C, H, W) → their means in the cells (1, C, rows, columns)."""
        points = F.interpolate(values, scale_factor=SAMPLES)[0].flatten(1).T  # (points, C)
        index, (rows, columns) = self._index.flatten(), self.shape
        sums = torch.zeros((rows * columns, points.shape[1]), device=points.device)
        sums.index_add_(0, index, points)
        counts = index.bincount(minlength=rows * columns).clamp(min=1)[:, None]
        return (sums / counts).T.view(1, -1, rows, columns)

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the colours within what a screen shows, by moving the finest grid."""
        colours = sum_of_grids(self._grids)
        self._grids[0] += colours.clamp(-0.5 / COLOUR_UNIT, 0.5 / COLOUR_UNIT) - colours


def _numbered(row: Tensor, column: Tensor) -> Layout:
    """Rows and columns (H, W) int64 from 0 → the layout of the cells that they name, without shade."""
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    return Layout(rows, columns, row * columns + column, torch.ones(row.shape))
