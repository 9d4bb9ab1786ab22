"""Finished pictures at a multiple of their size: plainly, by a network, with alpha, and in patterns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from generator.engine.enlargement import enlarge
from generator.engine.settings import GenerateSettings, SettingsError

NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 4), dtype=np.uint8)


@dataclass(frozen=True)
class Nearest:
    """Stands for a network: each pixel becomes a square."""

    scale: int
    model_id: str = "nearest"

    def enlarge(self, pixels, *, after_tile, threads_used):
        after_tile()
        return pixels.repeat(self.scale, axis=0).repeat(self.scale, axis=1)


def lanczos(pixels, times):
    height, width = pixels.shape[:2]
    return np.asarray(
        Image.fromarray(pixels).resize((width * times, height * times), Image.Resampling.LANCZOS)
    )


def test_once_is_the_same_picture():
    assert enlarge(NOISE, 1, upscaler=Nearest(4)) is NOISE


@pytest.mark.parametrize("times", [2, 4])
def test_without_a_network_it_is_interpolated_in_colours_and_alpha(times):
    made = enlarge(NOISE, times, upscaler=None)
    assert (made.shape, made.dtype) == ((64 * times, 96 * times, 4), np.uint8)
    assert (made[..., :3] == lanczos(NOISE[..., :3].copy(), times)).all()
    assert (made[..., 3] == lanczos(NOISE[..., 3].copy(), times)).all()


@pytest.mark.parametrize(("times", "scale"), [(2, 2), (2, 4), (4, 2), (4, 4), (2, 3)])
def test_whatever_the_scale_of_the_network_the_size_is_what_was_asked_for(times, scale):
    made = enlarge(NOISE, times, upscaler=Nearest(scale))
    assert made.shape == (64 * times, 96 * times, 4)
    if times == scale:
        assert (made[::times, ::times, :3] == NOISE[..., :3]).all()
    assert (made[..., 3] == lanczos(NOISE[..., 3].copy(), times)).all()


@pytest.mark.parametrize("times", [2, 4])
@pytest.mark.parametrize(
    ("repeats", "rolls"), [("both", [(10, 0), (0, 30)]), ("across", [(0, 30)]), ("down", [(10, 0)])]
)
def test_sides_that_fit_each_other_go_on_doing_so(repeats, rolls, times):
    made = enlarge(NOISE, times, upscaler=None, repeats=repeats)
    for roll in rolls:
        moved = enlarge(np.roll(NOISE, roll, (0, 1)), times, upscaler=None, repeats=repeats)
        assert (moved == np.roll(made, [step * times for step in roll], (0, 1))).all()
    plain = enlarge(NOISE, times, upscaler=None)
    assert (plain != made).any()


def test_rows_that_are_shifted_by_half_fit_the_next_rows():
    made = enlarge(NOISE, 2, upscaler=None, repeats="shifted")
    two_rows = np.concatenate([NOISE, np.roll(NOISE, 48, axis=1)])
    assert (made == enlarge(two_rows, 2, upscaler=None, repeats="both")[:128]).all()


@pytest.mark.parametrize("times", [0, 3, 5, 2.0, True, "2"])
def test_other_multiples_are_refused(times):
    with pytest.raises(SettingsError) as error:
        GenerateSettings(prompt="an owl", enlarge=times)
    assert error.value.field == "enlarge"
