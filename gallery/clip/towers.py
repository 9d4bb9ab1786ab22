"""The pack's image towers, under names that timm knows, so that open_clip builds them from its configuration.

Each member looks at the picture at its own size and votes with a unit vector: towers of different sizes err
in different ways, so that their mean finds what one of them misses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import timm
import torch
from timm.layers import Mlp
from timm.models import register_model
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES = 1280  # of every EfficientNet-Lite
CLASSES = 1000  # of ImageNet, which every EfficientNet-Lite was trained to tell apart
LIKELIEST = 10  # classes that have a say in the vote
VOTE = 1.5  # of a member, where the classifier is sure of one class; in doubt its vote weighs less


@dataclass(frozen=True)
class MemberShape:
    """tower: its name in timm; size: pixels a side; hidden: width of the projection's inner layer."""

    tower: str
    size: int
    hidden: int


# `efficientnet_lite0` loads too and is wrong: it pads another way. Lite1 learned at 240 pixels and tells
# photographs apart better at more (Touvron et al. 2019, “Fixing the train-test resolution discrepancy”).
TRIO = (
    MemberShape("tf_efficientnet_lite0", 192, 768),
    MemberShape("tf_efficientnet_lite1", 288, 1536),
    MemberShape("tf_efficientnet_lite2", 260, 1536),
)


class Member(nn.Module):
    """A tower and the projection that leads its features into the shared space."""

    def __init__(self, shape: MemberShape, width: int) -> None:
        super().__init__()
        self.size = shape.size
        self.tower = timm.create_model(shape.tower, num_classes=0)
        self.head = Mlp(FEATURES, shape.hidden, width, drop=(0.1, 0), bias=(True, False))

    def features(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) normalised pixels of any size → (B, 1280)."""
        if pixels.shape[-1] != self.size:
            pixels = F.interpolate(pixels, size=(self.size, self.size), mode="bicubic", antialias=True)
        return self.tower(pixels)


class ClassVote(nn.Module):
    """What a tower's own classifier takes a picture for, as a place in the shared space.

    The mean of the likeliest classes' names, each as heavy as it is likely (ConSE: Norouzi et al. 2014,
    section 3.2). A projection that learns drawings forgets some of what the tower knows of photographs.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(FEATURES, CLASSES)
        self.names = nn.Linear(CLASSES, width, bias=False)  # its columns: unit vectors of the names

    def forward(self, features: Tensor) -> Tensor:
        """(B, 1280) → (B, D): of length 1 where one class is certain, and shorter the more it doubts."""
        chances = self.classifier(features).softmax(dim=-1)
        least = chances.topk(LIKELIEST, dim=-1).values[:, -1:]
        return self.names(torch.where(chances >= least, chances, 0))


class Members(nn.Module):
    """The sum of the members' unit vectors, and of VOTE times the vote of the last one's classes where they
    have one; of one member alone its vector, of whatever length."""

    def __init__(self, shapes: tuple[MemberShape, ...], width: int, *, classes_vote: bool = False) -> None:
        super().__init__()
        self.members = nn.ModuleList(Member(shape, width) for shape in shapes)
        self.vote = ClassVote(width) if classes_vote else None

    def forward(self, pixels: Tensor) -> Tensor:
        return self.project(self.features(pixels))

    def features(self, pixels: Tensor) -> list[Tensor]:
        """(B, 3, S, S) normalised pixels of any size → of each member (B, 1280)."""
        return [member.features(pixels) for member in self.members]  # type: ignore

    def project(self, features: Sequence[Tensor]) -> Tensor:
        """Of each member (B, 1280) → (B, D)."""
        vectors = [member.head(part) for member, part in zip(self.members, features, strict=True)]  # type: ignore
        if len(vectors) == 1:
            return vectors[0]
        whole = torch.stack([F.normalize(vector, dim=-1) for vector in vectors]).sum(dim=0)
        if self.vote is None:
            return whole
        return whole + VOTE * self.vote(features[-1])


# timm passes these functions more than they need: there is nothing to download and nothing to pool.


@register_model
def clipweb_lite_voting(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """All three members and the vote of the classes. num_classes: the width of the shared space."""
    return Members(TRIO, num_classes, classes_vote=True)


@register_model
def clipweb_lite_trio(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """All three members alone: what was trained on from a pack without the vote."""
    return Members(TRIO, num_classes)


@register_model
def clipweb_lite_first(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """The first member alone, with the same key names."""
    return Members(TRIO[:1], num_classes)


@register_model
def clipweb_lite_second(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """The second member alone, as if it were the first."""
    return Members(TRIO[1:2], num_classes)


@register_model
def clipweb_lite_third(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """The third member alone, as if it were the first."""
    return Members(TRIO[2:3], num_classes)


SINGLES = ("clipweb_lite_first", "clipweb_lite_second", "clipweb_lite_third")
