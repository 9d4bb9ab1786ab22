"""The engine on the shipped models: what the tiny models cannot show."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
import torch

from gallery.clip.model import ClipConfig, load_clip
from generator.engine.cutouts import Cutouts
from generator.engine.loop import generate
from generator.engine.losses import spherical_distance
from generator.engine.settings import GenerateSettings
from generator.engine.vqgan import VqganSource, load_vqgan

PACK = Path(__file__).resolve().parents[2] / "weights" / "mini" / "clip"
PROMPTS = ("a red heart", "a strawberry", "a green tree")
QUICK = {"seed": 1, "width": 64, "height": 64, "threads": 1}
LARGER = {"width": 128, "height": 128}  # 64 pixels are 8 × 8 codes, and with so few it is a matter of luck


@pytest.fixture(scope="module")
def vqgan():
    return load_vqgan(VqganSource())


@pytest.fixture(scope="module")
def clip():
    return load_clip(ClipConfig(model="mini", pretrained="", pack_dir=PACK, quick=True))


# Hexagons and stitches are squares of another outline, so one prompt each shows what there is to see.
@pytest.mark.parametrize(
    ("drawer", "prompt"),
    [
        *product(["vqgan", "squares", "fft", "strokes", "lines"], PROMPTS),
        ("hexagons", "a red heart"),
        ("knit", "a red heart"),
    ],
)
def test_within_fifty_steps_each_way_of_drawing_lowers_clips_loss(vqgan, clip, drawer, prompt):
    """By a fifth, where lines are all there is by a sixth.

    The loss is that of the picture itself on views that are no step's, so nothing was fitted to them.
    """
    enough = 5 / 6 if drawer == "lines" else 4 / 5
    size = LARGER if drawer == "vqgan" else {}
    settings = GenerateSettings(prompt=prompt, drawer=drawer, steps=50, **(QUICK | size))
    first = None
    for step in generate(settings, vqgan, clip):
        if step.index == 1 or step.index % 10 == 0:
            loss = loss_of(step.image(), prompt, clip)
            first = first or loss
            if loss < enough * first:  # the rest of the steps would only take the test's time
                return
    pytest.fail(f"the loss only fell from {first:.3f} to {loss:.3f}")


def loss_of(pixels: np.ndarray, prompt: str, clip) -> float:
    """Mean distance of a picture's (H, W, 3) uint8 views to the prompt."""
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    usual = {"smallest": 0.7, "largest": 1.1, "power": 1.0, "augmentation": 1.0}
    views = Cutouts(count=4, size=clip.image_size, **usual).draw(picture, torch.Generator().manual_seed(99))
    with torch.no_grad():
        return spherical_distance(clip.encode_pixels(views), clip.encode_text([prompt])).mean().item()


def test_an_interrupted_run_ends_with_the_same_bytes(vqgan, clip):
    settings = GenerateSettings(prompt="a red heart", steps=4, cutouts=2, **QUICK)
    *_, whole = generate(settings, vqgan, clip)
    state = next(islice(generate(settings, vqgan, clip), 1, None)).state()
    *_, resumed = generate(settings, vqgan, clip, resume=state)
    assert resumed.image().tobytes() == whole.image().tobytes()
