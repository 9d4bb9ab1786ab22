"""Computing in bfloat16: float32's range with 8 bits of precision, in about half the time.

Only what the models compute is rounded. The parameters that are optimised, the views and the losses stay
float32, so that no step is too small to count (Micikevicius et al. 2018, "Mixed Precision Training", section
3.1), and the range is float32's, so that no loss has to be scaled.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gallery.clip.precision import multiplies_in_bf16
from generator.engine.drawers import Decoder, WrappedDecoder
from generator.engine.goals import Perceptor
from generator.engine.settings import GenerateSettings

# Decoders with fewer weights gain little: layers wait for memory and for each other rather than for sums.
PAYS_FROM = 10_000_000


def chosen_precision(settings: GenerateSettings, vqgan: Decoder) -> str:
    """fp32 or bf16, which `auto` stands for by rule and not by measuring, so that the same machine always
    makes the same picture: bf16 for a large decoder on a processor that multiplies in it."""
    if settings.precision != "auto":
        return settings.precision
    large = isinstance(vqgan, nn.Module) and sum(map(torch.numel, vqgan.parameters())) >= PAYS_FROM
    return "bf16" if large and multiplies_in_bf16(vqgan.codebook.device) else "fp32"


class Bf16Decoder(WrappedDecoder):
    """A decoder that paints in bfloat16; it encodes pictures and quantises latents as precisely as before."""

    def decode(self, z: Tensor) -> Tensor:
        with torch.autocast(z.device.type, torch.bfloat16):
            return self._decoder.decode(z)


class Bf16Perceptor:
    """A CLIP model that sees in bfloat16; its unit vectors are float32."""

    def __init__(self, perceptor: Perceptor) -> None:
        self._perceptor = perceptor

    @property
    def model_id(self) -> str:
        return self._perceptor.model_id

    @property
    def image_size(self) -> int:
        return self._perceptor.image_size

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        return self._perceptor.encode_text(texts)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        with torch.autocast(pixels.device.type, torch.bfloat16):
            return self._perceptor.encode_pixels(pixels).float()
