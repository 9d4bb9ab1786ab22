"""The steps of training a CLIP on pairs of pictures and texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gallery.clip.learning.caching import cached_backward
from gallery.clip.learning.retrieval import Recall, measure_recall
from gallery.clip.learning.sides import LOCKS, Lock, Side
from gallery.clip.training import MAX_LOGIT_SCALE, contrastive_loss, warmup_cosine
from gallery.training.checkpoint import load_checkpoint, save_checkpoint
from gallery.training.folder import RunError

# A new network learns fast, a projection too; a tower that knows something would forget it.
RATES = {"new": 5e-4, "towers": 5e-4, "image": 2e-5, "text": 2e-5, "none": 2e-5}


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """What a person chooses. start: the model that is trained further, none for new small towers."""

    start: str = ""
    lock: Lock = "none"
    steps: int = 200
    batch: int = 128
    chunk: int = 128  # pictures that go through a tower at once, see caching.py
    learning_rate: float = RATES["new"]
    weight_decay: float = 0.1
    size: int = 64  # pixels a side, of new towers
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "chunk", "learning_rate", "size"):
            if getattr(self, name) <= 0:
                raise RunError(f"{name.replace('_', '-')} must be more than 0.")
        if self.batch < 2:
            raise RunError("A batch has to have at least two pictures, to tell one from the other.")
        if self.lock not in LOCKS:
            raise RunError(f"--lock is one of {', '.join(LOCKS)}.")
        if not self.start and self.lock != "none":
            raise RunError("New towers know nothing yet, so none of them can be locked: leave --lock out.")
        if self.size % 8:
            raise RunError("The size has to be a multiple of 8.")


def default_plan(start: str, lock: str | None) -> ClipPlan:
    """New towers learn everything; of a model that knows something only the projections do, by default."""
    if not start:
        return ClipPlan()
    chosen: Lock = lock or "towers"  # type: ignore[assignment]
    return ClipPlan(start=start, lock=chosen, learning_rate=RATES.get(chosen, RATES["none"]))


class ClipTrainer:
    """Takes steps on the rows to learn from; a batch depends on the seed and the step alone."""

    def __init__(
        self,
        image: Side,
        text: Side,
        logit_scale: nn.Parameter,
        *,
        captions: Sequence[str],
        learned: Sequence[int],
        plan: ClipPlan,
    ) -> None:
        """captions: of all rows; learned: those of them to learn from."""
        self.image, self.text, self.logit_scale, self.plan = image, text, logit_scale, plan
        self.captions, self.learned = np.array(captions, dtype=object), np.array(learned)
        weights = [*image.parameters, *text.parameters]
        self.parameters = [*weights, logit_scale]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [each for each in weights if each.ndim > 1], "weight_decay": plan.weight_decay},
                {"params": [each for each in weights if each.ndim <= 1], "weight_decay": 0.0},
                {"params": [logit_scale], "weight_decay": 0.0},
            ],
            lr=plan.learning_rate,
            betas=(0.9, 0.98),  # Radford et al. 2021, table 19
        )
        self.step = 0
        torch.manual_seed(plan.seed)

    def train(self) -> Iterator[dict[str, float]]:
        """As gallery.training.run.Trained."""
        while self.step < self.plan.steps:
            loss = self._take_step(self.rows(self.step))
            self.step += 1
            yield {"step": self.step, "loss": loss, "logit_scale": self.logit_scale.exp().item()}

    def rows(self, step: int) -> np.ndarray:
        """Different pictures, as many as a batch has or as there are."""
        random = np.random.default_rng([self.plan.seed, step])
        count = min(self.plan.batch, len(self.learned))
        return np.sort(random.choice(self.learned, count, replace=False))

    def _take_step(self, rows: np.ndarray) -> float:
        factor = warmup_cosine(self.step, total=self.plan.steps, warmup=max(1, self.plan.steps // 10))
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * factor
        targets = self._targets(rows)

        def loss_of(images: Tensor, texts: Tensor) -> Tensor:
            return contrastive_loss(images, texts, self.logit_scale.exp(), targets.to(images.device))

        self.optimizer.zero_grad(set_to_none=True)
        chosen = torch.from_numpy(rows)
        loss = cached_backward(
            [self.image.encode, self.text.encode],
            [self.image.inputs[chosen], self.text.inputs[chosen]],
            loss_of,
            chunk=self.plan.chunk,
        )
        self.optimizer.step()
        self.logit_scale.data.clamp_(max=MAX_LOGIT_SCALE)
        return loss.item()

    def _targets(self, rows: np.ndarray) -> Tensor:
        """(N, N): pictures of the same words share the target, or they would be each other's negatives."""
        same = self.captions[rows][:, None] == self.captions[rows][None, :]
        return torch.from_numpy((same / same.sum(axis=1, keepdims=True)).astype(np.float32))

    def recall(self, rows: Sequence[int]) -> Recall:
        """Of what is not learned from, with the weights as they are now."""
        chosen = torch.tensor(rows)
        texts, images = self.text.vectors(chosen).numpy(), self.image.vectors(chosen).numpy()
        return measure_recall(texts, images, [str(self.captions[row]) for row in rows])

    def save(self, path: Path) -> None:
        trained = [parameter.detach().cpu() for parameter in self.parameters]
        optimizer = self.optimizer.state_dict()
        save_checkpoint(path, {"step": self.step, "trained": trained, "optimizer": optimizer})

    def restore(self, path: Path) -> None:
        state = load_checkpoint(path)
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, state["trained"], strict=True):
                parameter.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
