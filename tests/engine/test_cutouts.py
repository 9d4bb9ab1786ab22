from __future__ import annotations

from typing import Any

import pytest
import torch

from generator.engine.cutouts import Cutouts, resampling_matrices


def cutouts(**changes: Any) -> Cutouts:
    chosen = {"count": 6, "size": 24, "smallest": 0.5, "largest": 1.2, "power": 1.0, "augmentation": 1.0}
    return Cutouts(**(chosen | changes))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def picture(height: int = 64, width: int = 48, seed: int = 0) -> torch.Tensor:
    return torch.rand((1, 3, height, width), generator=rng(seed))


@pytest.mark.parametrize("augmentation", [0.0, 1.0, 2.0])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 96), (16, 16)])
def test_views_have_the_perceptors_size_and_stay_in_range(height, width, augmentation):
    views = cutouts(augmentation=augmentation).draw(picture(height, width), rng())
    assert views.shape == (6, 3, 24, 24)
    assert views.dtype == torch.float32
    assert views.min() >= 0
    assert views.max() <= 1


def test_views_differ_from_each_other():
    views = cutouts().draw(picture(), rng())
    assert all(not torch.equal(views[0], view) for view in views[1:])


def test_the_same_generator_state_gives_the_same_views():
    assert torch.equal(cutouts().draw(picture(), rng(1)), cutouts().draw(picture(), rng(1)))
    assert not torch.equal(cutouts().draw(picture(), rng(1)), cutouts().draw(picture(), rng(2)))


def test_the_global_random_state_plays_no_part():
    torch.manual_seed(1)
    first = cutouts().draw(picture(), rng())
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert torch.equal(cutouts().draw(picture(), rng()), first)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("augmentation", [0.0, 1.0])
def test_every_pixel_gets_a_gradient_when_cutouts_cover_the_picture(augmentation):
    source = picture(32, 32).mul(0.5).add(0.25).requires_grad_()
    cutouts(count=32, smallest=1.0, augmentation=augmentation).draw(source, rng()).square().sum().backward()
    assert source.grad is not None
    assert source.grad.isfinite().all()
    assert (source.grad != 0).all()


def test_the_gradient_is_the_slope():
    source = picture(8, 8).mul(0.2).add(0.4).double().requires_grad_()
    draws = cutouts(count=2, size=6, augmentation=0.5)
    assert torch.autograd.gradcheck(lambda pixels: draws.draw(pixels, rng(5)), source, atol=1e-4)


def test_a_plain_colour_stays_plain_without_augmentation():
    plain = torch.full((1, 3, 40, 40), 0.3)
    assert torch.allclose(cutouts(augmentation=0.0).draw(plain, rng()), torch.tensor(0.3), atol=1e-5)


def test_a_cutout_of_the_whole_picture_at_its_own_size_is_the_picture():
    source = picture(24, 24)
    views = cutouts(smallest=1.0, largest=1.0, augmentation=0.0).draw(source, rng())
    assert torch.allclose(views, source.expand_as(views), atol=1e-5)


def test_power_above_one_makes_small_cutouts_likelier():
    def detail(power: float) -> float:
        ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
        views = cutouts(count=200, power=power, augmentation=0.0, smallest=0.1, largest=1.0).draw(ramp, rng())
        return (views[..., -1] - views[..., 0]).mean().item()  # how much of the ramp the views span

    assert detail(3.0) < detail(1.0) < detail(0.3)


def test_shrinking_averages_so_that_fine_stripes_turn_grey():
    stripes = (torch.arange(96) % 2).float().expand(1, 3, 96, 96)
    views = cutouts(smallest=1.0, largest=1.0, augmentation=0.0).draw(stripes, rng())
    assert (views - 0.5).abs().max() < 0.2


def test_rows_of_resampling_weights_sum_to_one():
    weights = resampling_matrices(
        torch.tensor([-3.0, 2.5]), torch.tensor([22.0, 5.0]), length=16, size=9, blur=torch.tensor([1.0, 2.0])
    )
    assert weights.shape == (2, 9, 16)
    assert torch.allclose(weights.sum(dim=2), torch.ones(2, 9))
