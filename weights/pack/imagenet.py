"""What the image tower knows of photographs, kept while it learns drawings.

No photographs are at hand, but the tower's own classifier is: it says which features each ImageNet class has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from timm.data import ImageNetInfo
from torch import Tensor
from torch.nn import functional as F

TEMPLATES = ("{}", "a photo of a {}")
LEMMAS = 2  # `tabby, tabby cat`; later ones are Latin
DESCRIBED = 2.0  # weight of the classes' descriptions beside their names, where they have one
CONFIDENCE = 0.7  # mean probability that the classifier should give the class of a drawn feature


@dataclass(frozen=True)
class Photographs:
    """Gaussians of features, one for each class, with a shared covariance."""

    means: Tensor  # (1000, 1280)
    spread: Tensor  # (1280, 1280), a square root of the covariance
    names: Tensor  # (1000, 384) unit rows, the texts of the class names

    def draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """(count, 1280) features as the pooled ReLU6 gives them, and (count,) their classes."""
        classes = torch.randint(len(self.means), (count,), generator=random)
        noise = torch.randn(count, self.means.shape[1], generator=random) @ self.spread.T
        return (self.means[classes] + noise).clamp(0, 6), classes


def class_names() -> list[list[str]]:
    """The first lemmas of the 1,000 classes in the classifier's order."""
    info = ImageNetInfo("imagenet-1k")
    return [info.index_to_description(row).split(", ")[:LEMMAS] for row in range(1000)]


def class_descriptions() -> list[str]:
    """Of each class its first lemma and WordNet's gloss, up to the first semicolon."""
    info = ImageNetInfo("imagenet-1k")
    described = []
    for row, names in enumerate(class_names()):
        gloss = info.index_to_description(row, detailed=True).partition(": ")[2]
        described.append(f"{names[0]}, {gloss.split(';')[0].strip()}")
    return described


def imagenet_photographs(
    weight: Tensor,
    bias: Tensor,
    features: Tensor,
    encode: Callable[[Sequence[str]], np.ndarray],
    *,
    described: float = 0,
) -> Photographs:
    """Class means from the classifier by linear discriminant analysis.

    With a shared covariance Σ the best linear classifier of Gaussians has weights Σ⁻¹μ, so μ = Σw up to a
    scale (Hastie et al., The Elements of Statistical Learning, section 4.3). The scale is set so that the
    classifier is CONFIDENCE sure on average. weight (1000, 1280), bias (1000,): the classifier. features
    (N, 1280): any pictures' features, for Σ and the overall mean. encode: texts to pooled vectors. described:
    how heavy the classes' descriptions are beside their names.
    """
    centre = features.mean(dim=0)
    covariance = torch.cov(features.T) + 1e-4 * torch.eye(features.shape[1])
    spread = torch.linalg.cholesky(covariance)
    directions = (weight - weight.mean(dim=0)) @ covariance  # (1000, 1280)
    random = torch.Generator().manual_seed(0)
    low, high = 0.0, 100.0
    for _ in range(16):
        scale = (low + high) / 2
        drawn, classes = Photographs(centre + scale * directions, 0.7 * spread, weight).draw(2000, random)
        sure = (drawn @ weight.T + bias).softmax(dim=-1)[torch.arange(2000), classes].mean()
        low, high = (scale, high) if sure < CONFIDENCE else (low, scale)
    return Photographs(centre + scale * directions, 0.7 * spread, _name_vectors(encode, described))


def _name_vectors(encode: Callable[[Sequence[str]], np.ndarray], described: float) -> Tensor:
    """(1000, D) unit rows: what the classes are called and, `described` times as heavy, what they are. That a
    “Pekinese” is a dog and a “missile” a rocket is in no vector of the name alone."""
    names = class_names()
    said = [template.format(name) for lemmas in names for name in lemmas for template in TEMPLATES]
    owner = np.repeat(np.arange(len(names)), [len(lemmas) * len(TEMPLATES) for lemmas in names])
    vectors = F.normalize(torch.from_numpy(encode(said)), dim=-1)
    sums = torch.zeros(len(names), vectors.shape[1]).index_add_(0, torch.from_numpy(owner), vectors)
    called = F.normalize(sums, dim=-1)
    if not described:
        return called
    descriptions = F.normalize(torch.from_numpy(encode(class_descriptions())), dim=-1)
    return F.normalize(called + described * descriptions, dim=-1)
