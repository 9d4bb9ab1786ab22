from __future__ import annotations

import math

import pytest
import torch

from generator.engine.optimisers import OPTIMISERS, AdamP, DiffGrad, learning_rate
from generator.engine.settings import CHOICES, parse_drops


def descend(name: str, steps: int) -> torch.Tensor:
    """Where a valley, four times as steep one way as the other, leads from (3, 2)."""
    place = torch.tensor([3.0, 2.0], requires_grad=True)
    optimiser = OPTIMISERS[name]([place], lr=0.1)
    for _ in range(steps):
        (place.grad,) = torch.autograd.grad((place * torch.tensor([1.0, 4.0])).square().sum(), place)
        optimiser.step()
    return place.detach()


def test_every_optimiser_that_can_be_chosen_is_there():
    assert set(OPTIMISERS) == set(CHOICES["optimiser"])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_down(name):
    assert descend(name, 60).norm() < 0.75 * torch.tensor([3.0, 2.0]).norm()


def test_diffgrad_steps_as_far_as_its_formula_says():
    place = torch.tensor([1.0], requires_grad=True)
    optimiser = DiffGrad([place], lr=0.1)
    friction = [1 / (1 + math.exp(-change)) for change in (2.0, 0.0)]
    for factor in friction:  # a constant gradient, so that the moments' quotient is 1
        before, place.grad = place.item(), torch.tensor([2.0])
        optimiser.step()
        assert before - place.item() == pytest.approx(0.1 * factor, rel=1e-4)


def test_adamp_does_not_lengthen_weights_whose_gradient_is_orthogonal_to_them():
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    optimiser = AdamP([weights], lr=0.1)
    weights.grad = torch.tensor([4.0, -3.0])
    optimiser.step()
    step = weights.detach() - torch.tensor([3.0, 4.0])
    assert (step @ torch.tensor([3.0, 4.0])).item() == pytest.approx(0, abs=1e-5)
    along = torch.tensor([3.0, 4.0], requires_grad=True)
    along.grad = torch.tensor([3.0, 4.0])
    AdamP([along], lr=0.1).step()
    assert (torch.tensor([3.0, 4.0]) - along.detach()).tolist() == pytest.approx([0.1, 0.1], rel=1e-4)


def test_the_rate_falls_along_a_cosine_or_at_the_drops():
    cosine = [learning_rate(1.0, done=done, steps=8) for done in range(8)]
    assert cosine[0] == 1
    assert cosine == sorted(cosine, reverse=True)
    dropping = [learning_rate(1.0, done=done, steps=8, drops=(0.5, 0.75)) for done in range(8)]
    assert dropping == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_drops_are_percentages():
    assert parse_drops("") == ()
    assert parse_drops("50 75%") == (0.5, 0.75)
    for text in ("0", "100", "75 50", "50 50", "half"):
        with pytest.raises(ValueError):
            parse_drops(text)
