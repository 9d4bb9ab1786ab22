"""Many combinations of options, each interrupted somewhere: the bytes are those of an unbroken run."""

from __future__ import annotations

import random
from typing import Any

import pytest

from generator.engine.loop import generate
from generator.engine.settings import CHOICES, GenerateSettings
from tests.engine.test_goals import OWL, pixels
from tests.engine.test_loop import saved_and_loaded
from tests.engine.tiny import TinyClip, TinyVqgan

STEPS = 6
PROMPTS = ("an owl", f"an owl | picture:{OWL}:0.5 ^ lace | noise:7:-0.3", "a seed:1:0.4 ^ a tree ^ a wood:2")
CHANCES: dict[str, tuple[Any, ...]] = {
    **{name: values for name, values in CHOICES.items() if name != "drawer"},
    "drawer": ("vqgan", "vqgan", "squares", "fft"),
    "averaging": (0.0, 0.8),
    "coarse_levels": (1, 3),
    "quantise": (True, False),
    "learning_rate_drops": ("", "30 60"),
    "smoothness": (0.0, 1.0),
    "saturation": (0.0, 0.5),
    "symmetry": (0.0, 1.0),
    "palette": ("", "#f00 #fff #336"),
    "border": (0.0, 1.0),
    "inside": ("", f"picture:{OWL} | lace"),
    "outside": ("", "a cloud"),
    "spot_picture": ("", OWL),
    "init_picture": ("", OWL),
    "init_opacity": (1.0, 0.6),
    "init_weight": (0.0, 1.0),
    "overlay_picture": ("", OWL),
    "overlay_every": (1, 2),
    "zoom_every": (0, 2),
    "zoom_shift_x": (0, -3),
    "zoom_start": (0, 3),
}


def chosen_by(seed: int) -> GenerateSettings:
    dice = random.Random(seed)
    basics = {"prompt": dice.choice(PROMPTS), "seed": seed, "steps": STEPS, "width": 64, "height": 96}
    return GenerateSettings(
        **basics, cutouts=2, threads=1, **{name: dice.choice(values) for name, values in CHANCES.items()}
    )


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_chosen_an_interrupted_run_ends_with_the_same_bytes(vqgan, clip, seed):
    settings, pictures = chosen_by(seed), {OWL: pixels(alpha=200)}
    interrupted_at = random.Random(seed).randrange(1, STEPS)
    whole, state = [], None
    for step in generate(settings, vqgan, clip, pictures=pictures):
        whole.append((step.loss, step.image().tobytes()))
        if step.index == interrupted_at:
            state = saved_and_loaded(step)
    resumed = generate(settings, TinyVqgan(), TinyClip(), resume=state, pictures=pictures)
    assert [(step.loss, step.image().tobytes()) for step in resumed] == whole[interrupted_at:]
    assert len(set(whole)) > 1
