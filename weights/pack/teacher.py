"""What the one projection of the pack learns from: many projections of untrained towers at several sizes.

Each projection errs in its own way on things that training never showed, and a drawing looks different to the
tower at each size; their mean finds such things more often than any one of them. Source: Hinton et al. 2015,
“Distilling the Knowledge in a Neural Network”.
"""

import copy
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.preprocess import Preprocess
from weights.pack.dataset import Dataset
from weights.pack.features import BATCH, object_pixels, plain_pixels
from weights.pack.lit import Recipe, Trainer


@torch.no_grad()
def view_features(
    trunk: nn.Module, preprocess: Preprocess, data: Dataset, rows: Tensor, size: int, number: int = 0
) -> Tensor:
    """(N, 1280) of the pictures, `size` pixels a side: plain, or objects in their random view `number`."""
    features = []
    for batch in rows.split(BATCH):
        chosen = batch.numpy()
        pixels = object_pixels(data, chosen, size, number) if number else plain_pixels(data, chosen, size)
        normalised = preprocess.normalise(pixels)
        features.append(trunk(normalised.contiguous(memory_format=torch.channels_last)))
    return torch.cat(features)


def teacher_vectors(
    trainer: Trainer, preprocess: Preprocess, data: Dataset, rows: Tensor, weights: Tensor
) -> Tensor:
    """(N, D) unit rows, the mean over the projections, for the training pictures in `rows`.

    Call it before the trainer has trained anything.
    """
    recipe: Recipe = trainer.recipe
    total = torch.zeros(len(rows), trainer.projected_labels.shape[1])
    for size in recipe.teacher_sizes:
        started = time.monotonic()
        features = view_features(trainer.trunk, preprocess, data, rows, size)
        print(f"  teacher at {size} pixels: {time.monotonic() - started:.0f} s", flush=True)
        for number in range(recipe.teacher_heads):
            torch.manual_seed(recipe.seed + 1000 * size + number)
            head, scale = copy.deepcopy(trainer.head), nn.Parameter(trainer.logit_scale.detach().clone())
            for module in head.modules():
                if isinstance(module, nn.Linear):
                    module.reset_parameters()
            trainer.train_head(head, scale, [features], weights=weights, photos=False)
            with torch.no_grad():
                total += F.normalize(head(features), dim=-1)
    return F.normalize(total, dim=-1)
