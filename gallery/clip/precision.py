"""Seeing pictures in bfloat16, where the processor multiplies in it: about twice as many a second.

bfloat16 has float32's range and 8 bits of precision (Kalamkar et al. 2019). The vectors differ from float32's
by far less than two pictures do, so they count as the same model's. Texts, of which there is one at a time,
stay float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gallery.clip.folding import fold_norms

Precision = Literal["auto", "fp32", "bf16"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
MATRICES_FROM = 0.9  # share of a transformer's weights that are matrices; the first layer cuts the picture


def multiplies_in_bf16(device: torch.device) -> bool:
    """Whether the processor has instructions for it; without, it is emulated and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


@contextmanager
def rounding(device: torch.device, *, bfloat16: bool) -> Iterator[None]:
    """Products in bfloat16, if so, where gradients are wanted too.

    On a processor attention is computed in its parts: the way back through the fused kernel takes many times
    as long.
    """
    plain = sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16), plain:
        yield


class Sight:
    """How a network's image tower is run; it is turned round for that, once.

    A transformer's weights become bfloat16. A convolutional tower, some of whose parts know no bfloat16,
    keeps float32 weights and is told which products to round; its norms are folded into its convolutions, and
    all channels of a pixel lie together in memory, which makes it half as fast again.
    """

    def __init__(self, network: nn.Module, asked: Precision, device: torch.device) -> None:
        tower: nn.Module = network.visual  # type: ignore[assignment]
        self._network = network
        self._is_transformer = is_transformer(tower)
        self._rounds = sees_in_bf16(tower, asked, device)
        self._device = device
        if self._is_transformer and self._rounds:
            tower.to(torch.bfloat16)
        elif not self._is_transformer:
            fold_norms(tower)
            tower.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, normalised: Tensor) -> Tensor:
        """(B, 3, S, S) as the model wants them → (B, D) float32, not of unit length."""
        encode = self._network.encode_image
        if self._is_transformer:
            return encode(normalised.bfloat16() if self._rounds else normalised).float()  # type: ignore[operator]
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._rounds):
            return encode(normalised.contiguous(memory_format=torch.channels_last)).float()  # type: ignore[operator]


def is_transformer(tower: nn.Module) -> bool:
    """Whether nearly all of its weights are matrices, and not convolutions."""
    weights = [parameter for parameter in tower.parameters() if parameter.ndim > 1]
    in_matrices = sum(weight.numel() for weight in weights if weight.ndim < 4)
    return in_matrices >= MATRICES_FROM * sum(weight.numel() for weight in weights)


def sees_in_bf16(tower: nn.Module, asked: Precision, device: torch.device) -> bool:
    """What `auto` stands for, by rule and not by measuring: vectors of one machine shall not change by mood.

    A transformer's vectors keep a cosine of 0.9999 with float32's, a small convolutional tower's only 0.9997.
    """
    return asked == "bf16" or (asked == "auto" and is_transformer(tower) and multiplies_in_bf16(device))
