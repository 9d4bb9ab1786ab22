"""What CLIP is asked to find where that is no text, or lies in a part of the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.engine.goals import read_scene, read_spots
from generator.engine.losses import prompt_distance
from generator.engine.pictures import on_white, picture_mask, shape_mask
from generator.engine.prompts import parse_prompt
from generator.engine.settings import CHOICES, GenerateSettings

OWL = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
CPU = torch.device("cpu")


def pixels(seed: int = 0, height: int = 20, width: int = 30, alpha: int = 255) -> np.ndarray:
    drawn = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
    drawn[..., 3] = alpha
    return drawn


def goal_of(prompt: str, clip, pictures=None):
    return read_scene(parse_prompt(prompt)[0], clip, pictures or {})


def pull(view: torch.Tensor, prompt: str, clip, pictures) -> float:
    """How far a step against the gradient takes a view (1, 3, S, S) towards the last part of a prompt."""
    goal = goal_of(prompt, clip, pictures)
    seen = clip.encode_pixels(view)
    loss = prompt_distance(seen, goal.texts, goal.weights, goal.stops)
    (gradient,) = torch.autograd.grad(loss, view)
    moved = clip.encode_pixels(view - 0.01 * gradient / gradient.abs().max())
    return ((moved - seen) @ goal.texts[-1]).item()


@pytest.mark.parametrize("part", [f"picture:{OWL}", "noise:7", "an owl"])
def test_every_kind_of_prompt_pulls_by_its_weight_and_below_0_pushes(clip, part):
    view = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(1)).requires_grad_()
    pictures = {OWL: pixels()}
    assert pull(view, part, clip, pictures) > 0
    assert pull(view, f"lace:0.01 | {part}:-2", clip, pictures) < 0


def test_a_picture_asks_for_what_clip_sees_in_it(clip):
    goal = goal_of(f"a tree | picture:{OWL}:0.5:0.2", clip, {OWL: pixels()})
    seen = clip.encode_pixels(on_white(pixels(), (16, 16), CPU))[0]
    assert torch.equal(goal.texts[1], seen)
    assert torch.equal(goal.texts[0], clip.encode_text(["a tree"])[0])
    assert (goal.weights[1].item(), goal.stops[1].item()) == pytest.approx((0.5, 0.2))


def test_noise_is_one_direction_for_each_seed(clip):
    first, again, other = (goal_of(f"noise:{seed}", clip).texts[0] for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.norm().item() == pytest.approx(1)


def test_a_spot_has_a_gradient_inside_of_it_and_none_outside(clip):
    for part, expected in (("inside", True), ("outside", False)):
        settings = GenerateSettings(prompt="x", width=64, height=64, spot="left", **{part: "an owl"})
        (spot,) = read_spots(settings, clip, {}, CPU)
        picture = torch.rand((1, 3, 64, 64), requires_grad=True)
        (gradient,) = torch.autograd.grad(
            clip.encode_pixels(spot.show(picture)[..., ::4, ::4]).sum(), picture
        )
        moved = gradient.abs().sum(dim=(0, 1, 2)) > 0  # columns
        assert moved[:32].any() == expected
        assert moved[32:].any() != expected


def test_a_spot_can_be_drawn_by_a_picture(clip):
    mask = pixels()
    mask[:, :15, :3], mask[:, 15:, :3] = 255, 0
    settings = GenerateSettings(prompt="x", width=96, height=64, inside="an owl", spot_picture=OWL)
    (spot,) = read_spots(settings, clip, {OWL: mask}, CPU)
    assert spot.mask[..., :46].all()
    assert not spot.mask[..., 50:].any()


@pytest.mark.parametrize("shape", CHOICES["spot"])
def test_every_shape_of_a_spot_has_an_inside_and_an_outside(shape):
    mask = shape_mask(shape, (64, 96), CPU)
    assert mask.shape == (1, 1, 64, 96)
    assert 0.2 < mask.float().mean() < 0.8


def test_a_picture_is_cut_to_the_shape_and_stands_on_white():
    drawn = pixels(height=10, width=40)
    drawn[:, 10:30, :3], drawn[:, :10, :3], drawn[:, 30:, :3] = 255, 0, 0
    assert on_white(drawn, (20, 40), CPU).min() > 0.9  # the middle alone
    assert torch.equal(on_white(pixels(alpha=0), (8, 8), CPU), torch.ones(1, 3, 8, 8))
    assert picture_mask(pixels(alpha=0), (8, 8), CPU).all()
