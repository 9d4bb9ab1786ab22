from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from generator.engine.losses import ground_distance, spherical_distance, total_variation


@pytest.mark.parametrize("angle", [0.1, 1.0, math.pi / 2, 3.0])
def test_spherical_distance_is_half_the_squared_angle(angle):
    images = torch.tensor([[1.0, 0.0]])
    texts = torch.tensor([[math.cos(angle), math.sin(angle)]])
    assert spherical_distance(images, texts).item() == pytest.approx(angle**2 / 2, rel=1e-3)


def test_every_image_is_compared_with_every_text():
    images = F.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    distances = spherical_distance(images, images)
    assert distances.shape == (3, 3)
    assert torch.allclose(distances.diagonal(), torch.zeros(3), atol=1e-6)
    assert (distances + torch.eye(3) > 0).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_gradient_is_finite_even_at_the_ends(sign):
    images = torch.tensor([[1.0, 0.0]], requires_grad=True)
    spherical_distance(images, torch.tensor([[float(sign), 0.0]])).sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()


def test_total_variation_is_zero_for_a_plain_colour_and_largest_for_a_checkerboard():
    plain = torch.full((1, 3, 8, 8), 0.4)
    ramp = torch.linspace(0, 1, 8).expand(1, 3, 8, 8)
    checkers = ((torch.arange(8)[:, None] + torch.arange(8)) % 2).float().expand(1, 3, 8, 8)
    assert total_variation(plain) == 0
    assert 0 < total_variation(ramp) < total_variation(checkers)
    assert total_variation(checkers).item() == pytest.approx(2.0)


def test_white_is_the_ground_and_the_border_counts_most():
    white, black = torch.ones(1, 3, 64, 32), torch.zeros(1, 3, 64, 32)
    spot_at_centre, spot_at_border = white.clone(), white.clone()
    spot_at_centre[..., 30:34, 14:18] = 0
    spot_at_border[..., :4, 14:18] = 0
    assert ground_distance(white) == 0
    assert ground_distance(black).item() == pytest.approx(1.0)
    assert 0 < 3 * ground_distance(spot_at_centre) < ground_distance(spot_at_border)
