"""What runs start from and what is laid over them, on tiny random models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from generator.engine import starts
from generator.engine.drawers import open_drawer
from generator.engine.loop import ResumeError, generate
from generator.engine.settings import CHOICES, GenerateSettings, SettingsError
from tests.engine.test_goals import OWL, pixels

RED_AND_BLUE = np.zeros((64, 64, 4), dtype=np.uint8)
RED_AND_BLUE[:, :32, 0] = RED_AND_BLUE[:, 32:, 2] = RED_AND_BLUE[..., 3] = 255


def settings(**changes: Any) -> GenerateSettings:
    return GenerateSettings(
        **(
            {"prompt": "a red heart", "seed": 3, "steps": 6, "width": 64, "height": 64, "cutouts": 2}
            | changes
        )
    )


def shown_at_start(vqgan, chosen: GenerateSettings, pictures=None) -> torch.Tensor:
    rng = torch.Generator().manual_seed(chosen.seed)
    drawer = open_drawer(chosen, vqgan, rng)
    starts.begin(drawer, chosen, pictures or {}, rng)
    return drawer.render().detach()


def blueness(picture: torch.Tensor) -> float:
    """How much bluer the right half is than the left, less how much redder."""
    difference = (picture[..., 32:] - picture[..., :32]).mean(dim=(0, 2, 3))
    return (difference[2] - difference[0]).item()


def last_picture(vqgan, clip, chosen: GenerateSettings, pictures=None) -> torch.Tensor:
    *_, last = generate(chosen, vqgan, clip, pictures=pictures or {})
    return torch.from_numpy(last.image()).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("drawer", ["squares", "fft"])
def test_a_drawer_can_start_as_a_picture(vqgan, drawer):
    chosen = settings(drawer=drawer, init_picture=OWL)
    assert blueness(shown_at_start(vqgan, chosen, {OWL: RED_AND_BLUE})) > 0.9
    half = settings(drawer=drawer, init_picture=OWL, init_opacity=0.5, start="colour")
    assert 0.4 < blueness(shown_at_start(vqgan, half, {OWL: RED_AND_BLUE})) < 1.2


def test_a_vqgan_starts_as_its_encoder_sees_the_picture(vqgan):
    picture = shown_at_start(vqgan, settings(init_picture=OWL, quantise=False), {OWL: pixels()})
    other = shown_at_start(vqgan, settings(init_picture=OWL, quantise=False, seed=4), {OWL: pixels()})
    assert torch.equal(picture, other), "nothing random is left"
    assert not torch.equal(picture, shown_at_start(vqgan, settings(quantise=False)))


@pytest.mark.parametrize("start", sorted(set(CHOICES["start"]) - {"usual"}))
def test_starts_differ_from_each_other_and_by_their_seed(vqgan, start):
    def begun(**changes: Any) -> torch.Tensor:
        return shown_at_start(vqgan, settings(drawer="squares", **changes))

    assert (begun(start=start) - begun()).abs().mean() > 0.02
    same = torch.equal(begun(start=start), begun(start=start, seed=4))
    assert same == (start == "colour")


def test_a_plain_colour_is_that_colour(vqgan):
    picture = shown_at_start(vqgan, settings(drawer="squares", start="colour", start_colour="#ff8000"))
    assert picture.mean(dim=(0, 2, 3)).tolist() == pytest.approx([1, 0.5, 0], abs=0.05)


def test_fractal_noise_is_smoother_than_white_noise():
    noise = starts.fractal_noise(96, 64, torch.Generator().manual_seed(0))
    assert noise.shape == (1, 3, 64, 96)
    assert (noise.amin(), noise.amax()) == (0, 1)
    assert (noise[..., 1:] - noise[..., :-1]).abs().mean() < 0.3 * noise.std()


@pytest.mark.parametrize("distance", CHOICES["init_distance"])
def test_a_weight_holds_the_run_to_its_start(vqgan, clip, distance):
    chosen = {"drawer": "squares", "init_picture": OWL, "init_distance": distance, "ground": 0.0, "steps": 8}
    pictures = {OWL: RED_AND_BLUE}
    free = last_picture(vqgan, clip, settings(**chosen), pictures)
    held = last_picture(vqgan, clip, settings(**chosen, init_weight=100.0), pictures)
    start = torch.from_numpy(RED_AND_BLUE[..., :3]).permute(2, 0, 1)[None] / 255
    assert (held - start).square().mean() < (free - start).square().mean()


def test_an_overlay_is_laid_on_when_it_is_due():
    def due(**chosen: int) -> list[int]:
        laid = settings(overlay_picture=OWL, **chosen)
        return [done for done in range(12) if starts.overlay_is_due(laid, done)]

    assert due(overlay_every=4) == [0, 4, 8]
    assert due(overlay_every=4, overlay_offset=2) == [2, 6, 10]
    assert due(overlay_every=4, overlay_until=8) == [0, 4]
    assert not starts.overlay_is_due(settings(), 0)


def test_an_overlay_comes_through_where_it_covers_anything(vqgan, clip):
    chosen = {"drawer": "squares", "overlay_picture": OWL, "overlay_every": 2, "overlay_opacity": 0.9}
    covered = last_picture(vqgan, clip, settings(**chosen), {OWL: RED_AND_BLUE})
    clear = RED_AND_BLUE.copy()
    clear[..., 3] = 0
    uncovered = last_picture(vqgan, clip, settings(**chosen), {OWL: clear})
    assert blueness(covered) > blueness(uncovered) + 0.5


def test_a_picture_that_is_missing_is_named(vqgan, clip):
    with pytest.raises(SettingsError, match=OWL):
        next(generate(settings(init_picture=OWL), vqgan, clip))


def test_a_state_with_another_picture_under_that_name_is_refused(vqgan, clip):
    chosen = settings(init_picture=OWL)
    state = next(generate(chosen, vqgan, clip, pictures={OWL: pixels(0)})).state()
    with pytest.raises(ResumeError, match="other settings or models"):
        next(generate(chosen, vqgan, clip, resume=state, pictures={OWL: pixels(1)}))
