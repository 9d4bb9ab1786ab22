from __future__ import annotations

import pytest
import torch

from generator.engine.drawers.spectrum import SpectrumDrawer


def drawer(width: int = 32, height: int = 32) -> SpectrumDrawer:
    rng = torch.Generator().manual_seed(0)
    return SpectrumDrawer(width=width, height=height, rng=rng, device=torch.device("cpu"))


def changed(drawing: SpectrumDrawer, colour: int, down: int, right: int) -> torch.Tensor:
    """What one unit more of one frequency of one colour does to the picture, (3, H, W)."""
    (spectrum,) = drawing.parameters()
    moved = spectrum.detach().clone()
    moved[0, colour, down, right, 0] += 1
    return (drawing.picture([moved]) - drawing.render()).detach()[0]


def test_the_start_is_faint_noise_on_a_light_ground():
    picture = drawer().render()
    assert 0.65 < picture.mean() < 0.8
    assert 0.001 < picture.std() < 0.1


def test_one_frequency_is_one_wave_across_the_picture():
    wave = changed(drawer(), 0, 0, 2)[1]
    assert torch.allclose(wave[0], wave[17], atol=0.01)
    signs = (wave.mean(dim=0) > 0).int()
    assert (signs[1:] != signs[:-1]).sum() in (3, 4)  # two periods


def test_a_step_moves_large_waves_further_than_small_ones():
    drawing = drawer()
    sizes = [changed(drawing, 0, 0, right).std() for right in (1, 4, 12)]
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2] > 0


def test_the_first_colour_is_brightness_and_the_others_are_hues():
    drawing = drawer()
    brightness, red_or_blue, green_or_both = (changed(drawing, colour, 0, 0) for colour in range(3))
    assert (brightness > 0).all()
    assert red_or_blue[0].mean() > 0 > red_or_blue[2].mean()
    assert green_or_both[1].mean() < 0 < min(green_or_both[0].mean(), green_or_both[2].mean())


@pytest.mark.parametrize(("width", "height"), [(33, 20), (20, 33), (64, 32)])
def test_odd_sizes_are_no_trouble(width, height):
    assert drawer(width, height).render().shape == (1, 3, height, width)
