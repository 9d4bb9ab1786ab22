"""The losses of a VQGAN: Esser et al. 2021, section 3.1, and van den Oord et al. 2017, section 3.2."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Pixels (B, 3, H, W) in [-1, 1] → feature maps (B, C_i, H_i, W_i) of several stages of a network.
Features = Callable[[Tensor], Sequence[Tensor]]

LAMBDA_LIMIT = 1e4  # as in the released code of Esser et al.
LAMBDA_DELTA = 1e-6  # δ of equation 7


def feature_distance(features: Features, real: Tensor, fake: Tensor) -> Tensor:
    """Mean distance of two batches (B, 3, H, W) in [-1, 1] in a network's features, a scalar ≥ 0.

    Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", equation 1,
    with every weight 1: features of unit length over channels, squared differences summed over channels,
    averaged over places and stages. The gradient goes to `fake` alone.
    """
    with torch.no_grad():
        targets = [_unit(stage) for stage in features(real)]
    stages = [
        (_unit(stage) - target).square().sum(dim=1).mean()
        for stage, target in zip(features(fake), targets, strict=True)
    ]
    return torch.stack(stages).mean()


def _unit(stage: Tensor) -> Tensor:
    return F.normalize(stage.float(), dim=1, eps=1e-6)


def codebook_loss(z: Tensor, quantized: Tensor, commitment: float) -> Tensor:
    """Draws the codebook to the encoder and, β times as hard, the encoder to the codebook.

    van den Oord et al. 2017, equation 3, second and third term. z and quantized: (B, C, h, w); quantized must
    carry the gradient to the codebook.
    """
    return F.mse_loss(quantized, z.detach()) + commitment * F.mse_loss(z, quantized.detach())


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The hinge loss: Lim and Ye 2017, "Geometric GAN"; half the sum, as in the code of Esser et al."""
    return 0.5 * (F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean())


def generator_loss(fake_logits: Tensor) -> Tensor:
    """What the decoder minimises against the discriminator's hinge loss."""
    return -fake_logits.mean()


def adaptive_weight(reconstruction_gradient: Tensor, adversarial_gradient: Tensor) -> Tensor:
    """λ of Esser et al. 2021, equation 7, from both losses' gradients at the decoder's last layer."""
    weight = reconstruction_gradient.norm() / (adversarial_gradient.norm() + LAMBDA_DELTA)
    return weight.clamp(0, LAMBDA_LIMIT).detach()


class FrozenFeatures(nn.Module):
    """A network as `Features`: in evaluation mode for ever, no gradient to its weights, its input rescaled.

    network maps (B, 3, H, W) to a list of stages; its input is (x · 127.5 + 127.5 - mean) / scale for x in
    [-1, 1].
    """

    def __init__(self, network: nn.Module, *, mean: float, scale: float) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.mean = mean
        self.scale = scale

    def train(self, mode: bool = True) -> FrozenFeatures:
        """Stays in evaluation mode: by batch statistics, a distance would depend on the other pictures."""
        return super().train(False)

    def forward(self, pixels: Tensor) -> Sequence[Tensor]:
        """Pixels (B, 3, H, W) in [-1, 1] → the network's stages."""
        return self.network((pixels * 127.5 + 127.5 - self.mean) / self.scale)
