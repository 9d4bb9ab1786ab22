from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from generator.engine.losses import prompt_distance, spherical_distance


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


def pull(weight: float, stop: float = -math.inf) -> float:
    """How the loss changes when a view at a right angle to its text turns towards it."""
    angle = torch.tensor(math.pi / 2, requires_grad=True)
    view = torch.stack([angle.cos(), angle.sin()])[None]
    text = torch.tensor([[1.0, 0.0]])
    prompt_distance(view, text, torch.tensor([weight]), torch.tensor([stop])).backward()
    assert angle.grad is not None
    return -angle.grad.item()


def test_a_weight_pulls_as_much_as_it_says_and_a_negative_one_pushes():
    once = pull(1.0)
    assert once < 0
    assert pull(2.5) == pytest.approx(2.5 * once, rel=1e-5)
    assert pull(-0.5) == pytest.approx(-0.5 * once, rel=1e-5)


RIGHT_ANGLE = (math.pi / 2) ** 2 / 2  # as a spherical distance


def test_a_text_no_longer_pulls_when_its_distance_is_at_the_stop():
    assert pull(1.0, stop=RIGHT_ANGLE - 0.1) == pull(1.0)
    assert pull(1.0, stop=RIGHT_ANGLE + 0.1) == 0
    assert pull(-1.0, stop=-(RIGHT_ANGLE + 0.1)) == pull(-1.0)
    assert pull(-1.0, stop=-(RIGHT_ANGLE - 0.1)) == 0


def test_several_texts_add_up():
    views = F.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    texts = F.normalize(torch.randn(2, 8, generator=torch.Generator().manual_seed(1)), dim=1)
    apart = spherical_distance(views, texts).mean(dim=0)
    together = prompt_distance(views, texts, torch.tensor([2.0, -0.5]), torch.tensor([-math.inf] * 2))
    assert together.item() == pytest.approx((2 * apart[0] - 0.5 * apart[1]).item(), rel=1e-5)
