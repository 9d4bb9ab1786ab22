"""A VQGAN trained on somebody's own pictures: the plan of its phases, its samples, what it came to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gallery.training.folder import RunError
from gallery.training.samples import sheet
from generator.engine.training.codebook import CodebookUsage
from generator.engine.training.config import Phase, TrainingConfig, TrainingConfigError, mini_architecture
from generator.engine.training.pictures import middle
from generator.engine.vqgan import Vqgan
from generator.engine.vqgan_files import Architecture

SAMPLES = 8  # pictures in one row of a sheet

# name: (share of the steps, whole size, codebook in use, against the discriminator). The pack's recipe: first
# a plain autoencoder, so that the codebook starts on latents that mean something, and edges last.
PLAN = {
    "plain": (0.2, False, False, False),
    "quantised": (0.45, False, True, False),
    "sharpened": (0.2, False, True, True),
    "large": (0.15, True, True, True),
}


@dataclass(frozen=True, kw_only=True)
class VqganPlan:
    """What a person chooses. size: pixels a side of the last phase; the others have half of it."""

    steps: int = 2000
    size: int = 128
    batch: int = 8
    learning_rate: float = 8e-4
    codes: int = 1024
    channels: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        self.config(bfloat16=False)

    def config(self, *, bfloat16: bool) -> TrainingConfig:
        """Raises RunError for what cannot be trained, as making the plan does."""
        for name in ("size", "batch", "codes", "channels", "learning_rate"):
            if getattr(self, name) <= 0:
                raise RunError(f"{name.replace('_', '-')} must be more than 0.")
        if self.size % 16 or self.channels % 32:
            raise RunError("The size has to be a multiple of 16, and the channels of 32.")
        if self.steps < len(PLAN):
            raise RunError(f"Take at least {len(PLAN)} steps, one for each phase.")
        phases = []
        taken = done = 0.0
        for share, is_large, is_quantized, is_adversarial in PLAN.values():
            taken += share
            count = max(1, round(taken * self.steps - done))
            done += count
            phases.append(self._phase(count, is_large, is_quantized, is_adversarial))
        phases[1] = replace(phases[1], steps=phases[1].steps + self.steps - int(done))
        try:
            return TrainingConfig(
                phases=tuple(phases),
                architecture=self.architecture(),
                seed=self.seed,
                warmup_steps=min(100, self.steps // 10),
                bfloat16=bfloat16,
            )
        except TrainingConfigError as error:
            raise RunError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error

    def _phase(self, steps: int, is_large: bool, is_quantized: bool, is_adversarial: bool) -> Phase:
        rate = self.learning_rate * (0.4 if is_large else 0.6 if is_adversarial else 1)
        return Phase(
            steps=steps,
            size=self.size if is_large else self.size // 2,
            batch=max(1, self.batch // 2) if is_large else self.batch,
            learning_rate=rate,
            adversarial_weight=0.25 if is_adversarial else 0,
            perceptual_weight=0.05 if is_quantized else 0.02,
            quantized=is_quantized,
        )

    def architecture(self) -> Architecture:
        mini = mini_architecture()
        settings = {**mini.ddconfig, "ch": self.channels, "resolution": self.size}
        return replace(mini, n_embed=self.codes, ddconfig=settings)


@torch.no_grad()
def samples(model: Vqgan, pictures: Sequence[Tensor], size: int, *, is_quantized: bool) -> Image.Image:
    """Pictures (3, h, w) uint8 in a row, below them what comes back: through the codebook, once it learns."""
    real = _stack(model, pictures[:SAMPLES], size)
    latent = model.encode(real)
    fake = model.decode(model.quantize(latent) if is_quantized else latent)
    return sheet((torch.cat([real, fake]) + 1) / 2, columns=len(real))


@torch.no_grad()
def measure(model: Vqgan, pictures: Sequence[Tensor], size: int) -> dict[str, Any]:
    """psnr: dB, mean over pictures, of values in [0, 1]; codes_used: share in [0, 1] over these pictures."""
    usage = CodebookUsage(len(model.codebook))
    errors = []
    for start in range(0, len(pictures), SAMPLES):
        real = _stack(model, pictures[start : start + SAMPLES], size)
        latent = model.encode(real)
        usage.add(model.quantize.nearest(latent))
        fake = model.decode(model.quantize(latent)).clamp(-1, 1)
        errors += (real - fake).square().mean(dim=(1, 2, 3)).tolist()
    psnr = [10 * math.log10(4 / max(error, 4e-6)) for error in errors]
    return {
        "pictures": len(errors),
        "psnr": round(sum(psnr) / len(psnr), 2),
        "codes_used": round(usage.used, 3),
        "perplexity": round(usage.perplexity, 1),
    }


def _stack(model: Vqgan, pictures: Sequence[Tensor], size: int) -> Tensor:
    return torch.stack([middle(picture, size) for picture in pictures]).to(model.codebook.device)
