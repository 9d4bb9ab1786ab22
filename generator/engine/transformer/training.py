"""Training a transformer over codebook tokens, resumable at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.training import WeightAverage, warmup_cosine
from gallery.training.checkpoint import load_checkpoint, save_checkpoint
from generator.engine.transformer.config import TransformerConfig, TransformerError
from generator.engine.transformer.model import TokenTransformer


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training on pictures of one size. Small ones first: a quarter of the places or less, and
    what is learned of shapes and words holds for the larger ones (Karras et al. 2018, section 2)."""

    steps: int
    side: int  # codes a side; the coarser grids are learned with it
    batch: int  # pictures a step

    def __post_init__(self) -> None:
        for name in ("steps", "side", "batch"):
            if getattr(self, name) < 1:
                raise TransformerError(f"{name} of a phase must be at least 1, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class TransformerTraining:
    """One run. The same settings and data give the same weights on the same machine with the same threads."""

    model: TransformerConfig
    phases: tuple[Phase, ...]
    seed: int = 0
    learning_rate: float = 2e-3
    warmup_steps: int = 50
    weight_decay: float = 0.05
    text_dropout: float = 0.1  # share of pictures whose text is withheld, for guidance: Ho and Salimans 2022
    ema_decay: float = 0.995
    bfloat16: bool = True  # autocast

    def __post_init__(self) -> None:
        if not self.phases:
            raise TransformerError("training needs at least one phase")
        if not 0 <= self.text_dropout < 1:
            raise TransformerError(f"text_dropout must be in [0, 1), not {self.text_dropout}")
        if self.learning_rate <= 0:
            raise TransformerError(f"learning_rate must be positive, not {self.learning_rate}")
        for phase in self.phases:
            self.model.sides_to(phase.side)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return sum(phase.steps for phase in self.phases)

    def phase(self, step: int) -> Phase:
        """The phase that a 0-based step belongs to."""
        for phase in self.phases:
            if step < phase.steps:
                return phase
            step -= phase.steps
        return self.phases[-1]


@dataclass(frozen=True)
class Captioned:
    """A batch: states (B, L, W) and mask (B, L) of the texts; codes (B, n) int64 of the pictures, the grids
    up to the phase's side, coarse to fine, each row by row."""

    states: Tensor
    mask: Tensor
    codes: Tensor


# (step, phase) → batch. A function of the step alone, so that a run which is taken up again sees the same.
Batches = Callable[[int, Phase], Captioned]


def loss_of(model: TokenTransformer, batch: Captioned) -> Tensor:
    """Mean negative log likelihood of a code in nats, a scalar; ln K is chance."""
    states, mask, codes = (
        each.to(model.head.weight.device) for each in (batch.states, batch.mask, batch.codes)
    )
    return F.cross_entropy(model(states, mask, codes).float().flatten(0, 1), codes.flatten())


class TransformerTrainer:
    """One training run; `save` and `restore` may be called between steps."""

    def __init__(
        self, config: TransformerTraining, batches: Batches, device: torch.device | None = None
    ) -> None:
        self.config = config
        self.batches = batches
        self.device = device or torch.device("cpu")
        torch.manual_seed(config.seed)
        self.random = torch.Generator().manual_seed(config.seed)
        self.model = TokenTransformer(config.model).to(self.device)
        self.average = WeightAverage(self.model, config.ema_decay)
        # Orthogonal steps for the matrices of the blocks (Jordan et al. 2024, "Muon"): fewer are needed than
        # of Adam's. Tables, vectors and the output layer are Adam's, as its authors advise.
        matrices = [p for p in self.model.blocks.parameters() if p.ndim == 2]
        chosen = {id(parameter) for parameter in matrices}
        others = [p for p in self.model.parameters() if id(p) not in chosen]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                matrices,
                lr=config.learning_rate,
                weight_decay=config.weight_decay,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(others, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self.step = 0  # steps taken

    def train(self) -> Iterator[dict[str, float]]:
        """Take the remaining steps, yielding each one's losses after it."""
        while self.step < self.config.steps:
            phase = self.config.phase(self.step)
            losses = self._take_step(self.batches(self.step, phase))
            self.step += 1
            yield {"step": self.step, **losses}

    def _take_step(self, batch: Captioned) -> dict[str, float]:
        config = self.config
        factor = warmup_cosine(self.step, total=config.steps, warmup=config.warmup_steps)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * factor
        kept = torch.rand(len(batch.codes), 1, generator=self.random) >= config.text_dropout
        self.model.train()
        loss = self._loss(self.model, Captioned(batch.states, batch.mask & kept, batch.codes))
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.average.update(self.model)
        return {"loss": loss.item(), "gradient": norm.item()}

    @torch.no_grad()
    def held_out_loss(self, batch: Captioned) -> float:
        """Mean negative log likelihood of a code in nats, of the averaged weights; ln K is chance."""
        return self._loss(self.averaged(), batch).item()

    def _loss(self, model: TokenTransformer, batch: Captioned) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bfloat16):
            return loss_of(model, batch)

    def averaged(self) -> TokenTransformer:
        """A copy with the running average of the weights, in evaluation mode."""
        model = TokenTransformer(self.config.model)
        model.load_state_dict(self.average.state_dict())
        return model.to(self.device).eval().requires_grad_(False)

    def save(self, path: Path) -> None:
        """Everything that the next step depends on."""
        save_checkpoint(
            path,
            {
                "step": self.step,
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "random": self.random.get_state(),
            },
        )

    def restore(self, path: Path) -> None:
        """Goes on from there; the run must have the same config."""
        state = load_checkpoint(path)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"], steps=state["step"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.random.set_state(state["random"])
        self.step = state["step"]
