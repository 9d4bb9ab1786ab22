"""Pictures with an alpha channel: nothing is left where no text needs it, in every way of drawing."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from generator.engine.cutouts import Cutouts
from generator.engine.drawers.alpha import layered, on_ground, random_grounds
from generator.engine.loop import generate
from generator.engine.settings import DRAWERS
from tests.engine.test_loop import saved_and_loaded, settings
from tests.engine.tiny import TinyVqgan

WHOLE = {"cutout_smallest": 1.0, "cutout_largest": 1.0, "augmentation": 0.0}


class RedOnTheLeft:
    """Wants the left half red, and does not look at the right one."""

    model_id, image_size = "red on the left", 16

    def encode_text(self, texts):
        return torch.tensor([[1.0, 0.0]]).repeat(len(texts), 1)

    def encode_pixels(self, pixels):
        left = pixels[:, :, :, :8].mean(dim=(2, 3))  # (B, 3)
        off = (left - torch.tensor([1.0, 0.0, 0.0])).square().sum(dim=1)
        return F.normalize(torch.stack([torch.ones_like(off), 2 * off], dim=1), dim=1)


def alpha_of(**changes) -> np.ndarray:
    chosen = settings(transparent=True, ground=0.0, steps=40, **WHOLE, **changes)
    *_, last = generate(chosen, TinyVqgan(), RedOnTheLeft())
    pixels = last.image()
    assert pixels.shape == (chosen.height, chosen.width, 4)
    return pixels[..., 3] / 255


@pytest.mark.parametrize("drawer", [name for name in DRAWERS if name != "lines"])  # a pen has no red
def test_alpha_falls_where_no_text_needs_paint_and_stays_where_one_does(drawer):
    alpha = alpha_of(drawer=drawer, cells=8, strokes=12, transparent_weight=0.1)
    middle = alpha.shape[1] // 2
    assert alpha[:, middle + 8 :].mean() < 0.1
    assert alpha[:, : middle - 8].mean() > alpha[:, middle + 8 :].mean() + 0.3


def test_what_cannot_help_any_text_goes_altogether():
    assert alpha_of(drawer="lines", strokes=12).max() < 0.1


def test_a_stronger_pull_leaves_less():
    weak, strong = (alpha_of(transparent_weight=weight).mean() for weight in (0.01, 5.0))
    assert strong < weak


def test_cells_are_there_as_a_whole(vqgan, clip):
    chosen = settings(transparent=True, drawer="squares", cells=4, steps=10)
    *_, last = generate(chosen, vqgan, clip)
    alpha = last.image()[..., 3]
    side = min(alpha.shape) // 4
    blocks = alpha[: 2 * side, : 2 * side].reshape(2, side, 2, side)
    assert (blocks.max(axis=(1, 3)) == blocks.min(axis=(1, 3))).all()


@pytest.mark.parametrize("change", [{}, {"averaging": 0.9, "inside": "lace"}, {"repeats": "both"}])
def test_such_a_run_goes_on_in_the_same_bytes(vqgan, clip, change):
    chosen = settings(transparent=True, steps=10, **change)
    whole = [step.image().tobytes() for step in generate(chosen, vqgan, clip)]
    state = saved_and_loaded(next(islice(generate(chosen, vqgan, clip), 4, None)))
    assert [step.image().tobytes() for step in generate(chosen, vqgan, clip, resume=state)] == whole[5:]


def test_each_view_has_a_ground_of_its_own_and_shows_it_where_nothing_covers():
    cutouts = Cutouts(count=4, size=16, smallest=1, largest=1, power=1, augmentation=0)
    bare = torch.zeros((1, 4, 32, 32))
    views = cutouts.draw(bare, torch.Generator().manual_seed(1))
    assert views.shape == (4, 3, 16, 16)
    means = views.mean(dim=(2, 3))
    assert all((means[one] - means[other]).abs().max() > 0.02 for one in range(4) for other in range(one))
    covered = layered(torch.full((1, 3, 32, 32), 0.25), torch.ones((1, 1, 32, 32)))
    views = cutouts.draw(covered, torch.Generator().manual_seed(1))
    assert torch.allclose(views, torch.full_like(views, 0.25), atol=1e-6)


def test_on_a_ground_half_a_cover_is_half_of_each():
    layers = layered(torch.ones((1, 3, 2, 2)), torch.full((1, 1, 2, 2), 0.5))
    assert torch.allclose(on_ground(layers, torch.zeros((1, 3, 1, 1))), torch.tensor(0.5))
    grounds = random_grounds(5, 8, torch.Generator().manual_seed(2))
    assert (grounds.shape, grounds.min() >= 0, grounds.max() <= 1) == ((5, 3, 8, 8), True, True)


@pytest.mark.parametrize("drawer", ["vqgan", "squares"])
def test_a_start_from_a_picture_begins_as_transparent_as_that(vqgan, clip, drawer):
    name = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    pixels = np.full((64, 96, 4), 255, np.uint8)
    pixels[:, :48, 3] = 0
    chosen = settings(
        transparent=True,
        transparent_weight=0.0,
        drawer=drawer,
        cells=8,
        steps=1,
        learning_rate=1e-4,
        width=96,
        height=64,
        init_picture=name,
    )
    (step,) = generate(chosen, vqgan, clip, pictures={name: pixels})
    alpha = step.image()[..., 3]
    assert alpha[:, :36].max() < 10
    assert alpha[:, 60:].min() > 245
