"""Features that tell how alike two pictures look, from what is shipped: nothing has to be fetched."""

from __future__ import annotations

from pathlib import Path

import timm

from gallery.clip.compact import read_state
from gallery.clip.model import WEIGHTS, WeightsError
from gallery.clip.towers import TRIO
from generator.engine.training.losses import FrozenFeatures
from generator.engine.vqgan import MINI_PACK

STAGES = (0, 1, 2, 3)  # at 1/2, 1/4, 1/8 and 1/16 of the picture's side
FIRST_MEMBER = "visual.trunk.members.0.tower."


def shipped_features(pack: Path = MINI_PACK / "clip") -> FrozenFeatures:
    """Stages of the EfficientNet-Lite0 in the pack's CLIP, for pixels in [-1, 1]. Raises WeightsError.

    The pack's training left its blocks 0 to 3 as ImageNet made them; of the four stages only the last goes
    through block 4, which has learned from captions too. `weights.pack.vqgan_features` has the same stages as
    they were published.
    """
    weights = {
        name.removeprefix(FIRST_MEMBER): tensor.float()
        for name, tensor in read_state(pack / WEIGHTS).items()
        if name.startswith(FIRST_MEMBER)
    }
    stages = timm.create_model(TRIO[0].tower, pretrained=False, features_only=True, out_indices=STAGES)
    missing = stages.state_dict().keys() - weights.keys()
    if missing:
        raise WeightsError(f"{pack / WEIGHTS} has no {', '.join(sorted(missing)[:3])}: restore the pack.")
    stages.load_state_dict({name: weights[name] for name in stages.state_dict()})
    return FrozenFeatures(stages, mean=127, scale=128)
