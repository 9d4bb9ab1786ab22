"""The pack's image towers, under names that timm knows, so that open_clip builds them from its configuration.

Each member looks at the picture at its own size and votes with a unit vector: towers of different sizes err
in different ways, so that their mean finds what one of them misses.
"""

from dataclasses import dataclass

import timm
import torch
from timm.layers import Mlp
from timm.models import register_model
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES = 1280  # of every EfficientNet-Lite


@dataclass(frozen=True)
class MemberShape:
    """tower: its name in timm; size: pixels a side; hidden: width of the projection's inner layer."""

    tower: str
    size: int
    hidden: int


# `efficientnet_lite0` loads too and is wrong: it pads another way.
TRIO = (
    MemberShape("tf_efficientnet_lite0", 192, 768),
    MemberShape("tf_efficientnet_lite1", 240, 1536),
    MemberShape("tf_efficientnet_lite2", 260, 1536),
)


class Member(nn.Module):
    """A tower and the projection that leads its features into the shared space."""

    def __init__(self, shape: MemberShape, width: int) -> None:
        super().__init__()
        self.size = shape.size
        self.tower = timm.create_model(shape.tower, num_classes=0)
        self.head = Mlp(FEATURES, shape.hidden, width, drop=(0.1, 0), bias=(True, False))

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, S, S) normalised pixels of any size → (B, D)."""
        if pixels.shape[-1] != self.size:
            pixels = F.interpolate(pixels, size=(self.size, self.size), mode="bicubic", antialias=True)
        return self.head(self.tower(pixels))


class Members(nn.Module):
    """The sum of the members' unit vectors; of one alone its vector, of whatever length."""

    def __init__(self, shapes: tuple[MemberShape, ...], width: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(Member(shape, width) for shape in shapes)

    def forward(self, pixels: Tensor) -> Tensor:
        first, *others = [member(pixels) for member in self.members]
        if not others:
            return first
        return torch.stack([F.normalize(vector, dim=-1) for vector in (first, *others)]).sum(dim=0)


# timm passes these functions more than they need: there is nothing to download and nothing to pool.


@register_model
def clipweb_lite_trio(pretrained: bool = False, *, num_classes: int, **_: object) -> Members:
    """All three members. num_classes: the width of the shared space."""
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
