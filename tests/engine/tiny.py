"""Random models with the interfaces of the real ones, small enough for thousands of steps a minute."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _seeded(shape: Sequence[int], seed: int) -> Tensor:
    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed))


def _fill(module: nn.Module, seed: int) -> None:
    """Replace every parameter by numbers that depend on the seed alone."""
    with torch.no_grad():
        for offset, parameter in enumerate(module.parameters()):
            fan_in = max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
            parameter.copy_(_seeded(parameter.shape, seed + offset) / fan_in**0.5)
            parameter.requires_grad_(False)


class TinyVqgan(nn.Module):
    """A decoder of 16 codebook vectors of 4 numbers, 8 pixels a cell, pictures in about [-1, 1]."""

    factor = 8

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.register_buffer("codebook", _seeded((16, 4), seed))
        self.first = nn.Conv2d(4, 16, 3, padding=1)
        self.last = nn.Conv2d(16, 3, 3, padding=1)
        _fill(self, seed + 100)

    def encode(self, pixels: Tensor) -> Tensor:
        cells = F.avg_pool2d(pixels, self.factor)  # (B, 3, h, w)
        return torch.cat([cells, cells.mean(dim=1, keepdim=True)], dim=1)

    def quantize(self, z: Tensor) -> Tensor:
        cells = z.detach().permute(0, 2, 3, 1)  # (B, h, w, C)
        nearest = (cells[..., None, :] - self.codebook).square().sum(dim=4).argmin(dim=3)
        return self.codebook[nearest].permute(0, 3, 1, 2) + (z - z.detach())

    def decode(self, z: Tensor) -> Tensor:
        hidden = torch.relu(self.first(z))  # (B, 16, h, w)
        hidden = F.interpolate(hidden, scale_factor=self.factor, mode="bilinear")
        return torch.tanh(self.last(hidden))


class TinyClip(nn.Module):
    """An encoder of 16-pixel pictures and, by their hash, of texts, into 8 numbers."""

    model_id = "tiny"
    image_size = 16
    logit_scale = 100.0

    def __init__(self, seed: int = 2) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 4, stride=4)
        self.last = nn.Linear(16 * 4 * 4, 8)
        _fill(self, seed)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        return F.normalize(torch.stack([_seeded((8,), seed) for seed in seeds]), dim=1)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(pixels * 2 - 1)).flatten(1)  # (B, 256)
        return F.normalize(self.last(hidden), dim=1)
