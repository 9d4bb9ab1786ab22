"""Computing in bfloat16: float32's range with 8 bits of precision, in about half the time.

Only what the models compute is rounded. The parameters that are optimised, the views and the losses stay
float32, so that no step is too small to count (Micikevicius et al. 2018, "Mixed Precision Training", section
3.1), and the range is float32's, so that no loss has to be scaled.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gallery.clip.precision import multiplies_in_bf16, rounding
from generator.engine.drawers import WrappedDecoder
from generator.engine.goals import Perceptor
from generator.engine.settings import GenerateSettings


def chosen_precision(settings: GenerateSettings, device: torch.device) -> str:
    """fp32 or bf16, which `auto` stands for by rule and not by measuring, so that the same machine always
    makes the same picture: bf16 on a processor that multiplies in it."""
    if settings.precision != "auto":
        return settings.precision
    return "bf16" if multiplies_in_bf16(device) else "fp32"


class Bf16Decoder(WrappedDecoder):
    """A decoder that paints in bfloat16; it encodes pictures and quantises latents as precisely as before."""

    def decode(self, z: Tensor) -> Tensor:
        with torch.autocast(z.device.type, torch.bfloat16):
            return self._decoder.decode(z)


class Bf16Perceptor:
    """A CLIP model that sees in bfloat16, if it is a transformer; its unit vectors are float32.

    A convolutional one has its own mind about it (`gallery.clip.precision`): float32 is quicker there, and a
    gradient of the pack's in bfloat16 has a cosine of only 0.8 with it.
    """

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
        with rounding(pixels.device, bfloat16=True):
            return self._perceptor.encode_pixels(pixels).float()
