"""Zooms: where things come to lie, when it happens, and that a run goes on from there by itself."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from generator.engine.loop import generate
from generator.engine.rhythm import Rhythm
from generator.engine.settings import GenerateSettings, SettingsError
from generator.engine.zooms import zoomed
from tests.engine.test_goals import OWL
from tests.engine.test_loop import saved_and_loaded
from tests.engine.tiny import TinyClip, TinyVqgan

DRAWERS = ("vqgan", "squares", "fft", "strokes")
MARKED = np.zeros((64, 64, 4), dtype=np.uint8)
MARKED[..., 3] = 255
MARKED[36:40, 40:44, :3] = 255  # its middle is 10 pixels to the right and 6 below that of the picture


def settings(**changes: Any) -> GenerateSettings:
    usual = {"prompt": "a red heart", "seed": 3, "steps": 8, "width": 64, "height": 64, "cutouts": 2}
    return GenerateSettings(**(usual | {"strokes": 4, "threads": 1} | changes))


def still(**changes: Any) -> GenerateSettings:
    """Drawn on the mark alone: what happens to it is the zooms' doing."""
    usual = {"init_picture": OWL, "learning_rate": 1e-4, "ground": 0.0, "coarse_levels": 1}
    return settings(**(usual | {"drawer": "squares", "cells": 64} | changes))


def shown(vqgan, clip, chosen: GenerateSettings) -> list[bytes]:
    pictures = {OWL: MARKED} if chosen.init_picture else {}
    return [step.image().tobytes() for step in generate(chosen, vqgan, clip, pictures=pictures)]


def place_of(picture: torch.Tensor) -> tuple[float, float]:
    """Of what is light in (1, C, H, W): pixels to the right of the middle, and below it."""
    light = picture[0].mean(dim=0)  # (H, W)
    light = light * (light > 0.1)
    down = torch.arange(light.shape[0]) + 0.5 - light.shape[0] / 2
    right = torch.arange(light.shape[1]) + 0.5 - light.shape[1] / 2
    total = light.sum()
    return (light * right).sum().item() / total.item(), (light * down[:, None]).sum().item() / total.item()


def mark() -> torch.Tensor:
    return torch.from_numpy(MARKED[..., :3]).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize(
    ("scale", "right", "down"), [(1.25, 0, 0), (2.0, 0, 0), (1.0, -7, 4), (1.5, 3, -2), (0.7, 0, 0)]
)
def test_a_mark_moves_outward_by_the_scale_and_then_by_the_shift(scale, right, down):
    moved = zoomed(mark(), scale=scale, right=right, down=down)
    assert moved.shape == (1, 3, 64, 64)
    if scale >= 1:  # below, the mirrored border comes in, and it is dark
        assert moved.sum() / mark().sum() == pytest.approx(scale**2, rel=0.1)
    assert place_of(moved) == pytest.approx((10 * scale + right, 6 * scale + down), abs=0.2)


def test_it_is_about_the_middle_of_a_wide_picture_too():
    wide = torch.nn.functional.pad(mark(), (16, 16))  # (1, 3, 64, 96)
    assert place_of(zoomed(wide, scale=1.5, right=0, down=0)) == pytest.approx((15, 9), abs=0.2)


def test_without_scale_and_shift_nothing_moves_and_outside_the_border_is_mirrored():
    noise = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(zoomed(noise, scale=1.0, right=0, down=0), noise, atol=1e-4)
    moved = zoomed(noise, scale=1.0, right=4, down=0)
    assert torch.allclose(moved[..., 4:], noise[..., :-4], atol=1e-4)
    assert torch.allclose(moved[..., :4], noise[..., :4].flip(3), atol=1e-4)


def test_a_rhythm_says_when_zooms_come_and_how_long_ago_the_last_was():
    def beats(**chosen: int) -> list[int]:
        return [done for done in range(13) if Rhythm(**chosen).is_due(done)]

    assert beats() == []
    assert beats(every=4) == [4, 8, 12]
    assert beats(every=4, start=2) == [2, 6, 10]
    assert beats(every=1, start=10) == [10, 11, 12]
    assert beats(every=4, start=20) == []
    assert [Rhythm().steps_since(done) for done in (1, 2, 9)] == [1, 2, 9]
    assert [Rhythm(4, 2).steps_since(done) for done in range(1, 9)] == [1, 2, 1, 2, 3, 4, 1, 2]
    assert [Rhythm(3).steps_since(done) for done in range(1, 8)] == [1, 2, 3, 1, 2, 3, 1]
    assert [done for done in range(9) if Rhythm(4, 2).has_begun(done)] == [3, 4, 5, 6, 7, 8]
    assert [done for done in range(9) if Rhythm(6).has_begun(done)] == [7, 8]
    assert not Rhythm().has_begun(100)
    assert [Rhythm(4, 2).before(done) for done in range(5)] == [0, 1, 2, 2, 2]
    assert [Rhythm(3).before(done) for done in range(5)] == [0, 1, 2, 3, 3]
    assert Rhythm().before(100) == 100


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_in_a_run_each_zoom_moves_the_mark_on(vqgan, clip, averaging):
    chosen = still(zoom_every=3, zoom_scale=1.25, averaging=averaging)
    places = []
    for step in generate(chosen, vqgan, clip, pictures={OWL: MARKED}):
        picture = torch.from_numpy(step.image()).permute(2, 0, 1)[None] / 255
        places.append(place_of(picture))
    expected = [(10 * 1.25**zooms, 6 * 1.25**zooms) for zooms in (0, 0, 0, 1, 1, 1, 2, 2)]
    for place, wanted in zip(places, expected, strict=True):
        assert place == pytest.approx(wanted, abs=0.7)


@pytest.mark.parametrize(("prompt", "falls_until"), [("a red heart", 3), ("a seed ^ a tree", 3)])
def test_from_the_first_zoom_on_the_learning_rate_falls_no_further(vqgan, clip, prompt, falls_until):
    def rates(**changes: Any) -> list[float]:
        run = generate(settings(prompt=prompt, zoom_start=falls_until, **changes), vqgan, clip)
        return [step.state()["optimizer"]["param_groups"][0]["lr"] for step in run]

    usual, zooming = rates(), rates(zoom_every=2)
    assert zooming[: falls_until + 1] == usual[: falls_until + 1]
    later = zooming[falls_until + 1 :]
    full = 0.15 if "^" in prompt else usual[falls_until]
    assert later[-4:] == [full] * 4
    assert rates(zoom_every=2, learning_rate_drops="50") == rates(learning_rate_drops="50")


def test_a_shift_moves_it_in_a_run(vqgan, clip):
    chosen = still(zoom_every=2, zoom_scale=1.0, zoom_shift_x=-6, zoom_shift_y=3, zoom_start=5)
    *_, last = generate(chosen, vqgan, clip, pictures={OWL: MARKED})
    picture = torch.from_numpy(last.image()).permute(2, 0, 1)[None] / 255
    assert place_of(picture) == pytest.approx((10 - 2 * 6, 6 + 2 * 3), abs=0.7)


def test_what_is_transparent_is_zoomed_with_the_picture(vqgan, clip):
    spot = np.full((64, 64, 4), 255, dtype=np.uint8)
    spot[..., 3] = MARKED[..., 0]
    chosen = still(zoom_every=7, zoom_scale=1.5, transparent=True)
    steps = [step.image()[..., 3:] for step in generate(chosen, vqgan, clip, pictures={OWL: spot})]
    before, after = (torch.from_numpy(step).permute(2, 0, 1)[None] / 255 for step in steps[-2:])
    assert place_of(before) == pytest.approx((10, 6), abs=0.7)
    assert place_of(after) == pytest.approx((15, 9), abs=0.7)


@pytest.mark.parametrize("drawer", DRAWERS)
def test_zooming_changes_every_drawers_picture_from_the_first_zoom_on(vqgan, clip, drawer):
    plain = shown(vqgan, clip, settings(drawer=drawer))
    zooming = shown(vqgan, clip, settings(drawer=drawer, zoom_every=3, zoom_scale=1.3))
    assert zooming[:3] == plain[:3]
    assert all(one != other for one, other in zip(zooming[3:], plain[3:], strict=True))


@pytest.mark.parametrize("drawer", DRAWERS)
@pytest.mark.parametrize("interrupted_at", [2, 3, 4])
def test_interrupted_before_at_or_after_a_zoom_the_bytes_are_the_same(vqgan, clip, drawer, interrupted_at):
    chosen = settings(
        drawer=drawer, zoom_every=3, zoom_shift_y=5, averaging=0.8, transparent=True, optimiser="adamp"
    )
    whole = shown(vqgan, clip, chosen)
    run = generate(chosen, vqgan, clip)
    state = saved_and_loaded(next(islice(run, interrupted_at - 1, None)))
    resumed = generate(chosen, TinyVqgan(), TinyClip(), resume=state)
    assert [step.image().tobytes() for step in resumed] == whole[interrupted_at:]


@pytest.mark.parametrize("drawer", DRAWERS)
def test_off_the_bytes_are_those_without_zooms_whatever_else_is_set(vqgan, clip, drawer):
    others = {"zoom_scale": 1.4, "zoom_shift_x": 9, "zoom_shift_y": -9, "zoom_start": 2}
    chosen = settings(drawer=drawer, averaging=0.8)
    assert shown(vqgan, clip, settings(drawer=drawer, averaging=0.8, **others)) == shown(vqgan, clip, chosen)


def test_a_state_from_before_there_were_zooms_still_fits(vqgan, clip):
    run = generate(settings(), vqgan, clip)
    state = saved_and_loaded(next(run))
    for name in [name for name in state["run"]["settings"] if name.startswith("zoom_")]:
        del state["run"]["settings"][name]
    resumed = [step.image().tobytes() for step in generate(settings(), vqgan, clip, resume=state)]
    assert resumed == shown(vqgan, clip, settings())[1:]


def test_an_overlay_lies_where_it_lies_however_the_picture_under_it_is_zoomed(vqgan, clip):
    both = {"overlay_picture": OWL, "overlay_every": 1, "overlay_opacity": 1.0, "zoom_every": 1}
    chosen = still(init_picture="", zoom_scale=1.5, **both)
    *_, last = generate(chosen, vqgan, clip, pictures={OWL: MARKED})
    picture = torch.from_numpy(last.image()).permute(2, 0, 1)[None] / 255
    assert place_of(picture) == pytest.approx((10, 6), abs=0.7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("zoom_every", -1), ("zoom_every", 2.5), ("zoom_scale", 0.5), ("zoom_scale", float("nan"))],
        *[("zoom_shift_x", 129), ("zoom_shift_y", 1.5), ("zoom_start", 2001)],
    ],
)
def test_what_is_out_of_its_limits_is_named(name, value):
    with pytest.raises(SettingsError) as error:
        settings(**{name: value})
    assert error.value.field == name
