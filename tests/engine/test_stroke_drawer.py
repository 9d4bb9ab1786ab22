from __future__ import annotations

import pytest
import torch

from generator.engine.drawers.strokes import COLOUR_UNIT, POINT_UNIT, WIDTH_UNIT, StrokeDrawer


def drawer(
    count: int = 3, coloured: bool = True, width: int = 48, height: int = 32, **changes: float
) -> StrokeDrawer:
    size = {"width": width, "height": height, "device": torch.device("cpu")}
    rng = torch.Generator().manual_seed(0)
    return StrokeDrawer(count=count, coloured=coloured, rng=rng, **size, **changes)


def paint(drawing: StrokeDrawer, number: int, *, points, width: float, colour=(0, 0, 0, 0.95)) -> None:
    """Lay one stroke as given, in shares of the shorter side and of full colour."""
    with torch.no_grad():
        drawing.parameters()[0][number] = torch.tensor(points) / POINT_UNIT
        drawing.parameters()[1][number] = width / WIDTH_UNIT
        if len(drawing.parameters()) > 2:
            drawing.parameters()[2][number] = torch.tensor(colour) / COLOUR_UNIT


ACROSS = [[0.0, 0.5], [0.5, 0.5], [1.0, 0.5], [1.5, 0.5]]


def test_a_stroke_covers_its_width_and_the_rest_stays_white():
    drawing = drawer(count=1, width=96, height=64)
    paint(drawing, 0, points=ACROSS, width=0.25, colour=(1, 0, 0, 0.98))  # 16 of 64 pixels
    column = drawing.render().detach()[0, :, :, 48]
    assert torch.allclose(column[:, 31], torch.tensor([1.0, 0.02, 0.02]), atol=0.02)
    assert (column[:, :20] > 0.95).all()
    assert (column[:, -20:] > 0.95).all()
    assert 1 - column[1].mean().item() == pytest.approx(0.25, abs=0.02)


def test_a_later_stroke_lies_on_top():
    drawing = drawer(count=2)
    paint(drawing, 0, points=ACROSS, width=0.25, colour=(1, 0, 0, 0.98))
    paint(drawing, 1, points=ACROSS, width=0.25, colour=(0, 0, 1, 0.98))
    assert torch.allclose(drawing.render()[0, :, 16, 24], torch.tensor([0.0, 0.0, 1.0]), atol=0.04)


def test_what_lies_below_shines_through_by_the_opacity():
    drawing = drawer(count=2)
    paint(drawing, 0, points=ACROSS, width=0.25, colour=(1, 0, 0, 0.98))
    paint(drawing, 1, points=ACROSS, width=0.25, colour=(0, 0, 1, 0.5))
    assert torch.allclose(drawing.render()[0, :, 16, 24], torch.tensor([0.5, 0.0, 0.5]), atol=0.04)


def test_distances_are_those_to_the_densely_sampled_curve():
    drawing = drawer(count=6)
    points = drawing.parameters()[0].detach() * POINT_UNIT
    t = torch.linspace(0, 1, 2001)[:, None, None]
    a, b, c, d = points.unbind(dim=1)
    curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d  # (T, N, 2)
    dense = torch.cdist(curve.transpose(0, 1), drawing._pixels[None]).amin(dim=1)
    assert torch.allclose(drawing._distance(points), dense, atol=1e-3)


def test_gradients_of_control_points_and_widths_agree_with_finite_differences():
    drawing = drawer(count=2)
    wanted = torch.rand((1, 3, 32, 48), generator=torch.Generator().manual_seed(1))

    def loss(parameters):
        return (drawing.picture(parameters) * wanted).sum(dtype=torch.float64)

    gradients = torch.autograd.grad(loss(drawing.parameters()), drawing.parameters())
    generator = torch.Generator().manual_seed(2)
    for number, gradient in enumerate(gradients):
        direction = torch.randn(gradient.shape, generator=generator)
        ends = []
        for sign in (1, -1):
            moved = [parameter.detach().clone() for parameter in drawing.parameters()]
            moved[number] += sign * 0.01 * direction
            ends.append(loss(moved))
        slope = ((ends[0] - ends[1]) / 0.02).item()
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=0.05, abs=0.05)


@pytest.mark.parametrize("coloured", [True, False])
def test_strokes_start_and_stay_as_many_times_as_wide_as_asked_for(coloured):
    usual, twice = drawer(20, coloured), drawer(20, coloured, thickness=2.0)
    assert torch.allclose(twice.parameters()[1], 2 * usual.parameters()[1])
    for drawing in (usual, twice):
        with torch.no_grad():
            drawing.parameters()[1].fill_(1e6)
        drawing.constrain()
    assert torch.allclose(twice.parameters()[1], 2 * usual.parameters()[1])


def test_strokes_start_as_many_times_as_long_as_asked_for():
    usual, half = drawer(20, width=480, height=480), drawer(20, width=480, height=480, length=0.5)
    lengths = [
        (points[:, 1:] - points[:, :-1]).norm(dim=2).sum() * POINT_UNIT
        for points in (drawing.parameters()[0] for drawing in (usual, half))
    ]
    assert lengths[1] < 0.6 * lengths[0]


def test_a_line_is_a_black_pen_of_nearly_even_width():
    drawing = drawer(coloured=False, count=4, width=192, height=128)
    points, widths = drawing.parameters()
    assert points.shape == (4, 4, 2)
    with torch.no_grad():
        widths += 100
    drawing.constrain()
    assert (widths * WIDTH_UNIT <= 0.03).all()
    picture = drawing.render()[0]
    assert torch.equal(picture[0], picture[1])
    assert picture.min() < 0.2


def test_strokes_that_left_the_picture_come_back_to_its_border():
    drawing = drawer(count=2)
    with torch.no_grad():
        drawing.parameters()[0] += 1000
    drawing.constrain()
    points = drawing.parameters()[0] * POINT_UNIT
    assert (points[..., 0] <= 1.5 + 0.11).all()
    assert (points[..., 1] <= 1 + 0.11).all()
