"""What one training run of a VQGAN is made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generator.engine.vqgan_files import Architecture


class TrainingConfigError(ValueError):
    """A training setting is out of its limits."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training with one picture size and one mixture of losses.

    Without quantisation it trains a plain autoencoder, so that the codebook starts on latents that mean
    something: Łańcucki et al. 2020, "Robust Training of Vector Quantized Bottleneck Models". The first step
    of quantisation after one without puts every code onto a latent.
    """

    steps: int
    size: int  # pixels
    batch: int  # pictures a step
    learning_rate: float
    adversarial_weight: float = (
        0.0  # times λ of Esser et al. 2021, equation 6; 0 leaves the discriminator out
    )
    perceptual_weight: float = 0.05  # its gradient at the picture is then about four times that of the pixels
    quantized: bool = True

    def __post_init__(self) -> None:
        for name in ("steps", "size", "batch", "learning_rate"):
            if getattr(self, name) <= 0:
                raise TrainingConfigError(f"{name} of a phase must be positive, not {getattr(self, name)}")


def mini_architecture() -> Architecture:
    """A decoder that two cores can take gradients through: factor 8, 32 channels at full resolution."""
    ddconfig: dict[str, Any] = {
        "double_z": False,
        "z_channels": 64,
        "resolution": 128,
        "in_channels": 3,
        "out_ch": 3,
        "ch": 32,
        "ch_mult": [1, 1, 2, 4],
        "num_res_blocks": 1,
        "attn_resolutions": [],
        "dropout": 0.0,
        "norm_groups": 8,
    }
    return Architecture(kind="vq", embed_dim=64, n_embed=1024, ddconfig=ddconfig)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """One run. The same config and data give the same weights on the same machine with the same threads."""

    phases: tuple[Phase, ...]
    architecture: Architecture = field(default_factory=mini_architecture)
    seed: int = 0
    codebook_weight: float = 1.0
    commitment: float = 0.25  # β of van den Oord et al. 2017, equation 3
    warmup_steps: int = 100  # over which the learning rate rises from 0
    betas: tuple[float, float] = (0.9, 0.99)  # Adam's, of the autoencoder
    discriminator_betas: tuple[float, float] = (0.5, 0.9)
    discriminator_channels: int = 32
    discriminator_layers: int = 2  # a receptive field of 34 pixels
    ema_decay: float = 0.999
    revive_every: int = 50  # steps; codes not used once in that many are moved onto the data
    bfloat16: bool = True  # autocast

    def __post_init__(self) -> None:
        if not self.phases:
            raise TrainingConfigError("training needs at least one phase")
        if not 0 <= self.ema_decay < 1:
            raise TrainingConfigError(f"ema_decay must be in [0, 1), not {self.ema_decay}")
        if self.revive_every < 1:
            raise TrainingConfigError(f"revive_every must be at least 1, not {self.revive_every}")
        for phase in self.phases:
            if phase.size % self.architecture.factor:
                raise TrainingConfigError(f"size {phase.size} is no multiple of {self.architecture.factor}")

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return sum(phase.steps for phase in self.phases)

    def phase(self, step: int) -> Phase:
        """The phase that a 0-based step belongs to; after the last step, the last one."""
        return self._locate(step)[0]

    def step_in_phase(self, step: int) -> int:
        """How many steps of its phase were taken before a 0-based step."""
        return self._locate(step)[1]

    def _locate(self, step: int) -> tuple[Phase, int]:
        for phase in self.phases:
            if step < phase.steps:
                return phase, step
            step -= phase.steps
        return self.phases[-1], self.phases[-1].steps + step

    def learning_rate(self, step: int) -> float:
        """The phase's, warmed up linearly over the first steps of the run."""
        return self.phase(step).learning_rate * min(1.0, (step + 1) / max(1, self.warmup_steps))
