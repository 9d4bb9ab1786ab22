"""The engine on the shipped models: what the tiny models cannot show."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.clip.model import ClipConfig, load_clip
from generator.engine.loop import generate
from generator.engine.settings import GenerateSettings
from generator.engine.vqgan import VqganSource, load_vqgan

PACK = Path(__file__).resolve().parents[2] / "weights" / "mini" / "clip"
QUICK = {"steps": 30, "width": 64, "height": 64, "cutouts": 4}


@pytest.fixture(scope="module")
def vqgan():
    return load_vqgan(VqganSource())


@pytest.fixture(scope="module")
def clip():
    return load_clip(ClipConfig(model="mini", pretrained="", pack_dir=PACK, quick=True))


@pytest.mark.parametrize("prompt", ["a red heart", "a strawberry", "a green tree"])
def test_thirty_steps_lower_the_loss_by_a_fifth_and_clip_sees_it(vqgan, clip, prompt):
    steps = []
    for step in generate(GenerateSettings(prompt=prompt, **QUICK), vqgan, clip):
        steps.append(step.loss)
        if step.index == 1:
            first = step.image()
    before, after = clip.encode_images([Image.fromarray(first), Image.fromarray(step.image())])
    (text,) = clip.encode_text([prompt])
    assert np.mean(steps[-3:]) < 0.8 * np.mean(steps[:3])
    assert after @ text > before @ text


def test_an_interrupted_run_ends_with_the_same_bytes(vqgan, clip):
    settings = GenerateSettings(prompt="a red heart", **(QUICK | {"steps": 4}))
    *_, whole = generate(settings, vqgan, clip)
    state = next(islice(generate(settings, vqgan, clip), 1, None)).state()
    *_, resumed = generate(settings, vqgan, clip, resume=state)
    assert resumed.image().tobytes() == whole.image().tobytes()
