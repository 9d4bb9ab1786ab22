"""Batch norms folded into the convolutions before them, for towers that only see and do not learn.

Ioffe and Szegedy 2015, "Batch Normalization", section 3.1: at inference the norm is a fixed linear map of
each channel, which the convolution's weights can hold. A norm reads and writes every value once more in both
directions, which is a seventh of a step that guides a picture.
"""

from __future__ import annotations

from itertools import pairwise

from timm.models.efficientnet import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_norms(tower: nn.Module) -> int:
    """Folds in place what can be; returns how many norms that were. The weights can't be trained after it.

    Only in EfficientNets, all of whose convolutions stand right before the norm that follows them.
    """
    networks = [module for module in tower.modules() if isinstance(module, EfficientNet)]
    return sum(_fold(parent) for network in networks for parent in list(network.modules()))


def _fold(parent: nn.Module) -> int:
    """Children of one module, in their order."""
    children = list(parent.named_children())
    folded = 0
    for (before, convolution), (after, norm) in pairwise(children):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(parent, before, fuse_conv_bn_eval(convolution, norm))
            # timm's norms have their activation in them.
            setattr(parent, after, getattr(norm, "act", nn.Identity()))
            folded += 1
    return folded
