"""Training a VQGAN: autoencoder against patch discriminator, step by step, resumable at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from taming.modules.discriminator.model import NLayerDiscriminator, weights_init
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.training.checkpoint import write_state
from generator.engine.training.codebook import CodebookUsage, revive
from generator.engine.training.config import Phase, TrainingConfig
from generator.engine.training.losses import (
    Features,
    adaptive_weight,
    codebook_loss,
    discriminator_loss,
    feature_distance,
    generator_loss,
)
from generator.engine.vqgan import Vqgan

# (step, phase) → pixels (B, 3, size, size) float32 in [-1, 1]. A function of the step alone, so that a run
# which is taken up again sees the same pictures.
Batches = Callable[[int, Phase], Tensor]


class ResumeError(Exception):
    """A checkpoint belongs to another run."""


class Trainer:
    """One training run; `save` and `restore` may be called between steps."""

    def __init__(
        self, config: TrainingConfig, batches: Batches, features: Features, device: torch.device | None = None
    ) -> None:
        """The first weights are drawn on the CPU, so that they are the same for every device; it is the
        default. features: on the same device."""
        self.device = device or torch.device("cpu")
        self.config = config
        self.batches = batches
        self.features = features
        torch.manual_seed(config.seed)
        self.rng = torch.Generator().manual_seed(config.seed)
        self.model = Vqgan(config.architecture).to(self.device)
        self.average = Vqgan(config.architecture).requires_grad_(False).eval().to(self.device)
        self.average.load_state_dict(self.model.state_dict())
        self.discriminator = NLayerDiscriminator(
            ndf=config.discriminator_channels, n_layers=config.discriminator_layers
        ).apply(weights_init)
        self.discriminator.to(self.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), betas=config.betas)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), betas=config.discriminator_betas
        )
        self.usage = CodebookUsage(config.architecture.n_embed)
        self.step = 0  # steps taken

    def train(self) -> Iterator[dict[str, float]]:
        """Take the remaining steps, yielding each one's losses after it."""
        while self.step < self.config.steps:
            phase = self.config.phase(self.step)
            losses = self._take_step(self.batches(self.step, phase).to(self.device), phase)
            self.step += 1
            yield {"step": self.step, **losses}

    def _take_step(self, real: Tensor, phase: Phase) -> dict[str, float]:
        for group in (*self.optimizer.param_groups, *self.discriminator_optimizer.param_groups):
            group["lr"] = self.config.learning_rate(self.step)
        with self._autocast():
            z = self.model.encode(real).float()
        quantized, codebook = self._quantize(z, phase)
        with self._autocast():
            fake = self.model.decode(quantized)
        losses = self._update_autoencoder(real, fake, codebook, phase)
        if phase.adversarial_weight:
            losses["discriminator"] = self._update_discriminator(real, fake.detach())
        self._update_average()
        return {
            **losses,
            "codebook": codebook.item(),
            "used": self.usage.used,
            "perplexity": self.usage.perplexity,
        }

    def _update_autoencoder(
        self, real: Tensor, fake: Tensor, codebook: Tensor, phase: Phase
    ) -> dict[str, float]:
        """One step of the autoencoder. The losses' gradients are taken at the picture once and reused for λ.

        d(loss)/d(last layer) follows from d(loss)/d(picture) through the last convolution alone, so equation
        7 costs no second pass through the feature network or the discriminator.
        """
        # In bfloat16 the perceptual gradient's cosine with the exact one was 0.62: features stay in float32.
        pixel = F.l1_loss(fake.float(), real)
        perceptual = feature_distance(self.features, real, fake.float())
        reconstruction = pixel + phase.perceptual_weight * perceptual
        (gradient,) = torch.autograd.grad(reconstruction, fake, retain_graph=True)
        losses = {"pixel": pixel.item(), "perceptual": perceptual.item()}
        if phase.adversarial_weight:
            self.discriminator.requires_grad_(False)
            with self._autocast():
                adversarial = generator_loss(self.discriminator(fake).float())
            self.discriminator.requires_grad_(True)
            (against,) = torch.autograd.grad(adversarial, fake, retain_graph=True)
            weight = adaptive_weight(self._at_last_layer(fake, gradient), self._at_last_layer(fake, against))
            gradient = gradient + phase.adversarial_weight * weight * against
            losses |= {"adversarial": adversarial.item(), "lambda": weight.item()}
        self.optimizer.zero_grad(set_to_none=True)
        if codebook.requires_grad:
            codebook = self.config.codebook_weight * codebook
            torch.autograd.backward([fake, codebook], [gradient, torch.ones_like(codebook)])
        else:
            fake.backward(gradient)
        self.optimizer.step()
        return losses

    def _at_last_layer(self, fake: Tensor, gradient: Tensor) -> Tensor:
        weight = self.model.decoder.conv_out.weight
        return torch.autograd.grad(fake, weight, gradient, retain_graph=True)[0]

    def _update_discriminator(self, real: Tensor, fake: Tensor) -> float:
        with self._autocast():
            loss = discriminator_loss(
                self.discriminator(real).float(),
                self.discriminator(fake).float(),
            )
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.discriminator_optimizer.step()
        return loss.item()

    def _quantize(self, z: Tensor, phase: Phase) -> tuple[Tensor, Tensor]:
        """What the decoder gets for the latent z (B, C, h, w), and the codebook loss."""
        if not phase.quantized:
            self.usage.reset()
            return z, z.new_zeros(())
        if self.config.step_in_phase(self.step) % self.config.revive_every == 0:
            self._revive_codes(z)
        indices = self.model.quantize.nearest(z)
        self.usage.add(indices)
        vectors = self.model.codebook[indices].permute(0, 3, 1, 2)  # (B, C, h, w)
        return z + (vectors - z).detach(), codebook_loss(z, vectors, self.config.commitment)

    def _revive_codes(self, z: Tensor) -> None:
        """At each window's start, move the codes that the last one did not use; at first, all of them."""
        latents = z.detach().permute(0, 2, 3, 1).flatten(0, 2)  # (B·h·w, C)
        moved = revive(self.model.codebook, self.usage.dead, latents, self.optimizer, self.rng)
        # The mean of a code's old and new place is no code.
        self.average.codebook[moved] = self.model.codebook[moved].detach()
        self.usage.reset()

    @torch.no_grad()
    def _update_average(self) -> None:
        """Exponential moving average of the weights; short at a phase's start, to forget what was before."""
        taken = self.config.step_in_phase(self.step)
        decay = min(self.config.ema_decay, (1 + taken) / (10 + taken))
        for average, current in zip(self.average.parameters(), self.model.parameters(), strict=True):
            average.lerp_(current, 1 - decay)

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bfloat16):
            yield

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "model": self.model,
            "average": self.average,
            "discriminator": self.discriminator,
            "optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def save(self, path: Path) -> None:
        """Write everything that the next step depends on. The file is whole or the old one at any moment."""
        state: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"step": self.step, "seed": self.config.seed, "counts": self.usage.counts}
        state |= {"rng": self.rng.get_state()}
        write_state(path, state)

    def restore(self, path: Path) -> None:
        """Go on from a saved state: the following steps are the same as without the interruption."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["seed"] != self.config.seed:
            raise ResumeError(
                f"{path} belongs to seed {state['seed']}, not {self.config.seed}: remove it to start anew"
            )
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.usage.counts = state["counts"]
        self.rng.set_state(state["rng"])
        self.step = state["step"]
