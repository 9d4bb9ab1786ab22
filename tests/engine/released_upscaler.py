"""Networks for super-resolution in the layout that Real-ESRGAN was released in, with random weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

WIDTH, GROWTH = 8, 32  # channels; 64 and 32 in released files


def rrdb_weights(*, scale: int = 4, blocks: int = 1, colours: int = 3, seed: int = 0) -> dict[str, Tensor]:
    """`RRDBNet` of basicsr (Wang et al. 2021, "Real-ESRGAN"): at scale 2 it takes pixels folded by 2 in."""
    rng = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}

    def convolution(name: str, taken: int, given: int) -> None:
        weights[f"{name}.weight"] = torch.randn(given, taken, 3, 3, generator=rng) / (3 * taken**0.5)
        weights[f"{name}.bias"] = 0.1 * torch.randn(given, generator=rng)

    convolution("conv_first", colours * {4: 1, 2: 4}[scale], WIDTH)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for layer in range(1, 6):
                name = f"body.{block}.rdb{dense}.conv{layer}"
                convolution(name, WIDTH + (layer - 1) * GROWTH, WIDTH if layer == 5 else GROWTH)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        convolution(name, WIDTH, WIDTH)
    convolution("conv_last", WIDTH, colours)
    return weights


def compact_weights(*, scale: int = 4, seed: int = 0) -> dict[str, Tensor]:
    """`SRVGGNetCompact` of Real-ESRGAN, the small network that realesr-general-x4v3 is one of."""
    rng = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}
    channels = [3, WIDTH, WIDTH, 3 * scale**2]
    for number, (taken, given) in enumerate(pairwise(channels)):
        weights[f"body.{2 * number}.weight"] = torch.randn(given, taken, 3, 3, generator=rng) / (
            3 * taken**0.5
        )
        weights[f"body.{2 * number}.bias"] = 0.1 * torch.randn(given, generator=rng)
        if given == WIDTH:
            weights[f"body.{2 * number + 1}.weight"] = torch.rand(WIDTH, generator=rng)
    return weights


def write(path: Path, weights: dict[str, Tensor]) -> Path:
    """As a checkpoint of Real-ESRGAN, or as safetensors, by the path's ending."""
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save({"params_ema": weights}, path)
    return path
