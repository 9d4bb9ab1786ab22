from __future__ import annotations

import math

import pytest
import torch

from generator.engine.drawers.cells import LAYOUTS, SEAM_SHADE, CellDrawer, hexagon_layout, knit_layout


def points(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.arange(height)[:, None] + 0.5, torch.arange(width)[None] + 0.5


def drawer(layout: str, **changes) -> CellDrawer:
    chosen = {"width": 96, "height": 64, "layout": layout, "cells": 8, "levels": 1}
    rng = torch.Generator().manual_seed(0)
    return CellDrawer(**(chosen | changes), rng=rng, device=torch.device("cpu"))


def test_each_square_has_one_colour():
    picture = drawer("squares").render()[0]  # cells of 8 pixels
    cells = picture.unfold(1, 8, 8).unfold(2, 8, 8)  # (3, 8, 12, 8, 8)
    assert (cells.amax(dim=(3, 4)) - cells.amin(dim=(3, 4))).max() < 1e-6
    assert cells[..., 0, 0].std() > 0.05


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_the_number_of_cells_side_by_side_is_as_asked_for(layout):
    (few,), (many,) = drawer(layout, cells=6).parameters(), drawer(layout, cells=12).parameters()
    for grid, cells in ((few, 6), (many, 12)):
        assert abs(grid.shape[3] - cells * 96 / 64) <= 2
    assert many.numel() > 3 * few.numel()


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_grid_that_does_not_divide_the_picture_covers_it_all(layout):
    drawing = drawer(layout, cells=7)
    with torch.no_grad():
        drawing.parameters()[0].fill_(-10.0)
    drawing.constrain()
    assert (drawing.render() == 0).all()


def test_a_point_lies_in_the_hexagon_whose_centre_is_nearest():
    cell, (y, x) = 10.0, points(40, 50)
    layout = hexagon_layout(y, x, cell)
    row = torch.arange(-1, layout.rows + 1)[:, None]
    column = torch.arange(-2, layout.columns + 1)[None]
    centre_y = (row * cell * math.sqrt(3) / 2).expand(-1, column.shape[1]).flatten()
    centre_x = (column * cell + cell / 2 * (row % 2)).flatten()
    distance = (y[..., None] - centre_y).square() + (x[..., None] - centre_x).square()  # (H, W, cells)
    nearest = distance.argmin(dim=2)
    for found in layout.index.unique():  # one hexagon: one nearest centre, and each centre has one hexagon
        assert len(nearest[layout.index == found].unique()) == 1
    assert len(layout.index.unique()) == len(nearest.unique())


@pytest.mark.parametrize(
    ("layout", "area", "width", "height"),  # in cells
    [
        ("bricks", 1, 1, 1),
        ("diamonds", 0.5, 1, 1),
        ("triangles", math.sqrt(3), 2, math.sqrt(3)),
    ],
)
def test_each_tile_has_its_size_and_they_lie_side_by_side(layout, area, width, height):
    cell = 40.0
    index = LAYOUTS[layout](*points(240, 280), cell).index
    border = torch.cat([index[0], index[-1], index[:, 0], index[:, -1]]).unique().tolist()
    inside = [tile for tile in index.unique().tolist() if tile not in border]
    assert len(inside) > 4
    for tile in inside:
        rows, columns = (index == tile).nonzero(as_tuple=True)
        assert len(rows) == pytest.approx(area * cell**2, rel=0.04)
        assert (columns.max() - columns.min()).item() == pytest.approx(width * cell, abs=4)
        assert (rows.max() - rows.min()).item() == pytest.approx(height * cell, abs=4)


def test_every_other_row_of_bricks_begins_half_a_brick_further():
    index = LAYOUTS["bricks"](*points(20, 40), 10.0).index
    seams = [(row[1:] != row[:-1]).nonzero().flatten() + 1 for row in (index[5], index[15])]
    assert [row.tolist() for row in seams] == [[10, 20, 30], [5, 15, 25, 35]]


def test_a_stitch_is_a_v_with_seams():
    layout = knit_layout(*points(64, 40), 20.0)
    left, right = layout.index[:, :20], layout.index[:, :20].flip(1)
    assert torch.equal(left, right)
    first = layout.index[:, :20] == layout.index[0, 10]
    assert first[:, 10].sum() > first[:, 0].sum()  # its legs rise to both sides, so its middle ends lowest
    assert set(layout.shade.unique().tolist()) == {torch.tensor(SEAM_SHADE).item(), 1.0}


def test_the_start_fades_to_white_at_the_border():
    picture = drawer("squares", levels=3).render()[0]
    assert picture[:, 0].min() > 0.95
    assert picture[:, :, -1].min() > 0.95
    assert picture[:, 24:40, 36:60].mean() < 0.75


def test_coarse_grids_move_many_cells_at_once():
    drawing = drawer("squares", levels=3)
    assert [tuple(grid.shape[2:]) for grid in drawing.parameters()] == [(8, 12), (4, 6), (2, 3)]
    before = drawing.render()
    with torch.no_grad():
        drawing.parameters()[2][..., 0, 0] -= 1
    changed = (drawing.render() - before).abs().amax(dim=(0, 1)) > 1e-3
    assert changed.float().mean() > 0.15
